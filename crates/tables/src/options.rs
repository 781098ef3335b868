//! How a file is read, and how much of it is accepted.

/// How to read a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Sheet of an XLSX file; without it, the first visible worksheet. Means nothing to a CSV file.
    pub sheet: Option<String>,
    /// How much is accepted.
    pub limits: Limits,
}

/// How much of a file is accepted. All sizes are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A record of a CSV file, as UTF-8, or a line of JSON. A row of an XLSX sheet may take 16 times as much as markup.
    pub line: usize,
    /// An XLSX archive when unpacked, all entries together.
    pub unpacked: u64,
    /// Entries of an XLSX archive.
    pub entries: usize,
    /// The shared strings of an XLSX workbook when unpacked; they are the part held in memory.
    pub shared_strings: u64,
    /// Lines of JSON.
    pub lines: u64,
}

impl Default for Limits {
    /// 1 MiB a line, 10,000 lines of JSON, 512 MiB and 1000 entries an archive, 64 MiB of shared strings.
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self { line: 1 << 20, unpacked: 512 * MIB, entries: 1000, shared_strings: 64 * MIB, lines: 10_000 }
    }
}

/// What stands between two cells of a CSV file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delimiter {
    /// `,`
    #[default]
    Comma,
    /// `;`, as spreadsheets with a Russian locale write
    Semicolon,
    /// Tab
    Tab,
}

impl Delimiter {
    /// Every delimiter, in the order in which they are tried.
    pub const ALL: [Delimiter; 3] = [Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab];

    /// The character.
    pub const fn as_byte(self) -> u8 {
        match self {
            Delimiter::Comma => b',',
            Delimiter::Semicolon => b';',
            Delimiter::Tab => b'\t',
        }
    }
}
