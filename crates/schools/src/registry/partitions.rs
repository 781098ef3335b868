//! Large resources in parts of about the same size, so that several readers can take a first harvest side by side.

use super::scope::{bounds, visible_schools};
use diesel::{dsl, prelude::*};
use opora_db::{
    Db, Result,
    schema::{schools, staff, support_records},
};
use opora_primitives::{Area, Cursor, Problem, ProblemCode};

opora_primitives::word_type!(
    /// A resource that can be harvested in parts.
    Harvest {
        /// Schools.
        Schools = "schools", "школы";
        /// Social contexts.
        Contexts = "contexts", "социальные паспорта";
        /// Results.
        Results = "results", "результаты";
        /// Staff.
        Staff = "staff", "кадры";
        /// Methodical support of staff.
        SupportRecords = "support-records", "методическое сопровождение";
    }
);

/// A part: the records (of results and contexts: the schools) with ids above the first number, up to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition(pub i64, pub i64);

impl Partition {
    /// Its name on the wire, good for the list of one resource.
    pub fn token(self, of: Harvest) -> String {
        Cursor::encode(&format!("partition of {of}"), &(self.0, self.1))
    }

    /// The part of `of` that `token` names.
    ///
    /// # Errors
    /// [`ProblemCode::InvalidCursor`] for a name of another resource, or of none.
    pub fn read(of: Harvest, token: &str) -> std::result::Result<Self, Problem> {
        let (after, to) = Cursor::decode(&format!("partition of {of}"), token)?;
        if after < to { Ok(Self(after, to)) } else { Err(ProblemCode::InvalidCursor.into()) }
    }
}

/// `of` in at most `count` parts, as far as a reader of `area` sees it. Together they hold every record, also one that is
/// made while they are read: the first part has no beginning and the last no end.
///
/// # Errors
/// Faults of the database.
pub fn split(db: &mut Db, area: Area, of: Harvest, count: i64) -> Result<Vec<Partition>> {
    let (first, last) = extent(db, area, of)?;
    Ok(cut(first, last, count))
}

fn cut(first: i64, last: i64, count: i64) -> Vec<Partition> {
    let ids = (last - first + 1).max(1);
    let count = count.clamp(1, ids);
    let bound = |n: i64| match n {
        0 => 0,
        n if n == count => i64::MAX,
        n => first - 1 + (i128::from(ids) * i128::from(n) / i128::from(count)) as i64,
    };
    (0..count).map(|n| Partition(bound(n), bound(n + 1))).collect()
}

/// The lowest and the highest id; 1 and 0 where there is nothing.
fn extent(db: &mut Db, area: Area, of: Harvest) -> Result<(i64, i64)> {
    let bounds = bounds(area);
    let ends: (Option<i64>, Option<i64>) = match of {
        Harvest::Schools | Harvest::Contexts | Harvest::Results => {
            let mut query =
                schools::table.select((dsl::min(schools::id), dsl::max(schools::id))).into_boxed();
            if let Some((municipality, school)) = bounds {
                query = query.filter(schools::id.eq_any(visible_schools(municipality, school)));
            }
            query.first(db)?
        }
        Harvest::Staff => {
            let mut query = staff::table.select((dsl::min(staff::id), dsl::max(staff::id))).into_boxed();
            if let Some((municipality, school)) = bounds {
                query = query.filter(staff::school_id.eq_any(visible_schools(municipality, school)));
            }
            query.first(db)?
        }
        Harvest::SupportRecords => {
            let ends = (dsl::min(support_records::id), dsl::max(support_records::id));
            let mut query = support_records::table.inner_join(staff::table).select(ends).into_boxed();
            if let Some((municipality, school)) = bounds {
                query = query.filter(staff::school_id.eq_any(visible_schools(municipality, school)));
            }
            query.first(db)?
        }
    };
    Ok((ends.0.unwrap_or(1), ends.1.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parts_are_of_about_the_same_size() {
        assert_eq!(
            cut(1, 100, 4),
            [Partition(0, 25), Partition(25, 50), Partition(50, 75), Partition(75, i64::MAX)]
        );
        assert_eq!(cut(7, 8, 4), [Partition(0, 7), Partition(7, i64::MAX)]);
        assert_eq!(cut(1, 0, 4), [Partition(0, i64::MAX)]);
    }

    proptest! {
        #[test]
        fn every_id_is_in_one_part(first in 1i64..1_000_000, more in 0i64..1_000_000, count in 1i64..300, id in 1i64..) {
            let parts = cut(first, first + more, count);
            prop_assert_eq!(parts.iter().filter(|part| part.0 < id && id <= part.1).count(), 1);
        }

        #[test]
        fn a_part_reads_its_own_name(after in 0i64.., more in 1i64..1000) {
            let part = Partition(after, after.saturating_add(more));
            prop_assume!(part.0 < part.1);
            let token = part.token(Harvest::Results);
            prop_assert_eq!(Partition::read(Harvest::Results, &token), Ok(part));
            prop_assert!(Partition::read(Harvest::Staff, &token).is_err());
        }
    }
}
