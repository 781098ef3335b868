//! Decisions of the institute on facts. A decision names the version it was taken on, so that nobody confirms what they
//! have not read; it freezes the fact and its evidence.

use super::{Fact, FactId, FactKind, FactState, edit::record, store::find};
use diesel::prelude::*;
use opora_db::{
    Db, Error, Result, Tx,
    edit::{Expected, same_version},
    schema::{activity_facts as facts, evidence},
};
use opora_models::DecisionKind;
use opora_primitives::{Area, Flaw, Problem, ProblemCode, Reason};

/// What a person decides.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Which way.
    pub kind: DecisionKind,
    /// Why; a refusal needs it.
    pub reason: Option<String>,
    /// Who decides. It may be who entered the fact: the record names both.
    pub actor: i64,
}

/// Decides on the fact `id`, if it is still at `version`.
///
/// # Errors
/// Not found, or outside the area; [`ProblemCode::FactDecided`]; [`ProblemCode::PreconditionFailed`];
/// [`ProblemCode::WrongState`] to confirm that evidence is there while none is attached.
pub fn decide(
    tx: &mut Tx,
    area: Area,
    id: FactId,
    version: impl Into<Expected>,
    decision: &Decision,
) -> Result<Fact> {
    let before = find(tx, area, id)?;
    if before.state != FactState::Entered {
        return Err(ProblemCode::FactDecided.into());
    }
    same_version(before.version, version)?;
    let state = match decision.kind {
        DecisionKind::Confirm => FactState::Confirmed,
        DecisionKind::Decline => FactState::Declined,
    };
    if state == FactState::Confirmed && before.kind == FactKind::Evidence && !evidenced(tx, id)? {
        return Err(Problem::new(
            ProblemCode::WrongState,
            ("no evidence is attached", "не приложено подтверждение"),
        )
        .into());
    }
    diesel::update(facts::table.find(id))
        .set((
            facts::state.eq(state),
            facts::decided_by.eq(decision.actor),
            facts::decided_at.eq(tx.at),
            facts::decision_reason.eq(decision.reason.as_deref()),
            facts::version.eq(before.version + 1),
        ))
        .execute(&mut **tx)?;
    let after = find(tx, Area::Region, id)?;
    record(tx, Some(&before), Some(&after))?;
    Ok(after)
}

/// Decides on many facts, each at its version: all of them or, if one cannot be decided so, none.
///
/// # Errors
/// One problem that names every refused fact by its place.
pub fn decide_many(
    tx: &mut Tx,
    area: Area,
    wanted: &[(FactId, i64)],
    decision: &Decision,
) -> Result<Vec<Fact>> {
    let (mut decided, mut refused) = (Vec::new(), Vec::new());
    for (place, (id, version)) in wanted.iter().enumerate() {
        match decide(tx, area, *id, *version, decision) {
            Ok(fact) => decided.push(fact),
            Err(Error::Problem(problem)) => refused.push((place, problem.code)),
            Err(fault) => return Err(fault),
        }
    }
    if refused.is_empty() { Ok(decided) } else { Err(together(&refused).into()) }
}

fn evidenced(db: &mut Db, id: FactId) -> Result<bool> {
    let found: i64 = evidence::table.filter(evidence::fact_id.eq(id)).count().get_result(db)?;
    Ok(found > 0)
}

/// One problem from many.
fn together(refused: &[(usize, ProblemCode)]) -> Problem {
    let flaw = |(place, code): &(usize, ProblemCode)| {
        let reason = match code {
            ProblemCode::NotFound => Reason::UnknownReference,
            ProblemCode::FactDecided => Reason::AlreadyTaken,
            _ => Reason::Contradiction,
        };
        Flaw::at(format!("/facts/{place}"), reason)
    };
    let first = refused[0].1;
    let code = match first {
        _ if refused.iter().any(|(_, code)| *code != first) => ProblemCode::Conflict,
        // The address is there; an id in the body is not.
        ProblemCode::NotFound => ProblemCode::MissingReference,
        // The version stands in the body, not in a header.
        ProblemCode::PreconditionFailed => ProblemCode::Conflict,
        first => first,
    };
    Problem { flaws: refused.iter().map(flaw).collect(), ..code.into() }
}
