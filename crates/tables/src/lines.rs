//! JSON records, one a line. A record is read as a row whose cells are its fields, so that what is read from it is what
//! is read from a file.

use crate::header::{Column, Holds};
use crate::raw::RawRow;
use crate::value::number_text;
use crate::{FileError, Limits};
use opora_primitives::Reason;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};

/// Longer names of unknown fields are cut to so many characters.
const STRANGE_NAME: usize = 100;

/// Unknown fields of one record that are named.
const MOST_STRANGE: usize = 20;

/// The records of a file.
pub(crate) struct Lines {
    reader: BufReader<File>,
    columns: Vec<Column>,
    limits: Limits,
    line: Vec<u8>,
    number: u64,
    records: u64,
    bytes_read: u64,
}

impl Lines {
    /// Starts at the beginning of `file`.
    pub fn new(file: File, limits: &Limits, columns: &[Column]) -> Self {
        let (reader, columns) = (BufReader::new(file), columns.to_vec());
        Self { reader, columns, limits: *limits, line: Vec::new(), number: 0, records: 0, bytes_read: 0 }
    }

    /// Bytes of the file read so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Puts the next record into `out`; `false` at the end of the file.
    ///
    /// # Errors
    /// [`Reason::LineTooLong`], [`Reason::TooManyRows`].
    pub fn next(&mut self, out: &mut RawRow) -> Result<bool, FileError> {
        loop {
            self.line.clear();
            let most = self.limits.line as u64 + 1;
            let count = self.reader.by_ref().take(most).read_until(b'\n', &mut self.line)?;
            if count == 0 {
                return Ok(false);
            }
            self.number += 1;
            self.bytes_read += count as u64;
            if count as u64 == most {
                let (line, limit) = (self.number, self.limits.line);
                let detail = (
                    format!("line {line} is longer than {limit} bytes"),
                    format!("строка {line} длиннее {limit} байт"),
                );
                return Err(FileError::new(Reason::LineTooLong, detail));
            }
            if self.line.trim_ascii().is_empty() {
                continue;
            }
            self.records += 1;
            if self.records > self.limits.lines {
                let most = self.limits.lines;
                let words = (format!("at most {most}"), format!("не более {most}"));
                return Err(FileError::new(Reason::TooManyRows, words));
            }
            out.clear(self.number);
            out.is_record = true;
            match serde_json::from_slice::<Record>(&self.line) {
                Ok(record) => lay_out(record, &self.columns, out),
                Err(_) => out.broken = Some(Reason::WrongFormat),
            }
            return Ok(true);
        }
    }
}

/// The fields of an object in their order; one that stands twice is there twice.
struct Record(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Record;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Record(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

/// Lays the fields of a record out as the cells of a row.
fn lay_out(record: Record, columns: &[Column], out: &mut RawRow) {
    let mut cells: Vec<Option<Result<Option<String>, Reason>>> = vec![None; columns.len()];
    for (name, value) in record.0 {
        match columns.iter().position(|column| column.name == name) {
            Some(at) if cells[at].is_some() => cells[at] = Some(Err(Reason::DuplicateColumn)),
            Some(at) => cells[at] = Some(text_of(value, columns[at].holds)),
            None if out.strange.len() < MOST_STRANGE => {
                out.strange.push(name.chars().take(STRANGE_NAME).collect());
            }
            None => {}
        }
    }
    for (at, cell) in cells.into_iter().enumerate() {
        match cell {
            Some(Ok(Some(text))) => out.push(&text),
            Some(Ok(None)) | None => out.push(""),
            Some(Err(reason)) => {
                out.push("");
                out.flaws.push((at, reason));
            }
        }
    }
}

/// The cell that says what `value` says.
fn text_of(value: Value, holds: Holds) -> Result<Option<String>, Reason> {
    /// Whole numbers are exact in a double up to here.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match (holds, value) {
        (_, Value::Null) => Ok(None),
        (Holds::Text | Holds::Day, Value::String(text)) => Ok(Some(text)),
        (Holds::Truth, Value::Bool(truth)) => Ok(Some(truth.to_string())),
        (Holds::Whole | Holds::Decimal, Value::Number(number)) if !number.is_f64() => {
            Ok(Some(number.to_string()))
        }
        (Holds::Decimal, Value::Number(number)) => Ok(number.as_f64().map(number_text)),
        // To JSON Schema `7.0` is an integer.
        (Holds::Whole, Value::Number(number)) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() <= EXACT => Ok(Some(number_text(float))),
            _ => Err(Reason::WrongFormat),
        },
        _ => Err(Reason::WrongFormat),
    }
}
