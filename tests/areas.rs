//! One area against another: what a municipality or a school never sees. Each operation that reads has a case here; a
//! new one without a case fails.

use crate::{
    access::WHOLE_REGION,
    harness::{
        Client, Reply, World,
        contract::{Operation, operations, secured},
        seed::{Seed, YEAR},
    },
};
use diesel::prelude::*;
use opora_db::schema::{assignments, designations, staff, support_records};
use opora_identity::{Permission, Role};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// How the rows of a list tell whose they are.
enum Rows {
    /// Everybody sees the same, for this reason.
    Shared(&'static str),
    /// By the id of the school in this field.
    Schools(&'static str),
    /// By the id of the municipality in this field.
    Municipalities(&'static str),
    /// By `school_id` or else `municipality_id`.
    Either,
    /// The path names a school: the list of another's school is not found.
    OfSchool,
    /// The seed holds no rows of it; the reason says where it is tested instead.
    Elsewhere(&'static str),
    /// Only roles of the whole region may ask.
    RegionOnly,
}

/// Lists: operation, query to ask with, rows.
const LISTS: &[(&str, &str, Rows)] = &[
    ("list_users", "", Rows::RegionOnly),
    ("list_service_clients", "", Rows::RegionOnly),
    ("list_audit_entries", "", Rows::RegionOnly),
    (
        "list_feed_tokens",
        "",
        Rows::Elsewhere("tokens are their user's: `feeds::a_token_opens_its_feed_as_long_as_it_may`"),
    ),
    ("list_reports", "", Rows::RegionOnly),
    ("list_due_reports", "", Rows::RegionOnly),
    ("list_municipalities", "", Rows::Municipalities("id")),
    (
        "list_webhooks",
        "",
        Rows::Elsewhere("webhooks are their owner's: `webhooks::anothers_webhook_is_not_found`"),
    ),
    (
        "list_webhook_deliveries",
        "",
        Rows::Elsewhere("so are their messages: `webhooks::anothers_webhook_is_not_found`"),
    ),
    (
        "list_changes",
        "",
        Rows::Elsewhere("`changes::a_school_that_moves_leaves_its_municipality` and its neighbours"),
    ),
    (
        "list_change_partitions",
        "?resource=schools",
        Rows::Elsewhere("parts hold no rows; `changes::the_parts_of_a_resource_are_the_whole`"),
    ),
    ("list_contexts", "", Rows::Schools("school_id")),
    ("list_schools", "", Rows::Schools("id")),
    ("list_school_contexts", "", Rows::OfSchool),
    ("list_school_results", "", Rows::OfSchool),
    ("list_school_staff", "", Rows::OfSchool),
    ("list_results", "?academic_year=2019%2F2020", Rows::Schools("school_id")),
    ("list_staff", "", Rows::Schools("school_id")),
    ("list_support_records", "", Rows::Schools("school_id")),
    ("list_designations", "", Rows::Either),
    (
        "list_lists",
        "",
        Rows::Shared("the versions of the list belong to the region; its schools are filtered"),
    ),
    ("list_listed_schools", "", Rows::Schools("school_id")),
    ("list_methodologies", "", Rows::Shared("a methodology is the region's")),
    ("list_identification_runs", "", Rows::Shared("a run is the region's; its verdicts are filtered")),
    ("list_verdicts", "", Rows::Schools("school_id")),
    ("list_school_verdicts", "", Rows::OfSchool),
    ("list_models", "", Rows::Shared("the seven models are the order's")),
    (
        "list_proposal_runs",
        "",
        Rows::Shared("a run of the rules is the region's; its proposals are filtered"),
    ),
    (
        "list_proposals",
        "",
        Rows::Elsewhere("proposals come from the rules: `models::another_areas_proposals_are_not_found`"),
    ),
    (
        "list_coverage_gaps",
        "",
        Rows::Elsewhere("gaps come from the rules: `models::municipalities_outside_the_bounds_are_gaps`"),
    ),
    ("list_assignments", "", Rows::Schools("school_id")),
    ("list_school_assignments", "", Rows::OfSchool),
    ("list_indicators", "", Rows::Shared("indicators are numbers about the whole region")),
    (
        "list_indicator_rows",
        "",
        Rows::Elsewhere(
            "rows come from lists, assignments and support: `models::indicators_add_up_by_hand`, `support::the_second_indicator_counts_people`",
        ),
    ),
    (
        "list_facts",
        "",
        Rows::Elsewhere("facts are about a plan from a file: `facts::a_fact_is_about_the_authors_area`"),
    ),
    ("list_fact_evidence", "", Rows::Elsewhere("of such facts: `evidence::evidence_is_of_the_facts_area`")),
    (
        "list_fact_rows",
        "",
        Rows::Elsewhere("records behind such facts: `fact_proposals::what_the_data_holds_is_proposed`"),
    ),
    ("list_acts", "", Rows::Shared("acts are the region's")),
    ("list_passport_stages", "", Rows::Shared("the passport is the region's")),
    ("list_working_group_seats", "", Rows::Shared("the working group is the region's")),
    ("list_plans", "", Rows::Shared("a plan is the region's")),
    (
        "list_plan_versions",
        "",
        Rows::Elsewhere("plans come from files: `plans::everyone_reads_the_same_plan`"),
    ),
    (
        "list_plan_activities",
        "",
        Rows::Elsewhere("plans come from files: `plans::everyone_reads_the_same_plan`"),
    ),
    (
        "list_plan_warnings",
        "",
        Rows::Elsewhere("plans come from files: `plans::everyone_reads_the_same_plan`"),
    ),
    (
        "list_expected_reports",
        "",
        Rows::Elsewhere("a plan comes from a file: `discipline::who_never_reported_is_told_by_name`"),
    ),
    (
        "list_plan_discipline",
        "",
        Rows::Elsewhere("a plan comes from a file: `discipline::a_part_of_the_region_sees_its_own_counts`"),
    ),
    (
        "list_imports",
        "",
        Rows::Elsewhere("imports come from files: `imports::anothers_import_and_job_are_not_found`"),
    ),
    (
        "list_import_lines",
        "",
        Rows::Elsewhere("imports come from files: `imports::anothers_import_and_job_are_not_found`"),
    ),
    (
        "list_import_rejects",
        "",
        Rows::Elsewhere("imports come from files: `imports::anothers_import_and_job_are_not_found`"),
    ),
];

/// What a single record belongs to.
enum Record {
    /// The same for everybody, for this reason.
    Shared(&'static str),
    School,
    Municipality,
    Designation,
    Support,
    Assignment,
    /// Only roles of the whole region may ask.
    RegionOnly,
    /// The seed holds no such record; the reason says where it is tested instead.
    Elsewhere(&'static str),
}

/// Single records.
const RECORDS: &[(&str, Record)] = &[
    ("get_liveness", Record::Shared("open")),
    ("get_readiness", Record::Shared("open")),
    ("get_metrics", Record::Shared("open, on the loopback interface only")),
    ("get_keys", Record::Shared("open")),
    (
        "get_calendar_feed",
        Record::Elsewhere(
            "the token in the address names the user: `feeds::rights_are_those_of_the_user_when_the_feed_is_fetched`",
        ),
    ),
    (
        "get_report_feed",
        Record::Elsewhere(
            "the token in the address names the user: `feeds::rights_are_those_of_the_user_when_the_feed_is_fetched`",
        ),
    ),
    ("get_public_summary", Record::Shared("open; figures of the whole region without small counts")),
    ("get_me", Record::Shared("the caller itself")),
    ("get_user", Record::RegionOnly),
    ("get_service_client", Record::RegionOnly),
    ("get_audit_entry", Record::RegionOnly),
    ("export_audit_log", Record::RegionOnly),
    ("verify_audit_log", Record::RegionOnly),
    ("get_token_info", Record::Shared("the caller's own token")),
    ("get_webhook", Record::Elsewhere("a webhook is its owner's: `webhooks::anothers_webhook_is_not_found`")),
    ("get_change_position", Record::Shared("a place in the feed and no record")),
    (
        "stream_changes",
        Record::Elsewhere("what `list_changes` gives: `changes::a_stream_goes_on_where_it_broke`"),
    ),
    ("get_server_metadata", Record::Shared("open")),
    ("get_report", Record::RegionOnly),
    ("get_report_file", Record::RegionOnly),
    ("get_report_chart", Record::RegionOnly),
    ("get_municipality", Record::Municipality),
    ("get_school", Record::School),
    ("get_designation", Record::Designation),
    ("get_support_record", Record::Support),
    ("get_list", Record::Shared("a version of the list says only how many schools it names")),
    ("get_job", Record::Elsewhere("a job is its asker's: `imports::anothers_import_and_job_are_not_found`")),
    (
        "export_import_rejects",
        Record::Elsewhere("imports come from files: `imports::anothers_import_and_job_are_not_found`"),
    ),
    (
        "get_import",
        Record::Elsewhere("imports come from files: `imports::anothers_import_and_job_are_not_found`"),
    ),
    ("export_results", Record::Elsewhere("a file and no page: `exports::a_file_holds_the_callers_area`")),
    ("get_methodology", Record::Shared("a methodology is the region's")),
    ("get_identification_run", Record::Shared("a run is the region's; its counts are of the area")),
    ("compare_identification_run", Record::Shared("counts of the area")),
    ("get_verdict", Record::School),
    ("get_model", Record::Shared("the seven models are the order's")),
    ("get_proposal_run", Record::Shared("a run of the rules is the region's; its counts are of the area")),
    (
        "get_proposal",
        Record::Elsewhere("proposals come from the rules: `models::another_areas_proposals_are_not_found`"),
    ),
    ("get_assignment", Record::Assignment),
    ("get_plan", Record::Elsewhere("plans come from files: `plans::everyone_reads_the_same_plan`")),
    ("get_plan_version", Record::Elsewhere("plans come from files: `plans::everyone_reads_the_same_plan`")),
    (
        "compare_plan_versions",
        Record::Elsewhere("plans come from files: `plans::everyone_reads_the_same_plan`"),
    ),
    ("get_plan_activity", Record::Elsewhere("plans come from files: `plans::everyone_reads_the_same_plan`")),
    ("get_indicator", Record::Shared("indicators are numbers about the whole region")),
    ("get_indicator_series", Record::Shared("indicators are numbers about the whole region")),
    (
        "get_fact",
        Record::Elsewhere(
            "facts are about a plan from a file: `facts::a_fact_of_another_body_is_not_changed`",
        ),
    ),
    ("get_evidence", Record::Elsewhere("of such facts: `evidence::evidence_is_of_the_facts_area`")),
    ("get_evidence_content", Record::Elsewhere("of such facts: `evidence::evidence_is_of_the_facts_area`")),
    ("get_act", Record::Shared("acts are the region's")),
    ("get_passport_stage", Record::Shared("the passport is the region's")),
    ("get_working_group_seat", Record::Shared("the working group is the region's")),
];

/// Operations that write and that roles of a municipality or a school, or a program bounded to one, may carry out, with
/// the test that tries them on another's record. The others of the whole region stand in `access::WHOLE_REGION`.
const WRITES: &[(&str, &str)] = &[
    ("log_out", "one's own session: `sessions::a_logout_counts_at_once`"),
    ("change_password", "one's own: `sessions::a_user_changes_its_own_password`"),
    ("create_webhook", "`webhooks::only_what_was_asked_for_and_may_be_read_is_sent`"),
    ("update_webhook", "`webhooks::anothers_webhook_is_not_found`"),
    ("delete_webhook", "`webhooks::anothers_webhook_is_not_found`"),
    ("rotate_webhook_secret", "`webhooks::anothers_webhook_is_not_found`"),
    ("replay_webhook_delivery", "`webhooks::anothers_webhook_is_not_found`"),
    ("replay_webhook_deliveries", "`webhooks::anothers_webhook_is_not_found`"),
    ("upsert_contexts", "`bulk::a_municipality_writes_about_its_own_schools`"),
    ("upsert_results", "`bulk::a_municipality_writes_about_its_own_schools`"),
    ("upsert_support_records", "`bulk::a_municipality_writes_about_its_own_schools`"),
    ("create_import", "`imports::a_municipality_loads_what_is_its_own`"),
    ("cancel_job", "`imports::anothers_import_and_job_are_not_found`"),
    ("create_support_record", "`support::support_stays_inside_the_area_and_its_reading_is_recorded`"),
    ("update_support_record", "`support::support_stays_inside_the_area_and_its_reading_is_recorded`"),
    ("delete_support_record", "`support::support_stays_inside_the_area_and_its_reading_is_recorded`"),
    ("create_fact", "`facts::a_fact_is_about_the_authors_area`"),
    ("update_fact", "`facts::a_fact_of_another_body_is_not_changed`"),
    ("delete_fact", "`facts::a_fact_of_another_body_is_not_changed`"),
    ("create_fact_evidence", "`facts::a_fact_of_another_body_is_not_changed`"),
    ("delete_evidence", "`evidence::evidence_is_of_the_facts_area`"),
    ("create_feed_token", "for oneself: `feeds::rights_are_those_of_the_user_when_the_feed_is_fetched`"),
    ("delete_feed_token", "`feeds::a_token_opens_its_feed_as_long_as_it_may`"),
    ("update_municipality", "`areas::a_program_of_an_area_writes_nothing_of_the_registry`"),
    ("delete_municipality", "`areas::a_program_of_an_area_writes_nothing_of_the_registry`"),
    ("update_school", "`areas::a_program_of_an_area_writes_nothing_of_the_registry`"),
    ("delete_school", "`areas::a_program_of_an_area_writes_nothing_of_the_registry`"),
    ("update_designation", "`areas::a_program_of_an_area_writes_nothing_of_the_registry`"),
    ("delete_designation", "`areas::a_program_of_an_area_writes_nothing_of_the_registry`"),
    ("delete_results", "`areas::a_program_of_an_area_writes_nothing_of_the_registry`"),
    ("delete_contexts", "`areas::a_program_of_an_area_writes_nothing_of_the_registry`"),
    ("delete_staff_member", "`areas::a_program_of_an_area_writes_nothing_of_the_registry`"),
];

fn reads() -> impl Iterator<Item = Operation> {
    operations().into_iter().filter(|o| o.method == "GET")
}

#[test]
fn every_operation_that_reads_has_a_case() {
    let missing: Vec<&str> = reads()
        .filter(|o| !LISTS.iter().any(|(id, ..)| *id == o.id) && !RECORDS.iter().any(|(id, _)| *id == o.id))
        .map(|o| o.id)
        .collect();
    assert!(missing.is_empty(), "no case for {missing:?} in tests/areas.rs");
    let listed: Vec<&str> = reads().filter(Operation::is_list).map(|o| o.id).collect();
    assert!(listed.contains(&"list_users"), "the walk recognises lists: {listed:?}");
}

#[test]
fn every_operation_that_writes_within_an_area_has_a_case() {
    let local = |permission: Permission| {
        let has = |role: &Role| permission.given_to(*role);
        [Role::Municipality, Role::School].iter().any(has) || Permission::FOR_CLIENTS.contains(&permission)
    };
    let writes: BTreeSet<&str> = secured()
        .filter(|(operation, permission)| operation.method != "GET" && local(*permission))
        .map(|(operation, _)| operation.id)
        .collect();
    let known = |list: &[(&'static str, &str)]| list.iter().map(|(id, _)| *id).collect::<BTreeSet<_>>();
    let (cases, regional) = (known(WRITES), known(WHOLE_REGION));
    let missing: Vec<_> =
        writes.iter().filter(|id| !cases.contains(*id) && !regional.contains(*id)).collect();
    assert!(missing.is_empty(), "no case for {missing:?} in tests/areas.rs");
    let idle: Vec<_> = cases.difference(&writes).collect();
    assert!(idle.is_empty(), "{idle:?} writes nothing within an area");
}

/// A case that only names its test must name one that is there.
#[test]
fn every_test_that_a_case_names_is_there() {
    let lists = LISTS.iter().filter_map(|(_, _, rows)| match rows {
        Rows::Elsewhere(reason) => Some(*reason),
        _ => None,
    });
    let records = RECORDS.iter().filter_map(|(_, record)| match record {
        Record::Elsewhere(reason) => Some(*reason),
        _ => None,
    });
    let mut named = 0;
    for reason in lists.chain(records).chain(WRITES.iter().map(|(_, reason)| *reason)) {
        let tests: Vec<(&str, &str)> = reason.split('`').filter_map(|word| word.split_once("::")).collect();
        assert!(!tests.is_empty(), "no test is named: {reason}");
        for (module, test) in tests {
            let path = format!("{}/{module}.rs", env!("CARGO_MANIFEST_DIR"));
            let source = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
            let is_there =
                source.contains(&format!("both!({test},")) || source.contains(&format!("fn {test}("));
            assert!(is_there, "no test {module}::{test}");
            named += 1;
        }
    }
    assert!(named > 40, "the walk saw {named} tests");
}

#[test]
fn every_case_has_an_operation_and_a_reason() {
    let known: Vec<&str> = reads().map(|o| o.id).collect();
    for (id, _, rows) in LISTS {
        assert!(known.contains(id), "{id} is no operation any more");
        assert!(!matches!(rows, Rows::Shared("") | Rows::Elsewhere("")), "{id}");
    }
    for (id, record) in RECORDS {
        assert!(known.contains(id), "{id} is no operation any more");
        assert!(!matches!(record, Record::Shared("") | Record::Elsewhere("")), "{id}");
    }
}

/// A bounded user and what lies in its area.
struct Bounded {
    role: Role,
    client: Client,
    schools: Vec<i64>,
    municipalities: Vec<i64>,
}

fn bounded(world: &World) -> [Bounded; 3] {
    let seed = &world.seed;
    let own = |login, schools: &[opora_primitives::SchoolId], places: &[opora_primitives::MunicipalityId]| {
        Bounded {
            role: if login == "school" { Role::School } else { Role::Municipality },
            client: world.log_in(login),
            schools: schools.iter().map(|s| s.0).collect(),
            municipalities: places.iter().map(|m| m.0).collect(),
        }
    };
    [
        own("municipality", &[seed.school, seed.neighbour], &[seed.own]),
        // A city sees its districts.
        own("city", &[seed.district_school], &[seed.city, seed.district]),
        // A school sees the municipality it lies in.
        own("school", &[seed.school], &[seed.own]),
    ]
}

/// The path of an operation on what belongs to `key`: the parameter that names the area's part gets it, a version of
/// the list or a run above it is the seed's only one.
fn path_of(world: &World, operation: &Operation, key: &str) -> String {
    operation.path_with(|parameter| {
        Some(match (operation.id, parameter) {
            ("list_listed_schools", "id") => world.seed.list.to_string(),
            ("list_verdicts" | "get_verdict", "id") => world.seed.run.to_string(),
            _ => key.to_owned(),
        })
    })
}

fn ids(rows: &[Value], field: &str) -> Vec<i64> {
    let mut ids: Vec<i64> =
        rows.iter().map(|row| row[field].as_i64().unwrap_or_else(|| panic!("no {field} in {row}"))).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

both!(a_list_shows_the_callers_area_and_all_of_it, |world| {
    let operations = operations();
    for user in bounded(world) {
        for (id, query, rows) in LISTS {
            let operation =
                operations.iter().find(|o| o.id == *id).unwrap_or_else(|| panic!("no operation {id}"));
            let path = path_of(world, operation, &user.schools[0].to_string());
            let reply = user.client.get(&(path + query));
            match rows {
                Rows::RegionOnly => drop(reply.expect(403)),
                Rows::Elsewhere(_) => {}
                Rows::Shared(_) | Rows::OfSchool => {
                    let may = operation.permission().is_some_and(|permission| permission.given_to(user.role));
                    drop(reply.expect(if may { 200 } else { 403 }));
                }
                Rows::Schools(field) => {
                    assert_eq!(ids(reply.expect(200).items(), field), user.schools, "{id}")
                }
                Rows::Municipalities(field) => {
                    assert_eq!(ids(reply.expect(200).items(), field), user.municipalities, "{id}");
                }
                Rows::Either => {
                    let reply = reply.expect(200);
                    assert!(!reply.items().is_empty(), "{id}");
                    for row in reply.items() {
                        let inside = match row["school_id"].as_i64() {
                            Some(school) => user.schools.contains(&school),
                            None => user.municipalities.contains(&row["municipality_id"].as_i64().unwrap()),
                        };
                        assert!(inside, "{id}: {row}");
                    }
                }
            }
        }
    }
});

both!(the_region_sees_every_row, |world| {
    let institute = world.client(Role::Institute);
    for (id, query, rows) in LISTS {
        let (Rows::Schools(field) | Rows::Municipalities(field)) = rows else { continue };
        let operations = operations();
        let operation = operations.iter().find(|o| o.id == *id).unwrap();
        let reply = institute.get(&(path_of(world, operation, "1") + query)).expect(200);
        let expected = if matches!(rows, Rows::Schools(_)) { 5 } else { 4 };
        assert_eq!(ids(reply.items(), field).len(), expected, "{id}: {reply}");
    }
});

// The other's ids asked for by name.
both!(a_filter_opens_no_other_area, |world| {
    let Seed { other, other_school, run, .. } = world.seed;
    let client = world.client(Role::Municipality);
    for path in [
        format!("/api/v1/schools?municipality_id={other}"),
        format!("/api/v1/results?school_id={other_school}"),
        format!("/api/v1/staff?school_id={other_school}"),
        format!("/api/v1/support-records?school_id={other_school}"),
        format!("/api/v1/designations?school_id={other_school}"),
        format!("/api/v1/designations?municipality_id={other}"),
        format!("/api/v1/assignments?school_id={other_school}"),
        format!("/api/v1/assignments?municipality_id={other}"),
        format!("/api/v1/identification-runs/{run}/verdicts?municipality_id={other}"),
    ] {
        let reply = client.get(&path);
        assert!(reply.expect(200).items().is_empty(), "{path}");
    }
});

/// A designation of the school `of`.
fn designation(world: &World, of: opora_primitives::SchoolId) -> i64 {
    let row = designations::table.filter(designations::school_id.eq(of)).select(designations::id);
    world.node.state.database.read(|db| Ok(row.first(db)?)).unwrap()
}

/// A designation of the municipality `of`.
fn designation_of_municipality(world: &World, of: opora_primitives::MunicipalityId) -> i64 {
    let row = designations::table.filter(designations::municipality_id.eq(of)).select(designations::id);
    world.node.state.database.read(|db| Ok(row.first(db)?)).unwrap()
}

/// The assignment of the school `of`.
fn assignment(world: &World, of: opora_primitives::SchoolId) -> i64 {
    let row = assignments::table.filter(assignments::school_id.eq(of)).select(assignments::id);
    world.node.state.database.read(|db| Ok(row.first(db)?)).unwrap()
}

/// The support of the only person of the school `of`.
fn support(world: &World, of: opora_primitives::SchoolId) -> i64 {
    let row = support_records::table
        .inner_join(staff::table)
        .filter(staff::school_id.eq(of))
        .select(support_records::id);
    world.node.state.database.read(|db| Ok(row.first(db)?)).unwrap()
}

both!(anothers_record_is_not_found, |world| {
    let seed = world.seed;
    let client = world.client(Role::Municipality);
    let school_user = world.client(Role::School);
    let operations = operations();
    let read = |client: &Client, id: &str, key: String| {
        let operation = operations.iter().find(|o| o.id == id).unwrap_or_else(|| panic!("no operation {id}"));
        client.get(&path_of(world, operation, &key))
    };
    let mut cases: Vec<(&str, String, Vec<String>)> = Vec::new();
    let (own, others) =
        (seed.school.to_string(), [seed.other_school, seed.district_school, seed.state_school]);
    for (id, record) in RECORDS {
        match record {
            Record::School => cases.push((id, own.clone(), others.iter().map(ToString::to_string).collect())),
            Record::Municipality => {
                cases.push((
                    id,
                    seed.own.to_string(),
                    [seed.other, seed.district].map(|m| m.to_string()).into(),
                ));
            }
            Record::Designation => {
                let of = |school| designation(world, school).to_string();
                cases.push((id, of(seed.school), others.iter().map(|s| of(*s)).collect()));
            }
            Record::Support => {
                let of = |school| support(world, school).to_string();
                cases.push((id, of(seed.school), others.iter().map(|s| of(*s)).collect()));
            }
            Record::Assignment => {
                let of = |school| assignment(world, school).to_string();
                cases.push((id, of(seed.school), others.iter().map(|s| of(*s)).collect()));
            }
            Record::RegionOnly | Record::Shared(_) | Record::Elsewhere(_) => {}
        }
    }
    for (id, _, rows) in LISTS {
        if matches!(rows, Rows::OfSchool) {
            cases.push((id, own.clone(), others.iter().map(ToString::to_string).collect()));
        }
    }
    for (id, own, others) in cases {
        read(&client, id, own.clone()).expect(200);
        read(&school_user, id, own).expect(200);
        for other in others {
            read(&client, id, other.clone()).expect(404).problem("not_found");
            read(&school_user, id, other).expect(404).problem("not_found");
        }
    }
    // The code of a school opens no more than its id.
    client.get("/api/v1/schools/code:520101").expect(200);
    client.get("/api/v1/schools/code:520201").expect(404).problem("not_found");
    // A neighbour in the same municipality is another's for a school.
    school_user.get(&format!("/api/v1/schools/{}", seed.neighbour)).expect(404);
});

/// Records of the registry, in the areas of the users and outside: where they are, and a change of each.
fn registry(world: &World) -> Vec<(String, Value)> {
    let seed = world.seed;
    let act = json!({ "act": "Приказ № 99" });
    let of_schools = [seed.school, seed.neighbour, seed.other_school, seed.state_school].map(|school| {
        let designation = format!("designations/{}", designation(world, school));
        [(format!("schools/{school}"), json!({ "short_name": "Иная" })), (designation, act.clone())]
    });
    let of_places = [seed.own, seed.other, seed.district].map(|place| {
        let designation = format!("designations/{}", designation_of_municipality(world, place));
        [(format!("municipalities/{place}"), json!({ "name": "Иной" })), (designation, act.clone())]
    });
    let all = of_schools.into_iter().chain(of_places).flatten();
    all.map(|(path, change)| (format!("/api/v1/{path}"), change)).collect()
}

// No role of a part of the region may write the registry, but a program bounded to one may hold the scope. What it may do
// with files is `imports::a_municipality_loads_what_is_its_own`.
both!(a_program_of_an_area_writes_nothing_of_the_registry, |world| {
    let seed = world.seed;
    let region = world.client(Role::Institute);
    let read = |path: &str| region.get(path).expect(200);
    let results = "/api/v1/results?academic_year=2019%2F2020&type=OGE";
    for area in [json!({ "municipality_id": seed.own }), json!({ "school_id": seed.school })] {
        let mut draft = area.clone();
        draft["scopes"] = json!(["registry:read", "registry:write"]);
        let program = world.program(&world.service_client(draft), None);
        let closed = |reply: Reply| {
            let (status, code) = (reply.status, reply.json["code"].clone());
            let known = [(403, json!("forbidden")), (404, json!("not_found"))];
            assert!(known.contains(&(status, code)), "{area}: {reply}");
        };
        for (path, change) in registry(world) {
            let before = read(&path);
            closed(program.patch(&path, before.header("etag"), &change));
            closed(program.call("DELETE", &path).header("If-Match", before.header("etag")).send());
            assert_eq!(read(&path).json, before.json, "{area}");
        }
        for list in [results, "/api/v1/contexts?academic_year=2019%2F2020"] {
            let before = read(list).items().to_vec();
            assert_eq!(before.len(), 5, "one of each school of the seed");
            for of in [
                String::new(),
                format!("&school_id={}", seed.school),
                format!("&school_id={}", seed.other_school),
            ] {
                closed(program.call("DELETE", &format!("{list}{of}")).send());
            }
            assert_eq!(read(list).items(), before, "{area}");
        }
        let people = read("/api/v1/staff").items().to_vec();
        for person in &people {
            let path = format!("/api/v1/staff/{}", person["id"]);
            closed(program.call("DELETE", &path).header("If-Match", "\"1\"").send());
        }
        assert_eq!(read("/api/v1/staff").items(), people, "{area}");
    }
});

both!(people_are_named_only_to_those_who_may, |world| {
    for role in [Role::Ministry, Role::Supervision, Role::Expert, Role::Reader] {
        world.client(role).get("/api/v1/staff").expect(403).problem("forbidden");
        world.client(role).get("/api/v1/support-records").expect(403).problem("forbidden");
    }
    assert_eq!(YEAR, 2019, "the query of list_results names the year");
    let staff = world.client(Role::School).get("/api/v1/staff").expect(200);
    assert_eq!(staff.items().len(), 1);
});
