//! The stores, on a temporary database.

use super::{
    Viewer,
    assignments::{self, ByHand},
    decisions::{self, Selection},
    fixtures::{EVERYTHING, Store, confirm, day, decline, limit, origin},
    proposals::{self, Filter},
    runs,
};
use crate::{
    rules::{GapKind, ProposalGround},
    types::{AssignmentId, AssignmentState, EventKind, ModelCode, ProposalId, ProposalState, SubjectKind},
};
use opora_db::{Error, Result};
use opora_primitives::{Area, MunicipalityId, Problem, ProblemCode, Reason, SchoolId, Share};
use opora_schools::types::{RunId, StaffId};

const ON: &str = "2020-12-15";

fn refusal<T: std::fmt::Debug>(answer: Result<T>) -> Problem {
    match answer.unwrap_err() {
        Error::Problem(problem) => problem,
        other => panic!("{other}"),
    }
}

fn decide(store: &Store, id: ProposalId, decision: &decisions::Decision) -> Result<decisions::Decided> {
    store.database.write(&origin(), |tx| decisions::decide(tx, EVERYTHING, id, decision))
}

fn confirmed(store: &Store, id: ProposalId) -> AssignmentId {
    decide(store, id, &confirm()).unwrap().assignment_id.unwrap()
}

fn happened(store: &Store, id: AssignmentId, kind: EventKind, on: &str) -> Result<()> {
    store
        .database
        .write(&origin(), |tx| assignments::add(tx, EVERYTHING, id, (kind, day(on)), "так", Some(7)))
}

fn state(store: &Store, id: AssignmentId, on: &str) -> AssignmentState {
    store.database.read(|db| assignments::find(db, EVERYTHING, id, day(on))).unwrap().assignment.state
}

fn leader_by_hand(school_head: i64) -> ByHand {
    ByHand {
        model: ModelCode::M4,
        subject_kind: SubjectKind::Leader,
        school: None,
        municipality: None,
        staff: Some(StaffId(school_head)),
        valid_from: day("2020-09-01"),
        valid_to: Some(day("2021-07-31")),
        exception: true,
        reason: "проверка".into(),
        actor: Some(7),
    }
}

fn by_hand(store: &Store, new: &ByHand) -> Result<AssignmentId> {
    store.database.write(&origin(), |tx| assignments::create(tx, EVERYTHING, new))
}

#[test]
fn a_run_proposes_from_the_facts_and_says_why() {
    let check = |store: Store| {
        let run = store.run(ON);
        let found = store.of_run(&run);
        let seen: Vec<_> =
            found.iter().map(|p| (p.model, p.school_id, p.municipality_id, p.staff_id)).collect();
        let (school, municipality) = (|n| Some(SchoolId(n)), Some(MunicipalityId(1)));
        // The head of school 1 is excluded; school 4 has no head; M3 and M6's bounds ask for 4 listed schools.
        assert_eq!(
            seen,
            [
                (ModelCode::M1, school(1), None, None),
                (ModelCode::M1, None, municipality, None),
                (ModelCode::M2, school(1), None, None),
                (ModelCode::M2, None, municipality, None),
                (ModelCode::M4, school(2), None, Some(StaffId(21))),
                (ModelCode::M5, school(2), None, Some(StaffId(22))),
                (ModelCode::M5, school(4), None, Some(StaffId(42))),
                (ModelCode::M6, None, municipality, None),
            ]
        );
        assert_eq!(usize::try_from(run.proposals).unwrap(), found.len());
        // 8 of 20 is 40 %, at or above the methodology's 30; of history the verdict says nothing.
        let share = |at: usize| match found[at].read_reason().unwrap().ground {
            ProposalGround::TeacherOfLowSchool { school_share, .. } => school_share,
            other => panic!("{other:?}"),
        };
        assert_eq!((share(5), share(6)), (Some(Share::new(8, 20)), None));
        assert_eq!(found[5].staff_name.as_deref(), Some("Работник 22"));
        let detail = store.database.read(|db| runs::detail(db, EVERYTHING, run.id)).unwrap();
        assert_eq!(detail.warnings.len(), 1, "school 4 has no head: {:?}", detail.warnings);
        assert_eq!(detail.counts.iter().map(|c| c.count).sum::<i64>(), 8);
        let gaps =
            store.database.read(|db| runs::gaps(db, Area::Region, None, limit(10), None)).unwrap().items;
        let gaps: Vec<_> = gaps.iter().map(|g| (g.municipality_id.0, g.listed, g.kind)).collect();
        assert_eq!(gaps, [(1, 2, GapKind::TooFew), (2, 1, GapKind::TooFew)]);
    };
    check(Store::new());
    Store::postgres().into_iter().for_each(check);
}

#[test]
fn the_share_that_is_told_is_that_of_the_verdict() {
    let check = |store: Store| {
        // The exam after grade 9 was not held in 2020, so that its results are no criterion.
        store.execute(
            "INSERT INTO procedures (id, academic_year, assessment, grade, subject) VALUES (2, 2019, 'OGE', 9, '01');
             INSERT INTO results (school_id, procedure_id, attempt, participants, below_minimum) VALUES (2, 2, 'main', 20, 20);",
        );
        let run = store.run(ON);
        let id = store.proposal(&run, ModelCode::M5, SubjectKind::Teacher);
        let proposal = store.database.read(|db| proposals::find(db, EVERYTHING, id)).unwrap();
        let ProposalGround::TeacherOfLowSchool { school_share, .. } = proposal.read_reason().unwrap().ground
        else {
            panic!("another ground");
        };
        assert_eq!(school_share, Some(Share::new(8, 20)));
    };
    check(Store::new());
    Store::postgres().into_iter().for_each(check);
}

/// The gaps of the newest proposal run: the municipality and its listed schools.
fn listed_in_gaps(store: &Store) -> Vec<(i64, u32)> {
    let gaps = store.database.read(|db| runs::gaps(db, Area::Region, None, limit(10), None)).unwrap().items;
    gaps.iter().map(|gap| (gap.municipality_id.0, gap.listed)).collect()
}

#[test]
fn a_school_counts_from_its_first_day_to_its_last() {
    let check = |store: Store| {
        store.execute("UPDATE schools SET closed_on = '2020-12-31' WHERE id = 5");
        store.execute("UPDATE schools SET opened_on = '2020-12-16' WHERE id = 4");
        for (on, listed) in [("2020-12-15", 1), ("2020-12-16", 2), ("2020-12-31", 2), ("2021-01-01", 1)] {
            store.run(on);
            assert_eq!(listed_in_gaps(&store), [(1, 2), (2, listed)], "{on}");
        }
    };
    check(Store::new());
    Store::postgres().into_iter().for_each(check);
}

#[test]
fn an_unfinished_or_unknown_identification_run_is_refused() {
    let store = Store::new();
    let prepare =
        |id| refusal(store.database.read(|db| runs::prepare(db, Some(RunId(id)), day(ON), day(ON))));
    assert_eq!(prepare(2).code, ProblemCode::WrongState);
    assert_eq!(prepare(99).flaws[0].reason, Reason::UnknownReference);
}

#[test]
fn a_day_that_the_list_says_nothing_of_is_refused() {
    let store = Store::new();
    let today = "2021-01-15";
    let prepare = |on: &str| store.database.read(|db| runs::prepare(db, None, day(on), day(today)));
    // The list is that of 2020: of the school year 2019/2020.
    for on in ["2019-08-31", "2022-01-16", "1900-01-01", "2099-01-01"] {
        let flaw = refusal(prepare(on)).flaws.remove(0);
        assert_eq!((flaw.pointer.as_str(), flaw.reason), ("/as_of", Reason::OutOfRange), "{on}");
    }
    for on in ["2019-09-01", "2022-01-15"] {
        prepare(on).unwrap();
    }
}

#[test]
fn people_and_foreign_areas_are_not_shown() {
    let store = Store::new();
    let run = store.run(ON);
    let count = |viewer: Viewer| {
        store
            .database
            .read(|db| proposals::list(db, viewer, &Filter::default(), limit(100), None))
            .unwrap()
            .items
            .len()
    };
    let ministry = Viewer { area: Area::Region, people: false };
    assert_eq!(count(ministry), 5);
    assert_eq!(count(Viewer { area: Area::Municipality(MunicipalityId(2)), people: true }), 1);
    assert_eq!(count(Viewer { area: Area::School(SchoolId(1)), people: true }), 2);
    let detail = store.database.read(|db| runs::detail(db, ministry, run.id)).unwrap();
    assert_eq!(detail.people_hidden, 3);
    assert_eq!(detail.counts.iter().map(|c| c.count).sum::<i64>(), 8, "counts name nobody");
    let teacher = store.proposal(&run, ModelCode::M5, SubjectKind::Teacher);
    let found = store.database.read(|db| proposals::find(db, ministry, teacher));
    assert_eq!(refusal(found).code, ProblemCode::NotFound);
    let inside = Viewer { area: Area::Municipality(MunicipalityId(1)), people: true };
    assert!(store.database.read(|db| runs::detail(db, inside, run.id)).unwrap().warnings.is_empty());
}

#[test]
fn a_confirmed_proposal_is_an_assignment_and_is_not_proposed_again() {
    let check = |store: Store| {
        let run = store.run(ON);
        let id = store.proposal(&run, ModelCode::M2, SubjectKind::School);
        let assignment = confirmed(&store, id);
        let found = store.database.read(|db| assignments::find(db, EVERYTHING, assignment, day(ON))).unwrap();
        assert_eq!(
            (found.assignment.state, found.assignment.record.proposal_id),
            (AssignmentState::Active, Some(id))
        );
        assert_eq!((found.events[0].kind, found.events[0].actor_id), (EventKind::Started, Some(7)));
        let kept = store.database.read(|db| proposals::find(db, EVERYTHING, id)).unwrap();
        assert_eq!((kept.state, kept.decided_by), (ProposalState::Confirmed, Some(7)));
        assert_eq!(refusal(decide(&store, id, &decline())).code, ProblemCode::ProposalDecided);
        let again = store.run(ON);
        assert_eq!(again.proposals, run.proposals - 1);
        let older = store.of_run(&run);
        let superseded = older.iter().filter(|p| p.state == ProposalState::Superseded).count();
        assert_eq!(superseded, older.len() - 1, "all but the confirmed one");
        let open = older.iter().find(|p| p.state == ProposalState::Superseded).unwrap().id;
        assert_eq!(refusal(decide(&store, open, &confirm())).code, ProblemCode::ProposalDecided);
    };
    check(Store::new());
    Store::postgres().into_iter().for_each(check);
}

#[test]
fn exclusion_is_asked_again_when_a_proposal_is_confirmed() {
    let store = Store::new();
    let run = store.run(ON);
    let leader = store.proposal(&run, ModelCode::M4, SubjectKind::Leader);
    // Between the run and the decision an act brings school 2 into the second model.
    store.execute(
        "INSERT INTO designations (id, kind, school_id, valid_from, updated_at)
         VALUES (9, 'M2_wave2', 2, '2020-05-29', '2020-12-16 09:00:00.000000')",
    );
    assert_eq!(refusal(decide(&store, leader, &confirm())).code, ProblemCode::ModelExcluded);
    assert_eq!(refusal(by_hand(&store, &leader_by_hand(11))).code, ProblemCode::ModelExcluded);
    // School 3 is in no model: its head may be supported by hand, once.
    by_hand(&store, &leader_by_hand(31)).unwrap();
    assert_eq!(refusal(by_hand(&store, &leader_by_hand(31))).code, ProblemCode::AlreadyExists);
}

#[test]
fn an_assignment_of_the_school_excludes_its_head_without_any_act() {
    let store = Store::new();
    let school = ByHand {
        model: ModelCode::M1,
        subject_kind: SubjectKind::School,
        school: Some(SchoolId(3)),
        staff: None,
        valid_from: day("2020-01-01"),
        valid_to: Some(day("2020-12-31")),
        ..leader_by_hand(31)
    };
    let pilot = by_hand(&store, &school).unwrap();
    assert_eq!(refusal(by_hand(&store, &leader_by_hand(31))).code, ProblemCode::ModelExcluded);
    happened(&store, pilot, EventKind::Ended, "2020-08-20").unwrap();
    by_hand(&store, &leader_by_hand(31)).unwrap();
}

#[test]
fn a_subject_by_hand_must_fit_the_model_and_exist() {
    let store = Store::new();
    let pointer = |new: &ByHand| refusal(by_hand(&store, new)).flaws[0].pointer.clone();
    let leader = leader_by_hand(31);
    assert_eq!(pointer(&ByHand { model: ModelCode::M3, ..leader.clone() }), "/subject_kind");
    assert_eq!(pointer(&ByHand { staff: Some(StaffId(22)), ..leader.clone() }), "/staff_id");
    assert_eq!(pointer(&ByHand { staff: Some(StaffId(999)), ..leader.clone() }), "/staff_id");
    assert_eq!(pointer(&ByHand { valid_to: Some(day("2020-01-01")), ..leader.clone() }), "/valid_to");
    let nowhere = ByHand {
        model: ModelCode::M7,
        subject_kind: SubjectKind::School,
        staff: None,
        school: Some(SchoolId(999)),
        valid_from: day("2021-01-01"),
        ..leader
    };
    assert_eq!(pointer(&nowhere), "/school_id");
    assert_eq!(pointer(&ByHand { school: None, ..nowhere }), "/subject_kind");
}

#[test]
fn the_state_follows_from_the_events() {
    let store = Store::new();
    let run = store.run(ON);
    let id = confirmed(&store, store.proposal(&run, ModelCode::M2, SubjectKind::School));
    assert_eq!(refusal(happened(&store, id, EventKind::Resumed, ON)).code, ProblemCode::WrongState);
    happened(&store, id, EventKind::Paused, "2020-11-01").unwrap();
    // Before the pause it cannot end: the pause would follow the end.
    assert_eq!(refusal(happened(&store, id, EventKind::Ended, "2020-10-01")).code, ProblemCode::WrongState);
    assert_eq!(
        refusal(happened(&store, id, EventKind::Ended, "2030-01-01")).flaws[0].reason,
        Reason::OutOfRange
    );
    happened(&store, id, EventKind::Resumed, "2020-12-01").unwrap();
    for (on, expected) in [
        ("2020-03-09", AssignmentState::Planned),
        ("2020-10-31", AssignmentState::Active),
        ("2020-11-01", AssignmentState::Paused),
        ("2020-12-01", AssignmentState::Active),
        ("2023-03-10", AssignmentState::Ended),
    ] {
        assert_eq!(state(&store, id, on), expected, "{on}");
    }
    let found = store.database.read(|db| assignments::find(db, EVERYTHING, id, day(ON))).unwrap();
    assert_eq!((found.events.len(), found.assignment.record.version), (3, 3));
}

#[test]
fn a_list_by_state_pages_through_all() {
    let store = Store::new();
    let run = store.run(ON);
    let ids: Vec<_> = store.of_run(&run).iter().map(|p| p.id).collect();
    let all: Vec<_> = ids.iter().map(|id| confirmed(&store, *id)).collect();
    for id in &all[..3] {
        happened(&store, *id, EventKind::Paused, "2020-12-01").unwrap();
    }
    let filter =
        assignments::Filter { state: Some(AssignmentState::Active), ..assignments::Filter::on(day(ON)) };
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = store
            .database
            .read(|db| assignments::list(db, EVERYTHING, &filter, limit(2), cursor.as_deref()))
            .unwrap();
        assert!(page.items.len() <= 2);
        seen.extend(page.items.iter().map(|a| a.record.id));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, all[3..]);
    let ministry = Viewer { people: false, ..EVERYTHING };
    let filter = assignments::Filter::on(day(ON));
    let page = store.database.read(|db| assignments::list(db, ministry, &filter, limit(100), None)).unwrap();
    assert!(page.items.iter().all(|a| a.record.staff_id.is_none()) && page.items.len() == 5);
}

#[test]
fn many_decisions_are_all_or_nothing() {
    let store = Store::new();
    let run = store.run(ON);
    let many = |selection: &Selection, decision: &decisions::Decision| {
        store.database.write(&origin(), |tx| decisions::decide_many(tx, EVERYTHING, selection, decision))
    };
    let first = store.of_run(&run)[0].id;
    decide(&store, first, &decline()).unwrap();
    let ids: Vec<_> = store.of_run(&run).iter().rev().map(|p| p.id).collect();
    let last = ids.len() - 1;
    let problem = refusal(many(&Selection::Ids(ids.clone()), &confirm()));
    assert_eq!((problem.code, problem.flaws.len()), (ProblemCode::ProposalDecided, 1));
    assert_eq!(problem.flaws[0].pointer, format!("/ids/{last}"));
    assert_eq!(store.of_run(&run).iter().filter(|p| p.state == ProposalState::Open).count(), last);
    let filter = |model| Selection::Matching(Filter { run: Some(run.id), model, ..Filter::default() });
    assert_eq!(many(&filter(Some(ModelCode::M5)), &decline()).unwrap().len(), 2);
    let rest = many(&filter(None), &confirm()).unwrap();
    assert!(rest.len() == 5 && rest.iter().all(|d| d.assignment_id.is_some()));
    assert_eq!(many(&filter(None), &confirm()).unwrap(), []);
}
