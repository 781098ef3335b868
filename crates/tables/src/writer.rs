//! CSV for people to open in a spreadsheet.

use crate::Delimiter;
use csv::{QuoteStyle, Terminator, Writer, WriterBuilder};
use std::borrow::Cow;
use std::io::{self, Write};

/// How CSV is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvOptions {
    /// What stands between cells.
    pub delimiter: Delimiter,
    /// Whether a byte order mark comes first: without it a spreadsheet takes UTF-8 for windows-1251.
    pub mark: bool,
}

impl Default for CsvOptions {
    /// What a spreadsheet with a Russian locale opens: `;` and a byte order mark.
    fn default() -> Self {
        Self { delimiter: Delimiter::Semicolon, mark: true }
    }
}

/// Writes records as UTF-8 CSV: CRLF, quotes where they are needed. A cell a spreadsheet would take for a formula gets
/// an apostrophe before it, unless it is a number; reading the file back leaves the apostrophe there.
pub struct CsvWriter<W: Write> {
    records: Writer<W>,
}

impl<W: Write> CsvWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(mut out: W, options: CsvOptions) -> io::Result<Self> {
        if options.mark {
            out.write_all("\u{feff}".as_bytes())?;
        }
        let records = WriterBuilder::new()
            .delimiter(options.delimiter.as_byte())
            .terminator(Terminator::CRLF)
            .quote_style(QuoteStyle::Necessary)
            .flexible(true)
            .from_writer(out);
        Ok(Self { records })
    }

    /// Writes one record; no value is an empty cell.
    ///
    /// # Errors
    /// Those of the output.
    pub fn write_row<I>(&mut self, cells: I) -> io::Result<()>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        for cell in cells {
            self.records.write_field(neutral(cell.as_ref()).as_ref())?;
        }
        self.records.write_record(None::<&[u8]>)?;
        Ok(())
    }

    /// Ends the file and gives the output back.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(mut self) -> io::Result<W> {
        self.records.flush()?;
        self.records.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// The cell as a spreadsheet will show it and not compute it.
fn neutral(cell: &str) -> Cow<'_, str> {
    let computed = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && !is_number(cell);
    if computed { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// Digits with at most one decimal comma or point inside, after at most one sign.
fn is_number(cell: &str) -> bool {
    let magnitude = cell.strip_prefix(['+', '-']).unwrap_or(cell);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match magnitude.split_once([',', '.']) {
        Some((units, decimals)) => digits(units) && digits(decimals),
        None => digits(magnitude),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_neutralised_and_numbers_kept() {
        for formula in ["=1+1", "+7 902 000", "-1-1", "@SUM(A1)", "\t=1", "\r=1", "-", "-1,2,3", "-5e3"] {
            assert_eq!(neutral(formula), format!("'{formula}"));
        }
        for plain in ["-5", "+5", "-5,25", "-5.25", "5", "", "a=1", "'=1", "Школа"] {
            assert_eq!(neutral(plain), plain);
        }
    }

    #[test]
    fn quotes_only_where_needed() {
        let mut csv = CsvWriter::new(Vec::new(), CsvOptions::default()).unwrap();
        csv.write_row(["а;б", "в,г", "\"д\"", "е\nж", ""]).unwrap();
        let text = String::from_utf8(csv.finish().unwrap()).unwrap();
        assert_eq!(text, "\u{feff}\"а;б\";в,г;\"\"\"д\"\"\";\"е\nж\";\r\n");
    }
}
