//! A document made of what must stay text, for the tests of every format.

use crate::model::{
    Align, Attachment, Attachments, Bar, BarsChart, Block, CategoriesChart, Cell, Chart, Column, ColumnKind,
    Decimal, Document, Language, Legend, LinesChart, Row, Series, Signature, Span, Table, Text,
    TimelineChart, TimelineRow, TitleBlock, Tone, Unit,
};
use chrono::NaiveDate;
use quick_xml::{Reader, events::Event};

/// Markup of every format, a formula, control characters, characters no font has, and a word too long for a line.
pub(crate) const TEXT: &str = "=1+1 <script>alert(\"x\")</script> </w:t> &amp; ]]> #import \"x\" $x^2$ *b* _i_ @ref \
    <lab> \\u{1} // c\u{0}\u{1}\u{8}\u{b}\u{1b}\u{7f}\u{ffff} \u{202e}\u{1f600}\r\nвторая строка\tтабуляция";

pub(crate) fn long_word() -> String {
    "Щ".repeat(300) + &"0f".repeat(200)
}

pub(crate) fn day(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 12, 31).unwrap()
}

pub(crate) fn document() -> Document {
    let text = || TEXT.to_owned();
    let title = TitleBlock {
        organisation: text(),
        title: text(),
        subtitle: Some(text()),
        number: Some(text()),
        date: Some(day(2020)),
        period: Some(text()),
        addressee: Some(long_word()),
        mark: Some(text()),
        fingerprint: Some(text()),
    };
    let blocks = vec![
        Block::heading(0, TEXT),
        Block::heading(255, long_word()),
        Block::paragraph(Text::default().plain(TEXT).bold(TEXT).plain(long_word()).plain("")),
        Block::list(true, [TEXT, ""]),
        Block::list(false, Vec::<&str>::new()),
        Block::properties([(TEXT, Cell::from(TEXT)), ("", Cell::Empty)]),
        Block::properties(Vec::<(&str, &str)>::new()),
        Block::Table(table()),
        Block::Table(Table { landscape: true, total: None, rows: vec![], ..table() }),
        Block::Table(Table { landscape: true, ..table() }),
        Block::PageBreak,
        Block::Table(Table::default()),
        Block::PageBreak,
        Block::PageBreak,
        Block::Attachments(Attachments { items: vec![Attachment { title: text(), note: Some(text()) }] }),
        Block::Signature(Signature { position: text(), name: Some(long_word()), date: Some(day(2021)) }),
    ];
    let figures = charts().into_iter().map(|chart| Block::figure(TEXT, chart));
    Document { language: Language::En, title, blocks: blocks.into_iter().chain(figures).collect() }
}

/// Every kind of column and of cell, in rows that are too short and too long.
fn table() -> Table {
    let kinds =
        [ColumnKind::Text, ColumnKind::Integer, ColumnKind::Share, ColumnKind::Decimal, ColumnKind::Date];
    let columns = kinds.map(|kind| Column { align: Some(Align::Center), ..Column::new(TEXT, TEXT, kind, 0) });
    let cells = vec![
        Cell::from(TEXT),
        Cell::Integer(i64::MIN),
        Cell::Share(i64::MIN),
        Cell::Decimal(Decimal { units: i64::MIN, places: 255 }),
        Cell::Date(NaiveDate::MIN),
        Cell::from("beyond"),
    ];
    let long =
        vec![Cell::from(long_word()), Cell::from(TEXT.repeat(40)), Cell::from(TEXT), Cell::Date(day(1850))];
    let rows = vec![
        Row::Group(TEXT.to_owned()),
        Row::Group(long_word()),
        Row::Cells(cells.clone()),
        Row::Cells(vec![]),
        Row::Cells(long),
        Row::Group(String::new()),
    ];
    Table {
        name: TEXT.to_owned(),
        caption: TEXT.to_owned(),
        columns: columns.to_vec(),
        rows,
        total: Some(cells),
        note: Some(TEXT.to_owned()),
        landscape: false,
    }
}

/// Every chart: with extreme values and with none.
pub(crate) fn charts() -> Vec<Chart> {
    let text = || TEXT.to_owned();
    let bar = |value, target| Bar { label: long_word(), value, target };
    let bars = vec![bar(Some(i64::MAX), Some(i64::MIN)), bar(Some(-5), Some(7)), bar(None, None)];
    let point = |values| Series { label: text(), values };
    let spans = vec![
        Span { from: day(2021), to: day(2020), tone: Tone::Bad },
        Span { from: NaiveDate::MIN, to: NaiveDate::MAX, tone: Tone::Good },
    ];
    let timeline = |from, to, rows| {
        let legend = vec![Legend { tone: Tone::Muted, label: long_word() }];
        Chart::Timeline(TimelineChart { from, to, today: Some(day(2020)), legend, rows })
    };
    let bars_of =
        |bars| Chart::Bars(BarsChart { unit: Unit::Share, value_name: text(), target_name: text(), bars });
    let categories = |bars| {
        let target_name = Some(text());
        Chart::Categories(CategoriesChart { unit: Unit::Count, value_name: text(), target_name, bars })
    };
    let lines = |points: Vec<String>, series| {
        let (target, target_name) = (Some(-1), Some(text()));
        Chart::Lines(LinesChart { unit: Unit::Count, points, series, target, target_name })
    };
    let row = TimelineRow { label: long_word(), spans };
    vec![
        bars_of(bars.clone()),
        bars_of(vec![]),
        categories(bars),
        categories(vec![]),
        timeline(day(2020), day(2021), vec![row.clone()]),
        timeline(day(2021), day(2020), vec![row]),
        timeline(NaiveDate::MIN, NaiveDate::MAX, vec![]),
        lines(vec![text(), text()], vec![point(vec![Some(1)]), point(vec![None, Some(i64::MAX), Some(3)])]),
        lines(vec![], vec![point(vec![])]),
    ]
}

/// The text of an XML document, which has to be well-formed.
pub(crate) fn text_of(xml: &str) -> String {
    let mut reader = Reader::from_str(xml);
    let (mut text, mut depth) = (String::new(), 0);
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error} in {xml:.200}")) {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            Event::Text(piece) => text.push_str(&piece.decode().unwrap()),
            Event::GeneralRef(name) => {
                text.push_str(
                    quick_xml::escape::unescape(&format!("&{};", name.decode().unwrap())).unwrap().as_ref(),
                );
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0, "elements are left open");
    let forbidden = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    assert!(!text.contains(forbidden), "XML forbids these characters");
    text
}
