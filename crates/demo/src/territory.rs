//! Municipalities: the facts of the order, the number of schools each gets, and generated ones beyond the
//! region.

use crate::model::Municipality;
use std::io;

/// Schools of the region with the 52 municipalities of the order; a larger scale continues in generated ones.
pub(crate) const REGION_SCHOOLS: usize = 900;
/// Schools of the state, outside every municipality.
pub(crate) const STATE_SCHOOLS: usize = 3;
/// Schools of a generated municipality.
const GENERATED_SCHOOLS: usize = 17;
/// Schools a municipality has beside those the facts name, so that pairs within it are possible.
const SPARE: usize = 2;

const FACTS: &str = include_str!("../data/municipalities.csv");

/// All municipalities for `schools` schools (the state's included).
///
/// # Errors
/// `InvalidData` if the embedded table is damaged.
pub(crate) fn municipalities(schools: usize) -> io::Result<Vec<Municipality>> {
    let mut all = facts()?;
    share_out(&mut all, schools.min(REGION_SCHOOLS).saturating_sub(STATE_SCHOOLS));
    let mut left = schools.saturating_sub(REGION_SCHOOLS);
    let mut number = 0;
    while left > 0 {
        number += 1;
        let size = left.min(GENERATED_SCHOOLS);
        all.push(generated(number, size));
        left -= size;
    }
    Ok(all)
}

fn facts() -> io::Result<Vec<Municipality>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(FACTS.as_bytes());
    reader.records().map(|row| municipality(&row?)).collect()
}

fn municipality(row: &csv::StringRecord) -> io::Result<Municipality> {
    let text = |column: usize| row.get(column).unwrap_or_default().to_owned();
    let number = |column: usize| {
        text(column).parse::<usize>().map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
    };
    Ok(Municipality {
        oktmo: text(0),
        name: text(1),
        kind: text(2),
        parent: Some(text(3)).filter(|parent| !parent.is_empty()),
        schools: number(4)?,
        urban: number(5)? as u32,
        listed: number(6)?,
        pilot: number(7)?,
        wave1: number(8)?,
        wave2: number(9)?,
        high: number(10)?,
        innovation: number(11)?,
    })
}

/// Turns weights into numbers of schools that add up to `total`: what the facts need first, then by weight,
/// the remainder to the largest. A `total` below the needs gives the needs.
fn share_out(all: &mut [Municipality], total: usize) {
    let needs = |m: &Municipality| {
        if m.schools == 0 { 0 } else { m.listed + m.high + m.innovation + SPARE }
    };
    let spare = total.saturating_sub(all.iter().map(needs).sum());
    let weights: usize = all.iter().map(|m| m.schools).sum();
    let mut given = 0;
    for m in all.iter_mut() {
        let extra = spare * m.schools / weights.max(1);
        m.schools = needs(m) + extra;
        given += extra;
    }
    let mut order: Vec<usize> = (0..all.len()).filter(|&i| all[i].schools > 0).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(all[i].schools));
    for &index in order.iter().cycle().take(spare - given) {
        all[index].schools += 1;
    }
}

/// A municipality beyond the region, plainly generated: no region's codes begin with `00`.
fn generated(number: usize, schools: usize) -> Municipality {
    Municipality {
        oktmo: format!("{:08}", number * 100),
        name: format!("Демонстрационный район {number:04}"),
        kind: "district".to_owned(),
        parent: None,
        schools,
        urban: [350, 350, 600, 1000][number % 4],
        listed: [0, 1, 2, 3, 4, 5][number % 6].min(schools),
        pilot: 0,
        wave1: 0,
        wave2: 0,
        high: usize::from(number.is_multiple_of(3) && schools > 5),
        innovation: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_facts_of_the_order_hold() {
        let all = facts().unwrap();
        let top: Vec<_> = all.iter().filter(|m| m.parent.is_none()).collect();
        assert_eq!((top.len(), all.len()), (52, 60));
        // Row 1.17: 114 municipal schools in 37 municipalities; a city's districts count inside the city
        // (decision 6).
        let listed = |m: &Municipality| -> usize {
            all.iter()
                .filter(|d| d.oktmo == m.oktmo || d.parent.as_ref() == Some(&m.oktmo))
                .map(|d| d.listed)
                .sum()
        };
        assert_eq!(top.iter().map(|m| listed(m)).sum::<usize>(), 114);
        assert_eq!(top.iter().filter(|m| listed(m) > 0).count(), 37);
        // M3 reads 4..7: both bounds, both sides of them.
        for count in [0, 1, 3, 4, 7, 8] {
            assert!(top.iter().any(|m| listed(m) == count), "no municipality with {count}");
        }
        let pilots: Vec<_> = all.iter().filter(|m| m.pilot > 0).map(|m| (m.name.as_str(), m.pilot)).collect();
        assert_eq!(pilots, [("Кстовский", 2), ("Уренский", 2), ("Автозаводский", 1), ("Сормовский", 1)]);
        assert_eq!(all.iter().filter(|m| m.wave1 > 0).count(), 8);
        assert_eq!(all.iter().map(|m| m.wave1).sum::<usize>(), 16);
        assert!(all.iter().all(|m| m.pilot + m.wave1 + m.wave2 <= m.listed));
    }

    #[test]
    fn both_branches_of_m6_occur() {
        let all = facts().unwrap();
        let own_path = |m: &&Municipality| (4..=7).contains(&m.listed) && m.pilot + m.wave1 + m.wave2 == 0;
        assert!(all.iter().filter(own_path).any(|m| m.high > 0));
        assert!(all.iter().filter(own_path).any(|m| m.high == 0));
    }

    proptest! {
        #[test]
        fn every_school_finds_a_municipality(schools in 300usize..3000) {
            let all = municipalities(schools).unwrap();
            prop_assert_eq!(all.iter().map(|m| m.schools).sum::<usize>() + STATE_SCHOOLS, schools);
            prop_assert!(all.iter().all(|m| m.schools >= m.listed + m.high + m.innovation));
        }
    }
}
