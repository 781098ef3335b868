//! Files as people send them, made from text: cells between `;`, rows between line ends, the header first.

use rust_xlsxwriter::Workbook;

/// The table in the encoding of old spreadsheets.
pub fn windows_1251(text: &str) -> Vec<u8> {
    let (bytes, _, lost) = encoding_rs::WINDOWS_1251.encode(text);
    assert!(!lost, "not in windows-1251: {text}");
    bytes.into_owned()
}

/// The table as a workbook. Numbers become numeric cells, as a spreadsheet makes them of what is typed.
pub fn xlsx(text: &str) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, line) in (0u32..).zip(text.lines()) {
        for (column, cell) in (0u16..).zip(line.split(';')) {
            match cell.replace(',', ".").parse::<f64>() {
                Ok(number) => sheet.write_number(row, column, number).unwrap(),
                Err(_) if cell.is_empty() => continue,
                Err(_) => match cell.strip_prefix('=') {
                    Some(formula) => sheet.write_formula(row, column, formula).unwrap(),
                    None => sheet.write_string(row, column, cell).unwrap(),
                },
            };
        }
    }
    book.save_to_buffer().unwrap()
}

/// The same table with commas between its cells.
pub fn with_commas(text: &str) -> String {
    let quoted = |cell: &str| if cell.contains(',') { format!("\"{cell}\"") } else { cell.to_owned() };
    text.lines().map(|line| line.split(';').map(quoted).collect::<Vec<_>>().join(",") + "\r\n").collect()
}
