//! Structure and escapes.

use super::write_html;
use crate::model::{Block, Document, Table};
use crate::{hostile, sample};

fn html(document: &Document) -> String {
    let mut out = Vec::new();
    write_html(document, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// HTML closes fewer elements than XML; with those closed it has to be well-formed.
fn as_xml(html: &str) -> String {
    let mut xml = html.replace("<!DOCTYPE html>", "").replace("<br>", "<br/>");
    for open in ["<meta ", "<col "] {
        let pieces: Vec<String> = xml
            .split(open)
            .enumerate()
            .map(|(at, piece)| if at == 0 { piece.to_owned() } else { piece.replacen('>', "/>", 1) })
            .collect();
        xml = pieces.join(open);
    }
    xml
}

#[test]
fn markup_stays_text() {
    let html = html(&hostile::document());
    assert!(!html.contains("<script"), "markup of a text became markup");
    let text = hostile::text_of(&as_xml(&html));
    for shown in ["<script>alert(\"x\")</script>", "&amp;", "]]>", "$x^2$"] {
        assert!(text.contains(shown), "{shown}");
    }
}

#[test]
fn addresses_can_be_followed() {
    let blocks = vec![Block::paragraph("См. https://a.ru/?b=1&c=\"d\".")];
    let html = html(&Document { blocks, ..sample::document() });
    let link =
        "<a href=\"https://a.ru/?b=1&amp;c=\" rel=\"noopener noreferrer\">https://a.ru/?b=1&amp;c=</a>";
    assert!(html.contains(link), "{html}");
}

#[test]
fn the_page_needs_nothing_else() {
    let html = html(&sample::document());
    for elsewhere in [" src=", "<link", "@import", "url(http", "<script"] {
        assert!(!html.contains(elsewhere), "{elsewhere}");
    }
}

#[test]
fn headings_tables_and_figures_are_numbered() {
    let document = sample::document();
    let html = html(&document);
    for part in [
        "<html lang=\"ru\">",
        "<h2>1. Общие сведения</h2>",
        "<h3>1.1. Целевые показатели</h3>",
        "<h3>3.2. Динамика</h3>",
        "<caption>Таблица 9 – Предлагаемые изменения плана</caption>",
        "<figcaption>Рисунок 4 – Динамика показателей I1–I3</figcaption>",
        "<th colspan=\"8\" scope=\"rowgroup\">Раздел 2. Работа с кадрами</th>",
        "<td class=\"right\">87,42\u{a0}%</td>",
        "<td colspan=\"4\" class=\"center\">Нет данных</td>",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert_eq!(html.matches("<thead>").count(), document.tables().count());
}

#[test]
fn a_heading_goes_along_with_a_landscape_table() {
    let table = Table {
        columns: vec![crate::model::Column::new("a", "Графа", crate::model::ColumnKind::Text, 1)],
        landscape: true,
        ..Table::default()
    };
    let blocks = vec![
        Block::paragraph("Введение"),
        Block::heading(1, "Раздел"),
        Block::Table(table),
        Block::paragraph("Конец"),
    ];
    let html = html(&Document { blocks, ..sample::document() });
    let places = ["Введение", "<div class=\"landscape\">", "Раздел", "Графа", "</table>", "Конец"];
    let places = places.map(|what| html.rfind(what).unwrap());
    assert!(places.is_sorted(), "{places:?}");
    assert_eq!((html.matches("<div").count(), html.matches("</div>").count()), (2, 2));
}

#[test]
fn pictures_in_one_page_do_not_share_names() {
    let html = html(&sample::document());
    let mut names: Vec<&str> =
        html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!((names.len(), all), (12, 12));
}

#[test]
fn a_table_without_columns_is_said_to_be_empty() {
    let mut document = sample::document();
    document.blocks = vec![Block::Table(Table::default())];
    assert!(html(&document).contains("Нет данных"));
}
