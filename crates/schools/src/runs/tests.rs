//! Runs from end to end on SQLite, and on PostgreSQL where a server is given.

use super::{
    NewRun, Run,
    fixtures::{Store, in_need, region},
    verdicts::{self, ByRule, Filter, Verdict},
};
use crate::{
    identification::{Finding, Lang, Outcome, SocialClass},
    methodologies,
    types::{MethodologyId, RunId},
};
use diesel::prelude::*;
use opora_db::{
    Error, Result,
    jobs::JobState,
    schema::{change_journal, verdicts as rows},
};
use opora_primitives::{Area, Limit, MunicipalityId, ProblemCode, Reason, SchoolId};

fn stores() -> Vec<(i64, Store)> {
    let sqlite = (1, Store::sqlite().with(&region(1)));
    let postgres = Store::postgres().map(|store| (700, store.with(&region(700))));
    [Some(sqlite), postgres].into_iter().flatten().collect()
}

fn all(store: &Store, area: Area, run: RunId, filter: &Filter) -> Vec<Verdict> {
    let limit = Limit::new(None).unwrap();
    store.database.read(|db| verdicts::list(db, area, run, filter, limit, None)).unwrap().items
}

fn codes(verdicts: &[Verdict]) -> Vec<&str> {
    verdicts.iter().map(|verdict| verdict.school_code.as_str()).collect()
}

type Said = (String, bool, String, bool, Option<i32>, bool, Option<String>, String);

/// Everything the rules said, without row ids.
fn said(store: &Store, run: &Run) -> Vec<Said> {
    let columns = (
        rows::outcome,
        rows::listed,
        rows::findings,
        rows::bias_flag,
        rows::social_index,
        rows::resilient,
        rows::social,
        rows::trace,
    );
    let wanted = rows::table.filter(rows::run_id.eq(run.id)).order(rows::school_id).select(columns);
    store.database.read(|db| Ok(wanted.load(db)?)).unwrap()
}

fn refusal<T>(answer: Result<T>) -> (ProblemCode, Vec<(String, Reason)>) {
    match answer.err() {
        Some(Error::Problem(p)) => (p.code, p.flaws.into_iter().map(|f| (f.pointer, f.reason)).collect()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_small_region() {
    for (_, store) in stores() {
        let run = store.judged();
        let found = all(&store, Area::Region, run.id, &Filter::default());
        let outcomes: Vec<_> = found.iter().map(|v| (v.school_code.as_str(), v.outcome, v.listed)).collect();
        assert_eq!(
            outcomes,
            [
                ("520101", Outcome::Low, true),
                ("520102", Outcome::Ordinary, true),
                ("520103", Outcome::InsufficientData, false),
                ("520105", Outcome::Ordinary, true),
                ("520106", Outcome::Risk, false),
                ("520107", Outcome::High, false),
                ("520108", Outcome::InsufficientData, false),
            ]
        );
        let findings = [Finding::Listed, Finding::LowShare, Finding::LowTrend, Finding::Risk];
        assert_eq!(found[0].findings, findings);
        // 6 schools of 4 results, the small one, the sample study of school 2; not the later year, not the resit.
        assert_eq!((run.inputs_rows, run.schools, run.state), (Some(26), Some(7), JobState::Succeeded));
        // School 1 is worst on nine of ten indicators, school 2 best; locality is the same everywhere and pupils too.
        assert!(found[0].social_index < found[1].social_index && found[0].adverse == Some(true));
        assert_eq!(found[0].social_class, Some(SocialClass::LowAdverse));
    }
}

#[test]
fn a_procedure_may_have_any_id() {
    let known = Store::sqlite().with(&region(1));
    let expected = said(&known, &known.judged());
    // Beyond what a packed result holds, together with those that hold; the last one below it on its own.
    for base in [(1 << 19) - 4, (1 << 19) + 700] {
        let stores = [Some(Store::sqlite()), Store::postgres()].into_iter().flatten();
        for store in stores.map(|store| store.with(&region(base))) {
            let run = store.judged();
            assert_eq!((run.inputs_rows, said(&store, &run)), (Some(26), expected.clone()), "{base}");
        }
    }
}

#[test]
fn the_day_of_closing_says_which_schools_are_judged() {
    for (base, store) in stores() {
        let closed =
            |n: i64, day: &str| format!("UPDATE schools SET closed_on = '{day}' WHERE id = {};", base + n);
        // Open by its status alone; closed, but on a day to come.
        let store = store.with(&(closed(6, "2019-12-31") + &closed(4, "2999-08-31")));
        let run = store.judged();
        let found = all(&store, Area::Region, run.id, &Filter::default());
        let expected = ["520101", "520102", "520103", "520104", "520105", "520107", "520108"];
        assert_eq!(codes(&found), expected);
    }
}

#[test]
fn a_school_that_closed_after_the_judged_year_has_a_verdict() {
    // The year 2019/2020 ends on 31 August.
    for (closed_on, judged) in [("2020-08-30", false), ("2020-08-31", true), ("2021-06-30", true)] {
        for (base, store) in stores() {
            let school = base + 4;
            let store =
                store.with(&format!("UPDATE schools SET closed_on = '{closed_on}' WHERE id = {school}"));
            let run = store.judged();
            let found = all(&store, Area::Region, run.id, &Filter::default());
            let verdict = found.iter().find(|v| v.school_code.as_str() == "520104");
            assert_eq!(verdict.is_some(), judged, "{closed_on}");
        }
    }
}

#[test]
fn filters_areas_and_pages() {
    for (base, store) in stores() {
        let run = store.judged().id;
        let by = |filter: Filter| all(&store, Area::Region, run, &filter);
        assert_eq!(codes(&by(Filter { outcome: Some(Outcome::Low), ..Filter::default() })), ["520101"]);
        assert_eq!(
            codes(&by(Filter { listed: Some(true), ..Filter::default() })),
            ["520101", "520102", "520105"]
        );
        assert_eq!(
            codes(&by(Filter { finding: Some(Finding::Risk), ..Filter::default() })),
            ["520101", "520106"]
        );
        assert_eq!(codes(&by(Filter { finding: Some(Finding::High), ..Filter::default() })), ["520107"]);
        assert!(by(Filter { bias: Some(true), ..Filter::default() }).is_empty());
        assert!(by(Filter { resilient: Some(true), ..Filter::default() }).is_empty());
        let class = Some(SocialClass::OrdinaryOther);
        assert_eq!(
            codes(&by(Filter { social_class: class, ..Filter::default() })),
            ["520102", "520106", "520107"]
        );
        let second = Some(MunicipalityId(base + 1));
        let there = ["520105", "520106", "520107", "520108"];
        assert_eq!(codes(&by(Filter { municipality: second, ..Filter::default() })), there);
        let area = Area::Municipality(MunicipalityId(base + 1));
        assert_eq!(codes(&all(&store, area, run, &Filter::default())), there);
        assert_eq!(
            codes(&all(&store, Area::School(SchoolId(base + 2)), run, &Filter::default())),
            ["520102"]
        );

        let mut pages = Vec::new();
        let (limit, mut cursor) = (Limit::new(Some(3)).unwrap(), None::<String>);
        loop {
            let filter = Filter::default();
            let page = store
                .database
                .read(|db| verdicts::list(db, Area::Region, run, &filter, limit, cursor.as_deref()))
                .unwrap();
            pages.push(page.items.len());
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(pages, [3, 3, 1]);
    }
}

#[test]
fn good_results_in_adverse_conditions_make_a_school_resilient() {
    for (base, store) in stores() {
        // Schools 2 and 7 alike, school 1 next to them: 50 %, 50 % and 40 % of the pupils on each adverse indicator.
        let store = store.with(&in_need(base, &[2, 7]));
        let run = store.judged().id;
        let by = |filter: Filter| all(&store, Area::Region, run, &filter);
        assert_eq!(codes(&by(Filter { resilient: Some(true), ..Filter::default() })), ["520102"]);
        let explained =
            |n: i64| store.database.read(|db| verdicts::find(db, run, SchoolId(base + n), Lang::Ru)).unwrap();
        // Of four schools two are lowest on nine indicators: (0 + 2) / 8 = 2500; all are alike on size and locality, 4 / 8 =
        // 5000. (9 * 2500 + 2 * 5000) / 11 = 2954.5. School 1: 5 / 8 nine times, (56250 + 10000) / 11 = 6022.7; school 6: 7 / 8,
        // (78750 + 10000) / 11 = 8068.2. The lowest quarter of four is one, and what equals it.
        let seen = [2, 7, 1, 6].map(|n| {
            let verdict = explained(n).verdict;
            (verdict.social_index, verdict.adverse, verdict.resilient)
        });
        let expected = [(2955, true, true), (2955, true, false), (6023, false, false), (8068, false, false)];
        assert_eq!(seen, expected.map(|(index, adverse, resilient)| (Some(index), Some(adverse), resilient)));
        // The best two of six means: 4.00 in all works but Russian of 2019/2020, in which they are 4.00 and 3.90. School 7 has
        // 3.90 everywhere, one strong year too few; school 6 has two such years in other conditions.
        let strong = |n| {
            let years = explained(n).social.unwrap().strong_years;
            years.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(strong(2), ["2019/2020", "2018/2019"]);
        assert_eq!(strong(7), ["2019/2020"]);
        assert!(strong(6).is_empty(), "looked for only in such conditions");

        // In the same need school 6 is resilient too; without a context school 2 is not.
        let store = store.with(&in_need(base, &[6]));
        let run = store.judged().id;
        let resilient = Filter { resilient: Some(true), ..Filter::default() };
        assert_eq!(codes(&all(&store, Area::Region, run, &resilient)), ["520102", "520106"]);
        let store = store.with(&format!("DELETE FROM contexts WHERE school_id = {}", base + 2));
        let run = store.judged().id;
        assert_eq!(codes(&all(&store, Area::Region, run, &resilient)), ["520106"]);
    }
}

#[test]
fn list_against_rules() {
    for (base, store) in stores() {
        let run = store.judged().id;
        let table = store.database.read(|db| verdicts::comparison(db, Area::Region, run)).unwrap();
        let filled: Vec<_> = table.cells.iter().filter(|cell| cell.count > 0).collect();
        let seen: Vec<_> = filled.iter().map(|cell| (cell.listed, cell.by_rule, cell.count)).collect();
        let expected = [
            (true, ByRule::Low, 1),
            (true, ByRule::NotLow, 2),
            (false, ByRule::NotLow, 2),
            (false, ByRule::InsufficientData, 2),
        ];
        assert_eq!((seen.as_slice(), table.cells.len()), (expected.as_slice(), 8));
        let ids: Vec<_> = filled[1].schools.iter().map(|school| school.id).collect();
        assert_eq!(ids, [SchoolId(base + 2), SchoolId(base + 5)]);
        let area = Area::Municipality(MunicipalityId(base));
        let own = store.database.read(|db| verdicts::comparison(db, area, run)).unwrap();
        assert_eq!(own.cells.iter().map(|cell| cell.count).sum::<usize>(), 3);
        let counts = store.database.read(|db| verdicts::counts(db, area, run)).unwrap();
        let counts: Vec<_> =
            counts.iter().filter(|c| c.schools > 0).map(|c| (c.outcome, c.schools)).collect();
        assert_eq!(counts, [(Outcome::Low, 1), (Outcome::InsufficientData, 1), (Outcome::Ordinary, 1)]);
    }
}

#[test]
fn the_same_inputs_give_the_same_bytes_everywhere() {
    let mut seen = None;
    // Other row ids, as on the other database.
    let others = [(1000, Store::sqlite().with(&region(1000)))];
    for (_, store) in stores().into_iter().chain(others) {
        let (first, second) = (store.judged(), store.judged());
        assert_ne!(first.id, second.id);
        for run in [first, second] {
            let this = (run.inputs_hash.clone(), run.inputs_rows, said(&store, &run));
            assert_eq!(this.2.len(), 7);
            assert_eq!(&this, seen.get_or_insert_with(|| this.clone()));
        }
    }
}

#[test]
fn the_fingerprint_changes_with_what_matters_and_only_with_that() {
    let hash_after = |sql: &str| Store::sqlite().with(&region(1)).with(sql).judged().inputs_hash.unwrap();
    let plain = hash_after("");
    for sql in [
        "UPDATE results SET below_minimum = 7 WHERE school_id = 2 AND procedure_id = 2 AND attempt = 'main'",
        "UPDATE results SET mean_score = NULL WHERE school_id = 2 AND procedure_id = 2 AND attempt = 'main'",
        "DELETE FROM list_entries WHERE school_id = 6",
        "UPDATE contexts SET wards = wards + 1 WHERE school_id = 2",
        "UPDATE schools SET locality = 'rural' WHERE id = 2",
        "DELETE FROM designations WHERE school_id = 8",
    ] {
        assert_ne!(hash_after(sql), plain, "{sql}");
    }
    for sql in [
        "UPDATE results SET below_minimum = 1 WHERE procedure_id = 7",
        "UPDATE results SET below_minimum = 1 WHERE attempt = 'resit'",
        "UPDATE schools SET name = 'Другое имя', version = version + 1",
        "INSERT INTO procedures (academic_year, assessment, grade, subject) VALUES (2018, 'VPR', 4, '01')",
        "DELETE FROM designations WHERE school_id = 7",
    ] {
        assert_eq!(hash_after(sql), plain, "{sql}");
    }
}

#[test]
fn a_verdict_is_explained_in_both_languages_and_remembered() {
    let store = Store::sqlite().with(&region(1));
    let (first, second) = (store.judged().id, store.judged().id);
    let find = |lang| store.database.read(|db| verdicts::find(db, first, SchoolId(2), lang)).unwrap();
    let (ru, en) = (find(Lang::Ru), find(Lang::En));
    assert_eq!(ru.trace[0].words, "школа есть в списке");
    assert_eq!(en.trace[0].words, "the school is on the list");
    assert!(ru.trace.iter().any(|step| step.words.contains("8 из 20 (40,00 %)")));
    assert_eq!(ru.trace.len(), en.trace.len());
    assert_eq!(ru.social.map(|social| (social.known, social.of)), Some((11, 11)));
    let limit = Limit::new(None).unwrap();
    let past = store.database.read(|db| verdicts::of_school(db, SchoolId(2), limit, None)).unwrap();
    assert_eq!(
        past.items.iter().map(|past| past.verdict.identification_run_id).collect::<Vec<_>>(),
        [second, first]
    );
}

#[test]
fn a_run_has_one_effect_or_none() {
    let store = Store::sqlite().with(&region(1));
    let year = Some("2019/2020".parse().unwrap());
    let run = store.create(NewRun { academic_year: year, ..NewRun::default() }).unwrap();
    assert_eq!((run.state, run.inputs_hash), (JobState::Queued, None));
    let called_off = store.carry_out(run.id, |_, _| false);
    assert_eq!(refusal(called_off).0, ProblemCode::WrongState);
    assert!(all(&store, Area::Region, run.id, &Filter::default()).is_empty());

    let store = Store::sqlite().with(&region(1));
    let before = journal(&store);
    let run = store.judged().id;
    // Another worker believes the job is still its own.
    let again = super::run(
        &store.database,
        &super::fixtures::origin(),
        run,
        |_, _| true,
        |_| Err(ProblemCode::WrongState.into()),
    );
    assert_eq!(refusal(again).0, ProblemCode::WrongState);
    assert_eq!(all(&store, Area::Region, run, &Filter::default()).len(), 7);
    // The run was made, and it has verdicts now; not a record for each verdict.
    assert_eq!(journal(&store) - before, 2);
}

fn journal(store: &Store) -> i64 {
    store.database.read(|db| Ok(change_journal::table.count().get_result(db)?)).unwrap()
}

#[test]
fn what_a_run_is_made_from() {
    let store = Store::sqlite();
    let list = |pointer: &str, reason| (ProblemCode::InvalidFields, vec![(pointer.to_owned(), reason)]);
    assert_eq!(refusal(store.create(NewRun::default())), list("/list_id", Reason::Required));
    let store = store.with("INSERT INTO lists (list_year, revision, schools, created_at) VALUES (2019, 1, 0, '2020-01-01 00:00:00')");
    assert_eq!(refusal(store.create(NewRun::default())), list("/academic_year", Reason::Required));
    let unknown = NewRun { methodology: Some(MethodologyId(77)), ..NewRun::default() };
    assert_eq!(refusal(store.create(unknown)), list("/methodology_id", Reason::UnknownReference));

    let store = Store::sqlite().with(&region(5));
    let run = store.create(NewRun::default()).unwrap();
    assert_eq!(run.academic_year.to_string(), "2020/2021");
    assert_eq!((run.methodology.code.as_str(), run.methodology.edition), ("default", 1));
    assert_eq!(run.list.id, store.newest_list().id);

    // The default methodology looks at three years and, to pool small cohorts, at one before them.
    let of = |year: &str| store.create(NewRun { academic_year: year.parse().ok(), ..NewRun::default() });
    for year in ["2010/2011", "2017/2018", "2024/2025"] {
        assert_eq!(refusal(of(year)), list("/academic_year", Reason::WithoutResults), "{year}");
    }
    for year in ["2018/2019", "2023/2024"] {
        of(year).unwrap();
    }
}

#[test]
fn a_draft_is_not_used_and_a_published_methodology_does_not_change() {
    use crate::methodologies::{MethodologyChange, MethodologyState, NewMethodology};
    let store = Store::sqlite().with(&region(1));
    let write = |work: &dyn Fn(&mut opora_db::Tx) -> Result<methodologies::Methodology>| {
        store.database.write(&super::fixtures::origin(), work)
    };
    let new = |share: u8| {
        let mut parameters = crate::identification::Parameters::default();
        parameters.low_share.share_percent = share;
        NewMethodology { code: "default".into(), title: " Иной порог ".into(), parameters }
    };
    let refused =
        refusal(write(&|tx| methodologies::create(tx, &NewMethodology { title: " ".into(), ..new(0) })));
    let flaws =
        [("/title", Reason::WrongLength), ("/parameters/low_share/share_percent", Reason::OutOfRange)];
    assert_eq!(refused.1, flaws.map(|(pointer, reason)| (pointer.to_owned(), reason)));
    let draft = write(&|tx| methodologies::create(tx, &new(50))).unwrap();
    assert_eq!(
        (draft.edition, draft.state, draft.title.as_str()),
        (2, MethodologyState::Draft, "Иной порог")
    );
    let with_draft = NewRun { methodology: Some(draft.id), ..NewRun::default() };
    assert_eq!(refusal(store.create(with_draft)).0, ProblemCode::WrongState);
    let change = MethodologyChange { title: Some("Порог 50 %".into()), parameters: None };
    let stale = write(&|tx| methodologies::update(tx, draft.id, 9_i64, &change));
    assert_eq!(refusal(stale).0, ProblemCode::PreconditionFailed);
    let changed = write(&|tx| methodologies::update(tx, draft.id, 1_i64, &change)).unwrap();
    assert_eq!((changed.version, changed.parameters.low_share.share_percent), (2, 50));
    let unread = write(&|tx| methodologies::publish(tx, draft.id, draft.version));
    assert_eq!(refusal(unread).0, ProblemCode::PreconditionFailed);
    let published = write(&|tx| methodologies::publish(tx, draft.id, changed.version)).unwrap();
    assert_eq!(published.state, MethodologyState::Published);
    for answer in [
        write(&|tx| methodologies::update(tx, draft.id, published.version, &change)),
        write(&|tx| methodologies::publish(tx, draft.id, published.version)),
        write(&|tx| methodologies::delete(tx, draft.id, published.version).map(|()| draft.clone())),
    ] {
        assert_eq!(refusal(answer).0, ProblemCode::MethodologyFrozen);
    }
    // The newest published one is taken: at 50 percent school 1 is low by trend alone.
    let run = store.judged();
    assert_eq!(run.methodology.id, draft.id);
    let low = all(&store, Area::Region, run.id, &Filter { outcome: Some(Outcome::Low), ..Filter::default() });
    assert_eq!(low[0].findings, [Finding::Listed, Finding::LowTrend, Finding::Risk]);
}
