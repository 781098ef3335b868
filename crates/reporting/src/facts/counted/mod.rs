//! Facts that the system can count itself. They are proposed with the rows behind them; like any other fact they count
//! when the institute has confirmed them.

mod rules;
pub mod store;

pub use rules::{Counted, CountedRow, Listed, Sources, count};

use opora_primitives::word_type;

word_type!(
    /// What a row behind a counted fact is a record of.
    RowKind {
        /// A run of the models' rules.
        ProposalRun = "proposal_runs", "расчёт предложений";
        /// A school of a list.
        School = "schools", "школа";
        /// A municipality with schools of a list.
        Municipality = "municipalities", "муниципалитет";
    }
);
