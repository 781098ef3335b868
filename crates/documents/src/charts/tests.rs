//! Pictures of sensible and of extreme charts.

use super::{write_png, write_svg};
use crate::model::{Block, Figure, Language};
use crate::{hostile, sample};

fn figures() -> Vec<Figure> {
    let blocks = sample::document().blocks.into_iter().filter_map(|block| match block {
        Block::Figure(figure) => Some(figure),
        _ => None,
    });
    let hostile =
        hostile::charts().into_iter().map(|chart| Figure { caption: hostile::TEXT.to_owned(), chart });
    blocks.chain(hostile).collect()
}

fn svg(figure: &Figure) -> String {
    let mut out = Vec::new();
    write_svg(figure, Language::Ru, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn svg_is_well_formed_and_finite() {
    for figure in figures() {
        let svg = svg(&figure);
        hostile::text_of(&svg);
        assert!(!svg.contains("NaN") && !svg.contains("inf\""), "{}", figure.caption);
    }
}

#[test]
fn numbers_labels_and_legends_are_written() {
    let [bars, timeline, categories, lines, ..] = &figures()[..] else {
        panic!("the sample has four charts")
    };
    for (figure, shown) in [
        (bars, ["87,42\u{a0}%", "нет данных", "Факт на 31.12.2020"]),
        (timeline, ["на 31.12.2020", "просрочено", "3.18 Региональная научно-практическая…"]),
        (categories, ["ниже цели", "Лесной городской округ", "30\u{a0}%"]),
        (lines, ["IV кв. 2020", "Цель показателя I2", "I3"]),
    ] {
        let text = hostile::text_of(&svg(figure));
        for part in shown.into_iter().chain([&*figure.caption]) {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}

#[test]
fn png_is_twice_the_size_of_svg() {
    for figure in figures() {
        let svg = svg(&figure);
        let height: u32 =
            svg.split(" height=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().parse().unwrap();
        let mut png = Vec::new();
        write_png(&figure, Language::Ru, &mut png).unwrap();
        assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
        let size = |at| u32::from_be_bytes([png[at], png[at + 1], png[at + 2], png[at + 3]]);
        assert_eq!((size(16), size(20)), (1440, 2 * height));
    }
}
