//! Records of the registry made, changed and removed by hand: every field is checked, all flaws are told at once, every
//! change leaves an audit record with the contents before and after. The registers are the region's, and so is whoever
//! writes them (D43, D253); records of support are written within the caller's area.

pub mod designations;
pub mod lists;
pub mod municipalities;
pub mod results;
pub mod schools;
pub mod support;

use opora_db::{
    Label,
    edit::{Check, Expected, change, present, referenced, same_version, unreferenced},
    merge,
};

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
