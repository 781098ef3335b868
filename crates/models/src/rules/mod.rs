//! Whom the rules propose for which model. Pure: no clock, no database, no random.
//!
//! What the order leaves open is settled as follows.
//! - *Nothing outside its term*: a model, or a branch of it, is proposed only on a day on which it runs. A model that
//!   the subject has already, begun or planned, is not proposed again.
//! - *In the first model*: designated by an act in force, or by an assignment that has begun. *In the second*: designated by
//!   an act in force and low-result (listed or by the methodology's rule), or by an assignment that has begun. A
//!   designated school without low results gives a warning in place of a proposal.
//! - *Municipal level*: a school's municipal authority is its city district if that district was ever designated for
//!   anything or has a model (a body that took part exists, whatever the dates), otherwise the city. A school in the first
//!   or second model brings its authority along. The listed and high-result schools of a district count inside the city
//!   (decision 6); a district with an authority of its own is a subject in its own right besides, counted by its own
//!   schools. Coverage gaps are of whole systems only.
//! - *A state school* has no municipality (decision 16): it takes no part in the third and the sixth model.
//! - *Fourth model*: the head of a listed school, unless the school is in the first or the second.
//! - *Fifth model*: every teacher of a subject at a low-result school. The share of pupils below the minimum in that
//!   subject is told where it is low, as a fact about the school; it selects nobody.
//! - *Sixth model*: only the municipality is proposed. Pairs inside the municipality (decision 15) are suggestions in
//!   the reason, one for each low-result school, leaders taken in turn.
//! - *Seventh model*: open to every school, so that a proposal for each would say nothing. It is proposed to the listed
//!   schools, which need the network, and the high-result ones, which can share; others enrol by themselves
//!   ([`crate::Model::open_enrolment`]).
//! - *By hand*: a subject is [`eligible`] for a model on a day on which the rules propose it. A school joins the sixth
//!   model beside its municipality, as one that leads or is led.

pub mod facts;
pub mod lifecycle;
pub mod reason;
pub mod systems;

mod eligibility;
mod municipal;
mod propose;
mod single;
mod words;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod properties;

pub use eligibility::eligible;
pub use facts::{
    Designated, Facts, HeldModels, HighBasis, LowBasis, LowSubject, MunicipalityFact, PersonFact, SchoolFact,
};
pub use lifecycle::{DatedEvent, active_at_any_time, check_history, state_in_term, state_on};
pub use propose::{
    CoverageGap, GapKind, LISTED_FROM, LISTED_TO, Proposal, ProposalWarning, Proposals, RULE_VERSION,
    days_of_a_run, exclusions, propose,
};
pub use reason::{ProposalGround, ProposalReason, SchoolPair};
pub use systems::{municipal_system_of, municipal_systems_included};
