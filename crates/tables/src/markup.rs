//! A look at the markup of an XLSX part before the parser gets it.
//!
//! The parser builds whole cells, rows of styles and the table of strings in memory and trusts some numbers it reads
//! there. This pass, over a stream and holding nothing, refuses what would make it hold far more than the file is.

use crate::FileError;
use opora_primitives::Reason;

/// A row of a sheet may take so many times the limit of a CSV line, because of the markup around its cells.
const MARKUP_PER_LINE: u64 = 16;

/// The longest tag of the styles part: every style repeats the font it names, so a long name multiplies.
const STYLE_TAG: u64 = 2 * 1024;

/// What a part is, by its name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    SharedStrings,
    Styles,
    Markup,
    Other,
}

impl Part {
    /// The part that an entry with this name is. The parser finds names without regard to case.
    pub fn of(name: &str) -> Self {
        let name = name.to_lowercase();
        if name.ends_with("sharedstrings.xml") {
            Part::SharedStrings
        } else if name.ends_with("styles.xml") {
            Part::Styles
        } else if name.ends_with(".xml") || name.ends_with(".rels") {
            Part::Markup
        } else {
            Part::Other
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    Tag,
    Quoted(u8),
}

/// Follows the tags of one part.
pub(crate) struct Markup {
    part: Part,
    row_limit: u64,
    state: State,
    /// The beginning of the tag being read, after its `<`: as much as is needed to know it.
    tag: Vec<u8>,
    /// The last three bytes of the tag being read.
    tail: [u8; 3],
    tag_length: u64,
    in_rows: bool,
    row_length: u64,
    promised_strings: u64,
}

/// How much of a tag is kept: enough for the attributes of the root of the shared strings.
const TAG_KEPT: usize = 1024;

/// So many strings may be promised by a workbook of any size.
const STRINGS_ANYWAY: u64 = 1_000_000;

/// The least a string takes: `<si/>`.
const STRING_SIZE: u64 = 5;

impl Markup {
    /// Begins a part; `line` is the limit of a CSV line.
    pub fn new(part: Part, line: usize) -> Self {
        Self {
            part,
            row_limit: (line as u64).saturating_mul(MARKUP_PER_LINE),
            state: State::Text,
            tag: Vec::with_capacity(TAG_KEPT),
            tail: [0; 3],
            tag_length: 0,
            in_rows: false,
            row_length: 0,
            promised_strings: 0,
        }
    }

    /// Looks at the next bytes of the part.
    pub fn take(&mut self, chunk: &[u8]) -> Result<(), FileError> {
        if self.part == Part::Other {
            return Ok(());
        }
        if chunk.iter().any(|byte| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) {
            // UTF-16 too: no spreadsheet program writes it, and what follows reads ASCII.
            return Err(not_a_table(
                "control characters in a part of the workbook",
                "управляющие символы в части книги",
            ));
        }
        let mut rest = chunk;
        while !rest.is_empty() {
            let taken = self.step(rest)?;
            self.row_length += taken as u64;
            rest = &rest[taken..];
            if self.in_rows && self.row_length > self.row_limit {
                return Err(FileError::new(Reason::LineTooLong, ("a row of a sheet", "строка листа")));
            }
        }
        Ok(())
    }

    /// Looks at the part as a whole, now that its `size` is known.
    ///
    /// The parser sets memory aside for as many strings as the root tag promises, and the process dies if there is not
    /// enough.
    pub fn finish(&self, size: u64) -> Result<(), FileError> {
        if self.promised_strings > STRINGS_ANYWAY.max(size / STRING_SIZE) {
            let words = ("the promised number of shared strings", "обещанное число общих строк");
            return Err(FileError::new(Reason::TooLarge, words));
        }
        Ok(())
    }

    fn step(&mut self, rest: &[u8]) -> Result<usize, FileError> {
        let found = match self.state {
            State::Text => memchr::memchr(b'<', rest),
            State::Tag => memchr::memchr3(b'>', b'"', b'\'', rest),
            State::Quoted(quote) => memchr::memchr(quote, rest),
        };
        let taken = found.map_or(rest.len(), |at| at + 1);
        if self.state != State::Text {
            self.keep(&rest[..taken])?;
        }
        let Some(at) = found else { return Ok(taken) };
        match (self.state, rest[at]) {
            (State::Text, _) => {
                self.tag.clear();
                self.tag_length = 0;
                self.state = State::Tag;
            }
            (State::Tag, b'>') => self.end_tag()?,
            (State::Tag, quote) => self.quote(quote)?,
            (State::Quoted(_), _) => self.state = State::Tag,
        }
        Ok(taken)
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        let room = TAG_KEPT - self.tag.len();
        self.tag.extend(bytes.iter().take(room));
        for byte in bytes.iter().skip(bytes.len().saturating_sub(3)) {
            self.tail = [self.tail[1], self.tail[2], *byte];
        }
        self.tag_length += bytes.len() as u64;
        if self.part == Part::Styles && self.tag_length > STYLE_TAG {
            return Err(FileError::new(Reason::TooLarge, ("a tag of the styles", "тег стилей")));
        }
        Ok(())
    }

    /// A quote means something only inside an opening tag.
    fn quote(&mut self, quote: u8) -> Result<(), FileError> {
        match self.tag.first() {
            Some(b'!' | b'?') => {}
            Some(b'/') => return Err(not_a_table("a quote in a closing tag", "кавычка в закрывающем теге")),
            _ => self.state = State::Quoted(quote),
        }
        Ok(())
    }

    fn end_tag(&mut self) -> Result<(), FileError> {
        let (open, least) = match &self.tag {
            tag if tag.starts_with(b"!--") => (self.tail != *b"-->", 6),
            tag if tag.starts_with(b"![CDATA[") => (self.tail != *b"]]>", 11),
            tag if tag.starts_with(b"?") => (self.tail[1..] != *b"?>", 3),
            _ => (false, 0),
        };
        if open || self.tag_length < least {
            return Ok(());
        }
        self.state = State::Text;
        let known = self.tag.starts_with(b"![CDATA[") || self.tag.starts_with(b"?xml");
        match self.tag.first() {
            // What is a comment here may not be one to the parser; the promise below must not hide in it.
            Some(b'!' | b'?') if self.part == Part::SharedStrings && !known => Err(not_a_table(
                "a comment or declaration in the shared strings",
                "комментарий или объявление в общих строках",
            )),
            Some(b'!' | b'?') => Ok(()),
            _ => self.element(),
        }
    }

    fn element(&mut self) -> Result<(), FileError> {
        let closing = self.tag.first() == Some(&b'/');
        match local_name(&self.tag) {
            b"sheetData" => {
                self.in_rows = !closing;
                self.row_length = 0;
            }
            b"row" if closing => self.row_length = 0,
            b"sst" if self.part == Part::SharedStrings => self.promise()?,
            _ => {}
        }
        Ok(())
    }

    fn promise(&mut self) -> Result<(), FileError> {
        if self.tag_length > TAG_KEPT as u64 {
            return Err(FileError::new(
                Reason::TooLarge,
                ("the root tag of the shared strings", "корневой тег общих строк"),
            ));
        }
        let tag = String::from_utf8_lossy(&self.tag);
        for rest in tag.split("uniqueCount").skip(1) {
            let digits =
                rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '=' | '"' | '\''));
            let digits = digits.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            self.promised_strings = self.promised_strings.max(digits.parse().unwrap_or(u64::MAX));
        }
        Ok(())
    }
}

fn not_a_table(detail: &str, ru: &str) -> FileError {
    FileError::new(Reason::NotATable, (detail, ru))
}

/// The name of a tag without its namespace prefix.
fn local_name(tag: &[u8]) -> &[u8] {
    let tag = tag.strip_prefix(b"/").unwrap_or(tag);
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>');
    let name = &tag[..tag.iter().position(ends).unwrap_or(tag.len())];
    name.iter().position(|byte| *byte == b':').map_or(name, |colon| &name[colon + 1..])
}
