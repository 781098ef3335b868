//! Records of the registry made, changed and removed by hand: every field is checked, all flaws are told at once, every
//! change leaves an audit record with the contents before and after. The registers are the region's, and so is whoever
//! writes them (D43, D253); records of support are written within the caller's area.

pub mod contexts;
pub mod designations;
pub mod lists;
pub mod municipalities;
pub mod results;
pub mod schools;
pub mod staff;
pub mod support;

use opora_db::{
    Label, Result,
    edit::{Check, Expected, change, present, referenced, same_version, unreferenced},
    merge,
};
use opora_primitives::{Flaw, Limit, Page, Problem, ProblemCode, Reason};

/// Records without an id that one removal takes: results of a procedure of the country, or of an assessment of the region's
/// year; contexts of a year.
pub const MOST: usize = 50_000;

/// All that a removal is about, read from `list` page by page.
///
/// # Errors
/// [`ProblemCode::InvalidParameter`], with the parameter that would narrow it and `words`, if there is more than [`MOST`].
fn gather<T>(
    (parameter, words): (&str, (String, String)),
    mut list: impl FnMut(Limit, Option<&str>) -> Result<Page<T>>,
) -> Result<Vec<T>> {
    let (limit, mut cursor, mut rows) = (Limit::new(Some(Limit::MOST))?, None, Vec::new());
    loop {
        let page = list(limit, cursor.as_deref())?;
        rows.extend(page.items);
        if rows.len() > MOST {
            let flaws = vec![Flaw::at(parameter, Reason::TooManyRows)];
            return Err(Problem { flaws, ..Problem::new(ProblemCode::InvalidParameter, words) }.into());
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(rows),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{designations::DesignationPatch, schools::SchoolPatch};

    #[test]
    fn a_patch_tells_absent_from_null() {
        let patch: DesignationPatch =
            serde_json::from_str(r#"{"act": null, "valid_to": "2020-12-31"}"#).unwrap();
        assert_eq!(patch.act, Some(None));
        assert_eq!(patch.valid_to.flatten(), "2020-12-31".parse().ok());
        assert_eq!(patch.act_date, None);
    }

    #[test]
    fn null_does_not_clear_what_must_be_there() {
        assert!(serde_json::from_str::<SchoolPatch>(r#"{"name": null}"#).is_err());
        assert!(serde_json::from_str::<SchoolPatch>(r#"{"inn": null}"#).is_ok());
        assert!(serde_json::from_str::<SchoolPatch>(r#"{"id": 1}"#).is_err());
    }
}
