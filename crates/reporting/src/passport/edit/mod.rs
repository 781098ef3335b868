//! The passport changed by hand: every field is checked, all flaws are told at once, every change leaves an audit record
//! with the contents before and after.

pub mod acts;
pub mod seats;
pub mod stages;

use opora_db::{
    Label,
    edit::{Check, Expected, change, present, referenced, same_version, unreferenced},
    merge,
};
