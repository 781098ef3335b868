//! How municipalities follow one another: a district becomes an okrug or joins another, and the code ends with it (D191).
//!
//! Pure. What is in force on a day, where the schools were then, and what must hold between a municipality and its
//! successor.

use super::municipalities::Municipality;
use chrono::NaiveDate;
use opora_primitives::{MunicipalityId, SchoolId};
use std::collections::{BTreeMap, BTreeSet};

/// Municipalities with those before and after them.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    rows: BTreeMap<MunicipalityId, Municipality>,
    before: BTreeMap<MunicipalityId, Vec<MunicipalityId>>,
}

impl Lines {
    /// The lines of these municipalities, all there are.
    pub fn of(rows: impl IntoIterator<Item = Municipality>) -> Self {
        let rows: BTreeMap<_, _> = rows.into_iter().map(|row| (row.id, row)).collect();
        let mut before: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in rows.values() {
            if let Some(successor) = row.successor_id {
                before.entry(successor).or_default().push(row.id);
            }
        }
        Self { rows, before }
    }

    /// Every municipality, those out of force with them.
    pub fn all(&self) -> impl Iterator<Item = &Municipality> {
        self.rows.values()
    }

    /// The municipality `id`.
    pub fn get(&self, id: MunicipalityId) -> Option<&Municipality> {
        self.rows.get(&id)
    }

    /// `id` and those that took over from it, one after another. A circle, which the registers do not allow, ends where
    /// it closes.
    pub fn heirs(&self, id: MunicipalityId) -> Vec<MunicipalityId> {
        let mut path = vec![id];
        while let Some(next) = path.last().and_then(|last| self.get(*last)?.successor_id) {
            if path.contains(&next) {
                break;
            }
            path.push(next);
        }
        path
    }

    /// The last of the municipalities that took over from `id`; itself if it has no successor.
    pub fn last(&self, id: MunicipalityId) -> MunicipalityId {
        self.heirs(id).last().copied().unwrap_or(id)
    }

    /// Whether one of the two is the other, or took over from it.
    pub fn related(&self, one: MunicipalityId, other: MunicipalityId) -> bool {
        self.heirs(one).contains(&other) || self.heirs(other).contains(&one)
    }

    /// All that share the last successor of `id`.
    pub fn family(&self, id: MunicipalityId) -> Vec<MunicipalityId> {
        let last = self.last(id);
        let mut found: Vec<_> = self.rows.keys().copied().filter(|other| self.last(*other) == last).collect();
        if found.is_empty() {
            found.push(id);
        }
        found
    }

    /// The municipality that stood for `id` on `day`: itself while its code is in force, before that the one it was made
    /// of, after that its successor. Before a merger that nothing tells apart, and where a line has a gap, `id` stays.
    pub fn on(&self, id: MunicipalityId, day: NaiveDate) -> MunicipalityId {
        let begins_later = |id| self.get(id).is_some_and(|row| row.valid_from.is_some_and(|from| day < from));
        let mut first = id;
        for _ in 0..self.rows.len() {
            match self.before.get(&first).map(Vec::as_slice) {
                Some(&[only]) if begins_later(first) => first = only,
                _ => break,
            }
        }
        if begins_later(first) { id } else { self.in_line(first, day) }
    }

    /// The first of the line from `start` that has not ended before `day`, or the last one.
    fn in_line(&self, start: MunicipalityId, day: NaiveDate) -> MunicipalityId {
        let heirs = self.heirs(start);
        let lasts = |id: &&MunicipalityId| {
            self.get(**id).is_none_or(|row| row.valid_to.is_none_or(|last| day <= last))
        };
        heirs.iter().find(lasts).or(heirs.last()).copied().unwrap_or(start)
    }

    /// The city that a city district lay in on `day`.
    pub fn city(&self, id: MunicipalityId, day: NaiveDate) -> Option<MunicipalityId> {
        Some(self.on(self.get(id)?.parent_id?, day))
    }
}

/// The lines of municipalities, and where on them each school is.
#[derive(Clone, Debug, Default)]
pub struct Territory {
    /// The municipalities.
    pub lines: Lines,
    /// The earliest municipality of each school that led to the present one. Which of several went before a merger is
    /// told by it alone.
    homes: BTreeMap<SchoolId, MunicipalityId>,
}

impl Territory {
    /// The territory with the present municipality of each school, and those that schools have left, in the order in
    /// which they left them.
    pub fn of(
        lines: Lines,
        present: impl IntoIterator<Item = (SchoolId, MunicipalityId)>,
        left: &[(SchoolId, MunicipalityId)],
    ) -> Self {
        let mut homes: BTreeMap<SchoolId, MunicipalityId> = present.into_iter().collect();
        for (school, before) in left.iter().rev() {
            // A municipality that does not lead here was a mistake, or the school really moved: neither is followed.
            if let Some(home) = homes.get_mut(school)
                && lines.heirs(*before).contains(home)
            {
                *home = *before;
            }
        }
        Self { lines, homes }
    }

    /// The municipality of `school` on `day`; none for a state school.
    pub fn home(&self, school: SchoolId, day: NaiveDate) -> Option<MunicipalityId> {
        Some(self.lines.on(*self.homes.get(&school)?, day))
    }

    /// The municipal system of `school` on `day`: a city for the schools of its districts (decision 6).
    pub fn system(&self, school: SchoolId, day: NaiveDate) -> Option<MunicipalityId> {
        let home = self.home(school, day)?;
        Some(self.lines.city(home, day).unwrap_or(home))
    }
}

/// A municipality, as far as its place in a line goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link<K> {
    /// First day of its code.
    pub from: Option<NaiveDate>,
    /// Last day of its code.
    pub to: Option<NaiveDate>,
    /// The city it lies in.
    pub parent: Option<K>,
    /// Its successor.
    pub successor: Option<K>,
}

/// What does not hold between a municipality and its successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// There is no such successor.
    Unknown,
    /// The municipality has no last day.
    NoEnd,
    /// Successors or cities lead back to it.
    Circle,
    /// The successor begins later than the day after.
    BeginsLate,
    /// The successor has ended by then.
    EndsEarly,
}

/// What does not hold between the municipalities of `links` and their successors: each pair with its break. The
/// successor must be in force on the day after the last day: one that is made anew begins on it, one that takes another
/// in was there before.
pub fn breaks<K: Ord + Clone>(links: &BTreeMap<K, Link<K>>) -> Vec<(K, K, Break)> {
    let pairs = links.iter().filter_map(|(key, link)| Some((key, link, link.successor.as_ref()?)));
    pairs
        .filter_map(|(key, link, successor)| {
            let found = broken(links, key, link, successor)?;
            Some((key.clone(), successor.clone(), found))
        })
        .collect()
}

fn broken<K: Ord>(links: &BTreeMap<K, Link<K>>, key: &K, link: &Link<K>, successor: &K) -> Option<Break> {
    let Some(next) = links.get(successor) else { return Some(Break::Unknown) };
    if leads_back(links, key, successor) {
        return Some(Break::Circle);
    }
    let Some(after) = link.to.and_then(|last| last.succ_opt()) else { return Some(Break::NoEnd) };
    if next.from.is_some_and(|from| after < from) {
        return Some(Break::BeginsLate);
    }
    next.to.is_some_and(|to| to < after).then_some(Break::EndsEarly)
}

fn leads_back<K: Ord>(links: &BTreeMap<K, Link<K>>, key: &K, start: &K) -> bool {
    let (mut seen, mut ahead) = (BTreeSet::new(), vec![start]);
    while let Some(at) = ahead.pop() {
        if at == key {
            return true;
        }
        if seen.insert(at)
            && let Some(link) = links.get(at)
        {
            ahead.extend(link.parent.iter().chain(&link.successor));
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::MunicipalityKind;
    use opora_primitives::Moment;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn row(
        id: i64,
        [from, to]: [Option<&str>; 2],
        successor: Option<i64>,
        city: Option<i64>,
    ) -> Municipality {
        Municipality {
            id: MunicipalityId(id),
            oktmo: format!("2260{id}000").parse().unwrap(),
            name: format!("Район {id}"),
            kind: if city.is_some() { MunicipalityKind::CityDistrict } else { MunicipalityKind::District },
            parent_id: city.map(MunicipalityId),
            successor_id: successor.map(MunicipalityId),
            valid_from: from.map(day),
            valid_to: to.map(day),
            version: 1,
            updated_at: Moment::now(),
        }
    }

    /// Districts 1 and 2 became okrug 3 with 2021, which became 4 with 2023. District 5 of city 1 stays.
    fn lines() -> Lines {
        Lines::of([
            row(1, [None, Some("2020-12-31")], Some(3), None),
            row(2, [None, Some("2020-12-31")], Some(3), None),
            row(3, [Some("2021-01-01"), Some("2022-12-31")], Some(4), None),
            row(4, [Some("2023-01-01"), None], None, None),
            row(5, [None, None], None, Some(1)),
        ])
    }

    #[test]
    fn a_municipality_is_what_it_was_on_the_day() {
        let on = |id, text| lines().on(MunicipalityId(id), day(text)).0;
        assert_eq!([on(1, "2020-12-31"), on(1, "2021-01-01"), on(1, "2023-01-01")], [1, 3, 4]);
        assert_eq!([on(4, "2023-01-01"), on(4, "2022-12-31")], [4, 3]);
        // Two districts joined: which of them a record of the okrug was about is not known.
        assert_eq!([on(4, "2020-12-31"), on(3, "2020-12-31")], [4, 3]);
        assert_eq!(lines().city(MunicipalityId(5), day("2022-01-01")), Some(MunicipalityId(3)));
    }

    #[test]
    fn a_school_is_where_it_was_on_the_day() {
        let school = SchoolId(7);
        let home = |present: i64, left: &[i64], text| {
            let left: Vec<_> = left.iter().map(|id| (school, MunicipalityId(*id))).collect();
            let territory = Territory::of(lines(), [(school, MunicipalityId(present))], &left);
            territory.home(school, day(text)).unwrap().0
        };
        // It stands in the district's row yet, or has followed it.
        assert_eq!([home(2, &[], "2020-06-01"), home(2, &[], "2021-06-01")], [2, 3]);
        assert_eq!([home(4, &[2, 3], "2020-06-01"), home(4, &[2, 3], "2021-06-01")], [2, 3]);
        // District 1 was a slip that was put right at once.
        assert_eq!(home(3, &[1, 2], "2020-06-01"), 2);
        // It moved away from 5, which leads nowhere.
        assert_eq!(home(3, &[5, 1], "2020-06-01"), 1);
        assert_eq!(
            Territory::of(lines(), [(school, MunicipalityId(5))], &[])
                .system(school, day("2024-01-01"))
                .unwrap()
                .0,
            4
        );
    }

    #[test]
    fn lines_that_share_their_end_are_one_family() {
        assert!(lines().related(MunicipalityId(1), MunicipalityId(4)));
        assert!(!lines().related(MunicipalityId(1), MunicipalityId(2)));
        assert_eq!(lines().family(MunicipalityId(3)).len(), 4);
        assert_eq!(lines().family(MunicipalityId(5)), [MunicipalityId(5)]);
    }

    #[test]
    fn a_successor_is_there_on_the_day_after() {
        let link = |from: Option<&str>, to: Option<&str>, parent, successor| Link {
            from: from.map(day),
            to: to.map(day),
            parent,
            successor,
        };
        let found = |next: Link<i32>| {
            let links = BTreeMap::from([(1, link(None, Some("2020-12-31"), None, Some(2))), (2, next)]);
            breaks(&links).into_iter().map(|(_, _, found)| found).collect::<Vec<_>>()
        };
        assert_eq!(found(link(Some("2021-01-01"), None, None, None)), []);
        assert_eq!(found(link(None, None, None, None)), [], "it joins one that was there before");
        assert_eq!(found(link(Some("2021-01-02"), None, None, None)), [Break::BeginsLate]);
        assert_eq!(found(link(None, Some("2020-12-31"), None, None)), [Break::EndsEarly]);
        assert_eq!(found(link(None, None, Some(1), None)), [Break::Circle]);
        let alone = |to, successor| breaks(&BTreeMap::from([(1, link(None, to, None, Some(successor)))]));
        assert_eq!(alone(Some("2020-12-31"), 2), [(1, 2, Break::Unknown)]);
        assert_eq!(alone(Some("2020-12-31"), 1), [(1, 1, Break::Circle)]);
        let open = BTreeMap::from([(1, link(None, None, None, Some(2))), (2, link(None, None, None, None))]);
        assert_eq!(breaks(&open), [(1, 2, Break::NoEnd)]);
    }
}
