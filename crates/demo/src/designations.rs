//! Designations by acts: models M1 and M2, high-result schools, innovation platforms.

use crate::model::Designation;
use crate::schools::Region;
use crate::sink::{Encoding, Form, Language, Table};
use chrono::NaiveDate;
use std::io;
use std::path::Path;

const DESIGNATIONS: Form =
    Form { kind: "designations", encoding: Encoding::Utf8, delimiter: b'\t', language: Language::Canonical };

/// Number and dates of an act: signed, valid from, valid to.
struct Act {
    number: &'static str,
    signed: (i32, u32, u32),
    from: (i32, u32, u32),
    to: Option<(i32, u32, u32)>,
}

/// The acts of M2 are the real ones; the others are not named in the order and are marked.
fn act(designation: Designation) -> Act {
    match designation {
        // The pilot ran for three years and ended on 2020-12-31 (decision 9).
        Designation::Pilot => {
            Act {
                number: "01-18 (демо)", signed: (2018, 1, 1), from: (2018, 1, 1), to: Some((2020, 12, 31))
            }
        }
        Designation::Wave1 => Act {
            number: "316-01-63-585/20",
            signed: (2020, 3, 10),
            from: (2020, 3, 10),
            to: Some((2023, 3, 9)),
        },
        Designation::Wave2 => Act {
            number: "316-01-63-950/20",
            signed: (2020, 5, 29),
            from: (2020, 5, 29),
            to: Some((2023, 5, 28)),
        },
        Designation::HighResult => {
            Act { number: "02-20 (демо)", signed: (2020, 5, 29), from: (2020, 1, 1), to: None }
        }
        Designation::Innovation => {
            Act { number: "03-20 (демо)", signed: (2020, 5, 29), from: (2020, 1, 1), to: None }
        }
    }
}

/// Writes the designations: authorities first, then schools.
pub(crate) fn write_designations(region: &Region, path: &Path) -> io::Result<()> {
    let mut table = Table::create(path, DESIGNATIONS)?;
    for m in &region.municipalities {
        for designation in m.designations() {
            table.text("").text(&m.oktmo);
            row(&mut table, designation)?;
        }
    }
    for school in &region.schools {
        if let Some(designation) = school.designation {
            table.show(school.code).text("");
            row(&mut table, designation)?;
        }
    }
    table.finish()
}

fn row(table: &mut Table, designation: Designation) -> io::Result<()> {
    let act = act(designation);
    let day = |(year, month, day)| NaiveDate::from_ymd_opt(year, month, day);
    table.text(designation.word()).text(act.number);
    table.day(day(act.signed)).day(day(act.from)).day(act.to.and_then(day)).end()
}
