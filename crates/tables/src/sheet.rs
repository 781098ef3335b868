//! The rows of a sheet of an XLSX workbook.
//!
//! The cells reader borrows the workbook it reads, so it lives on a thread of its own and hands rows over in small
//! batches; the thread waits when two batches are not taken yet, and ends when the sheet is dropped. Should the parser
//! fail on a malformed workbook, only that thread does.

use crate::FileError;
use crate::archive::refused;
use crate::raw::RawRow;
use crate::value::{cut_time, date_of_serial, number_text};
use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxCellReader, XlsxError};
use opora_primitives::{Reason, text};
use std::collections::VecDeque;
use std::fs::File;
use std::io::BufReader;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

/// Cells to the right of this many are no part of a table; something there makes the row a broken one.
const WIDEST: usize = 1000;

/// A batch is handed over when it holds so many rows or bytes.
const BATCH_ROWS: usize = 256;
const BATCH_BYTES: usize = 256 * 1024;

/// What the thread hands over; `End` is the last of a sheet read to its end.
enum Message {
    Rows(VecDeque<RawRow>),
    End,
    Failed(FileError),
}

type Workbook = Xlsx<BufReader<File>>;

/// The rows of one sheet, as they come.
pub(crate) struct Sheet {
    messages: Option<Receiver<Message>>,
    batch: VecDeque<RawRow>,
    thread: Option<JoinHandle<()>>,
}

impl Sheet {
    /// Starts reading a sheet: the one called `name`, or the first visible worksheet.
    pub fn start(file: File, name: Option<String>) -> Result<Self, FileError> {
        let (sender, messages) = sync_channel(2);
        let work = move || {
            let last = match read(file, name.as_deref(), &sender) {
                Ok(()) => Message::End,
                Err(error) => Message::Failed(error),
            };
            // Nobody is left to hear it only if the table was dropped.
            let _ = sender.send(last);
        };
        let thread = Builder::new().name("xlsx".to_owned()).spawn(work)?;
        Ok(Self { messages: Some(messages), batch: VecDeque::new(), thread: Some(thread) })
    }

    /// Puts the next row that has cells into `out`; `false` at the end of the sheet.
    pub fn next(&mut self, out: &mut RawRow) -> Result<bool, FileError> {
        loop {
            if let Some(row) = self.batch.pop_front() {
                *out = row;
                return Ok(true);
            }
            let Some(messages) = &self.messages else { return Ok(false) };
            match messages.recv() {
                Ok(Message::Rows(rows)) => self.batch = rows,
                Ok(Message::End) => self.messages = None,
                Ok(Message::Failed(error)) => {
                    self.messages = None;
                    return Err(error);
                }
                Err(_) => {
                    self.messages = None;
                    return Err(FileError::new(
                        Reason::NotATable,
                        ("the workbook is malformed", "книга повреждена"),
                    ));
                }
            }
        }
    }
}

impl Drop for Sheet {
    fn drop(&mut self) {
        self.messages = None;
        if let Some(thread) = self.thread.take() {
            // A thread that failed has been reported by its silence.
            let _ = thread.join();
        }
    }
}

fn read(file: File, name: Option<&str>, sender: &SyncSender<Message>) -> Result<(), FileError> {
    let mut workbook: Workbook = Xlsx::new(BufReader::new(file)).map_err(malformed)?;
    let sheet = choose(&workbook, name)?;
    let mut cells = workbook.worksheet_cells_reader(&sheet).map_err(malformed)?;
    let mut batch = Batch { rows: VecDeque::new(), bytes: 0, sender };
    let result = forward(&mut cells, &mut batch);
    // The rows before a failure are good ones.
    batch.flush();
    result
}

/// Puts every row into `batch`, until nobody wants more of them.
fn forward(cells: &mut XlsxCellReader<'_, BufReader<File>>, batch: &mut Batch<'_>) -> Result<(), FileError> {
    let mut row = RawRow::default();
    while let Some(whole) = next_row(cells, &mut row)? {
        if !batch.push(whole) {
            return Ok(());
        }
    }
    if row.number > 0 {
        batch.push(row);
    }
    Ok(())
}

/// The name of the sheet to read.
fn choose(workbook: &Workbook, name: Option<&str>) -> Result<String, FileError> {
    let sheets = || workbook.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let found = match name.map(text::fold) {
        Some(wanted) => sheets().find(|sheet| text::fold(&sheet.name) == wanted),
        None => sheets().find(|sheet| sheet.visible == SheetVisible::Visible).or_else(|| sheets().next()),
    };
    let missing = || match name {
        Some(name) => FileError::new(Reason::UnknownSheet, (name, name)),
        None => FileError::new(Reason::UnknownSheet, ("no worksheet", "в книге нет листов")),
    };
    found.map(|sheet| sheet.name.clone()).ok_or_else(missing)
}

struct Batch<'a> {
    rows: VecDeque<RawRow>,
    bytes: usize,
    sender: &'a SyncSender<Message>,
}

impl Batch<'_> {
    /// Whether anybody still wants rows.
    fn push(&mut self, row: RawRow) -> bool {
        self.bytes += row.text.len() + row.ends.len() * size_of::<usize>();
        self.rows.push_back(row);
        (self.rows.len() < BATCH_ROWS && self.bytes < BATCH_BYTES) || self.flush()
    }

    fn flush(&mut self) -> bool {
        self.bytes = 0;
        self.sender.send(Message::Rows(std::mem::take(&mut self.rows))).is_ok()
    }
}

/// Collects cells into `row` until one of another row comes: then gives the whole row and leaves that cell in `row`.
/// `None` at the end of the sheet, with the last row left in `row` (number 0 if the sheet is empty).
fn next_row(
    cells: &mut XlsxCellReader<'_, BufReader<File>>,
    row: &mut RawRow,
) -> Result<Option<RawRow>, FileError> {
    while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(malformed)? {
        let number = u64::from(cell.pos.0) + 1;
        let whole = (row.number != 0 && row.number != number).then(|| std::mem::take(row));
        row.number = number;
        add(row, cell.pos.1 as usize, &cell.value, cell.formula.is_some())?;
        if whole.is_some() {
            return Ok(whole);
        }
    }
    Ok(None)
}

fn add(row: &mut RawRow, position: usize, value: &DataRef<'_>, formula: bool) -> Result<(), FileError> {
    if *value == DataRef::Empty && !formula {
        return Ok(());
    }
    if position >= WIDEST {
        row.too_wide = true;
        return Ok(());
    }
    if position < row.width() {
        return Err(FileError::new(
            Reason::NotATable,
            (
                format!("cells of row {} out of order", row.number),
                format!("ячейки строки {} не по порядку", row.number),
            ),
        ));
    }
    row.ends.resize(position, row.text.len());
    if formula {
        row.flaws.push((position, Reason::Formula));
    } else if matches!(value, DataRef::Error(_)) {
        row.flaws.push((position, Reason::WrongFormat));
    } else {
        push_text(&mut row.text, value);
    }
    row.ends.push(row.text.len());
    Ok(())
}

fn push_text(out: &mut String, value: &DataRef<'_>) {
    match value {
        DataRef::String(text) | DataRef::DurationIso(text) => out.push_str(text),
        DataRef::SharedString(text) => out.push_str(text),
        DataRef::Int(number) => out.push_str(&number.to_string()),
        DataRef::Float(number) => out.push_str(&number_text(*number)),
        DataRef::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        DataRef::DateTimeIso(text) => out.push_str(cut_time(text)),
        DataRef::DateTime(moment) if moment.is_datetime() && moment.as_f64() >= 1.0 => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            out.push_str(&date_of_serial(year, month, day));
        }
        DataRef::DateTime(moment) => out.push_str(&number_text(moment.as_f64())),
        DataRef::Error(_) | DataRef::Empty => {}
    }
}

/// A refusal of the workbook reader in our words.
fn malformed(error: XlsxError) -> FileError {
    match error {
        XlsxError::Io(error) => FileError::technical(Reason::Truncated, error),
        XlsxError::Zip(error) => refused(error),
        XlsxError::XmlEof(_) | XlsxError::Xml(_) => FileError::technical(Reason::Truncated, error),
        XlsxError::NotAWorksheet(_) | XlsxError::WorksheetNotFound(_) => {
            FileError::technical(Reason::UnknownSheet, error)
        }
        _ => FileError::technical(Reason::NotATable, error),
    }
}
