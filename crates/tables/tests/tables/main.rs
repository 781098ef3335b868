//! Tables read and written through the public interface only.

#[cfg(test)]
mod common;
#[cfg(test)]
mod csv_files;
#[cfg(test)]
mod lines;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod xlsx_files;
