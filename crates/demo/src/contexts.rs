//! Social contexts: numbers of pupils by school and year.

use crate::Scale;
use crate::model::School;
use crate::rng::Rng;
use crate::schools::Region;
use crate::sink::{Encoding, Form, Language, Table};
use std::io;
use std::path::Path;

const CONTEXTS: Form =
    Form { kind: "contexts", encoding: Encoding::Utf8, delimiter: b',', language: Language::Russian };

const STREAM: u64 = 4;

/// An indicator's share of pupils in the best and in the most adverse context, thousandths.
const INDICATORS: [(u32, u32); 9] = [
    (720, 60),  // both parents with higher education
    (120, 420), // one-parent family
    (40, 520),  // low income
    (20, 300),  // a parent out of work
    (3, 70),    // on a preventive register
    (15, 180),  // special educational needs
    (10, 130),  // Russian not the home language
    (5, 90),    // wards
    (10, 380),  // housing without amenities
];

/// Writes the contexts of every school and year of `scale`.
pub(crate) fn write_contexts(region: &Region, scale: &Scale, path: &Path) -> io::Result<()> {
    let mut table = Table::create(path, CONTEXTS)?;
    for school in &region.schools {
        // A few schools report so little that no index can be computed.
        let silent = Rng::stream(region.seed, &[STREAM, u64::from(school.code)]).chance(12);
        for &year in scale.years.iter().filter(|year| school.taught_in(**year)) {
            let mut rng = Rng::stream(region.seed, &[STREAM, u64::from(school.code), year.start() as u64]);
            let pupils = school.pupils * rng.between(970..=1030) / 1000;
            table.show(school.code).show(year).show(pupils);
            for range in INDICATORS {
                let part = part(school, pupils, range, &mut rng);
                if rng.chance(if silent { 600 } else { 15 }) {
                    table.text("н/д");
                } else {
                    table.show(part);
                }
            }
            table.end()?;
        }
    }
    table.finish()
}

/// A part of the pupils: between best and worst by the school's adversity, give or take a tenth; never above
/// the whole.
fn part(school: &School, pupils: u32, (best, worst): (u32, u32), rng: &mut Rng) -> u32 {
    let usual = (best * (1000 - school.adversity) + worst * school.adversity) / 1000;
    let share = usual * rng.between(900..=1100) / 1000;
    ((pupils * share + 500) / 1000).min(pupils)
}
