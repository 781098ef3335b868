//! The vocabulary every other crate speaks: ids, codes with check digits, academic years, date windows, shares,
//! pages and problems. No clock, no database connection, no rule of one domain.

pub mod area;
pub mod codes;
pub mod moment;
pub mod page;
pub mod problem;
pub mod share;
pub mod text;
pub mod window;
pub mod year;

mod stored;

pub use area::{Area, MunicipalityId, SchoolId};
pub use codes::{Inn, Kpp, Ogrn, Oktmo, SchoolCode, Snils, WrittenOktmo};
pub use moment::Moment;
pub use page::{Cursor, Limit, Page};
pub use problem::{Flaw, Problem, ProblemCode, Reason, Words};
pub use share::Share;
pub use window::DateWindow;
pub use year::AcademicYear;

extern crate self as opora_primitives;

/// What the macros of this crate expand to; not for direct use.
#[doc(hidden)]
pub use {diesel, serde, utoipa};
