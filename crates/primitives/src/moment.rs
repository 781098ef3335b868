//! An instant as the API shows it and as both databases keep it.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// An instant in UTC (RFC 3339), to the microsecond: a value read back equals the value written.
// Microseconds are what both databases keep, in a `TIMESTAMP`.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
    utoipa::ToSchema,
)]
#[serde(from = "DateTime<Utc>", into = "DateTime<Utc>")]
#[diesel(sql_type = diesel::sql_types::Timestamp)]
#[schema(value_type = String, format = DateTime, example = "2020-12-15T09:30:00Z")]
pub struct Moment(NaiveDateTime);

impl Moment {
    /// The present instant. Only stores and the edge of the system call it; rules take instants as arguments.
    pub fn now() -> Self {
        Self::from(Utc::now())
    }

    /// Whole seconds since 1970-01-01T00:00:00Z.
    pub fn unix(self) -> i64 {
        self.0.and_utc().timestamp()
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn micros(self) -> i64 {
        self.0.and_utc().timestamp_micros()
    }

    /// The instant so many whole seconds after 1970-01-01T00:00:00Z; none beyond the calendar.
    pub fn from_unix(seconds: i64) -> Option<Self> {
        DateTime::from_timestamp(seconds, 0).map(Self::from)
    }

    /// This instant moved by `seconds`, which may be negative.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0 + TimeDelta::seconds(seconds))
    }

    /// The form both databases keep it in, for the few statements that are built as text.
    pub fn sql(self) -> String {
        self.0.format("%Y-%m-%d %H:%M:%S%.6f").to_string()
    }

    /// The calendar day in UTC.
    pub fn date(self) -> NaiveDate {
        self.0.date()
    }
}

impl From<DateTime<Utc>> for Moment {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.naive_utc().trunc_subsecs(6))
    }
}

impl From<Moment> for DateTime<Utc> {
    fn from(moment: Moment) -> Self {
        moment.0.and_utc()
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.and_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

crate::stored_as!(Moment, diesel::sql_types::Timestamp, NaiveDateTime, |at| &at.0, |raw| Ok(Moment(raw)));
