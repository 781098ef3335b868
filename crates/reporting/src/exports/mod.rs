//! Data as files, row by row: what was imported goes out in a form that can be imported again.

pub mod results;
