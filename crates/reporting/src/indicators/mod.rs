//! Target indicators.
