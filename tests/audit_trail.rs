//! Every write and every reading of personal data leaves its record: who, when, what, before, after, on which request.
//! Each operation of the contract has a case here; a new one without a case fails.

use crate::{
    audit_stories::tell_all,
    harness::{World, contract::operations, trail::entries},
};
use opora_db::audit::{AuditEntry, seal::seal, verify::verify};
use std::collections::BTreeSet;

/// Operations that write: the resource, and what is done to it.
const WRITES: &[(&str, &str, &str)] = &[
    ("log_in", "sessions", "create"),
    ("log_out", "sessions", "delete"),
    ("change_password", "users", "update"),
    ("create_user", "users", "create"),
    ("update_user", "users", "update"),
    ("create_service_client", "service-clients", "create"),
    ("update_service_client", "service-clients", "update"),
    ("delete_service_client", "service-clients", "delete"),
    ("create_client_secret", "client-secrets", "create"),
    ("delete_client_secret", "client-secrets", "delete"),
    ("create_webhook", "webhooks", "create"),
    ("update_webhook", "webhooks", "update"),
    ("delete_webhook", "webhooks", "delete"),
    ("rotate_webhook_secret", "webhooks", "update"),
    ("replay_webhook_delivery", "webhooks", "update"),
    ("replay_webhook_deliveries", "webhooks", "update"),
    ("create_municipality", "municipalities", "create"),
    ("update_municipality", "municipalities", "update"),
    ("delete_municipality", "municipalities", "delete"),
    ("create_school", "schools", "create"),
    ("update_school", "schools", "update"),
    ("delete_school", "schools", "delete"),
    ("create_designation", "designations", "create"),
    ("update_designation", "designations", "update"),
    ("delete_designation", "designations", "delete"),
    ("create_support_record", "support-records", "create"),
    ("update_support_record", "support-records", "update"),
    ("delete_support_record", "support-records", "delete"),
    ("create_import", "imports", "create"),
    ("upsert_municipalities", "imports", "create"),
    ("upsert_schools", "imports", "create"),
    ("upsert_contexts", "contexts", "load"),
    ("upsert_results", "results", "load"),
    ("upsert_staff", "staff", "load"),
    ("upsert_designations", "imports", "create"),
    ("upsert_support_records", "support-records", "load"),
    ("cancel_job", "jobs", "update"),
    ("delete_list", "lists", "delete"),
    ("delete_results", "results", "delete"),
    ("delete_contexts", "contexts", "delete"),
    ("delete_staff_member", "staff", "delete"),
    ("create_methodology", "methodologies", "create"),
    ("update_methodology", "methodologies", "update"),
    ("publish_methodology", "methodologies", "update"),
    ("delete_methodology", "methodologies", "delete"),
    ("create_identification_run", "identification-runs", "create"),
    ("delete_identification_run", "identification-runs", "delete"),
    ("create_proposal_run", "proposal-runs", "create"),
    ("delete_proposal_run", "proposal-runs", "delete"),
    ("confirm_proposal", "assignments", "create"),
    ("decline_proposal", "proposals", "update"),
    ("decide_proposals", "proposals", "update"),
    ("create_assignment", "assignments", "create"),
    ("create_assignment_event", "assignments", "update"),
    ("create_fact", "facts", "create"),
    ("update_fact", "facts", "update"),
    ("delete_fact", "facts", "delete"),
    ("confirm_fact", "facts", "update"),
    ("decline_fact", "facts", "update"),
    ("decide_facts", "facts", "update"),
    ("propose_facts", "facts", "create"),
    ("create_fact_evidence", "evidence", "create"),
    ("delete_evidence", "evidence", "delete"),
    ("create_act", "acts", "create"),
    ("update_act", "acts", "update"),
    ("delete_act", "acts", "delete"),
    ("update_passport_stage", "passport/stages", "update"),
    ("create_working_group_seat", "working-group/seats", "create"),
    ("update_working_group_seat", "working-group/seats", "update"),
    ("delete_working_group_seat", "working-group/seats", "delete"),
    ("create_report", "reports", "create"),
    ("update_report", "reports", "update"),
    ("delete_report", "reports", "delete"),
    ("submit_report", "reports", "update"),
    ("return_report", "reports", "update"),
    ("accept_report", "reports", "update"),
    ("create_feed_token", "feed-tokens", "create"),
    ("delete_feed_token", "feed-tokens", "delete"),
];

/// Operations of another method than GET that leave no record, each for a reason.
const NO_WRITES: &[(&str, &str)] = &[
    ("refresh_session", "a session goes on: its beginning and its end are recorded, a misuse ends it"),
    (
        "issue_token",
        "a program's session goes on: what it then does is recorded, its last use stands with it",
    ),
    ("introspect_token", "it reads, and tells who holds a token that the caller holds too"),
];

/// Operations that show people by name, or whatever may name them: the resource that was read.
const READINGS: &[(&str, &str)] = &[
    ("list_users", "users"),
    ("get_user", "users"),
    ("list_staff", "staff"),
    ("list_school_staff", "staff"),
    ("list_support_records", "support-records"),
    ("get_support_record", "support-records"),
    ("list_proposals", "proposals"),
    ("get_proposal", "proposals"),
    ("list_assignments", "assignments"),
    ("get_assignment", "assignments"),
    ("list_school_assignments", "assignments"),
    ("list_indicator_rows", "indicators"),
    ("get_evidence_content", "evidence"),
    ("list_working_group_seats", "working-group/seats"),
    ("get_working_group_seat", "working-group/seats"),
    ("list_changes", "changes"),
    ("stream_changes", "changes"),
    ("list_audit_entries", "audit-log"),
    ("get_audit_entry", "audit-log"),
    ("export_audit_log", "audit-log"),
];

/// Operations that read and name nobody, for a reason.
const NAMELESS: &[(&str, &[&str])] = &[
    (
        "the state of the installation",
        &[
            "get_liveness",
            "get_readiness",
            "get_metrics",
            "get_keys",
            "get_server_metadata",
            "verify_audit_log",
        ],
    ),
    ("the caller itself", &["get_me", "get_token_info"]),
    (
        "programs, and tokens by the id of their user",
        &["list_service_clients", "get_service_client", "list_feed_tokens"],
    ),
    (
        "municipalities, schools and what is counted of them",
        &[
            "list_municipalities",
            "get_municipality",
            "list_schools",
            "get_school",
            "list_contexts",
            "list_school_contexts",
            "list_designations",
            "get_designation",
            "list_results",
            "list_school_results",
            "export_results",
            "list_lists",
            "get_list",
            "list_listed_schools",
        ],
    ),
    (
        "where changes are sent, and how far; what a message tells of people is recorded when it is made",
        &["list_webhooks", "get_webhook", "list_webhook_deliveries"],
    ),
    ("places in a feed, and parts of a list", &["get_change_position", "list_change_partitions"]),
    (
        "files by name and digest, rows by number and natural key, and their jobs",
        &[
            "list_imports",
            "get_import",
            "list_import_lines",
            "list_import_rejects",
            "export_import_rejects",
            "get_job",
        ],
    ),
    (
        "rules, and verdicts on schools",
        &[
            "list_methodologies",
            "get_methodology",
            "list_identification_runs",
            "get_identification_run",
            "compare_identification_run",
            "list_verdicts",
            "get_verdict",
            "list_school_verdicts",
            "list_models",
            "get_model",
        ],
    ),
    (
        "counts",
        &[
            "list_proposal_runs",
            "get_proposal_run",
            "list_coverage_gaps",
            "list_indicators",
            "get_indicator",
            "get_indicator_series",
            "list_plan_discipline",
            "list_expected_reports",
            "get_public_summary",
        ],
    ),
    (
        "plans: executors are bodies",
        &[
            "list_plans",
            "get_plan",
            "list_plan_versions",
            "get_plan_version",
            "compare_plan_versions",
            "list_plan_activities",
            "get_plan_activity",
            "list_plan_warnings",
            "list_due_reports",
            "get_calendar_feed",
        ],
    ),
    (
        "facts: who entered and decided stands there by id, evidence by name and digest",
        &["list_facts", "get_fact", "list_fact_rows", "list_fact_evidence", "get_evidence"],
    ),
    (
        "acts and stages: issuers are bodies",
        &["list_acts", "get_act", "list_passport_stages", "get_passport_stage"],
    ),
    (
        "reports: aggregates; the place for the signature is empty, authors stand there by id",
        &["list_reports", "get_report", "get_report_file", "get_report_chart", "get_report_feed"],
    ),
];

#[test]
fn every_operation_has_a_case_and_every_case_an_operation() {
    let (reading, writing): (BTreeSet<&str>, BTreeSet<&str>) = {
        let (reading, writing): (Vec<_>, Vec<_>) = operations().into_iter().partition(|o| o.method == "GET");
        (reading.iter().map(|o| o.id).collect(), writing.iter().map(|o| o.id).collect())
    };
    let writes = WRITES.iter().map(|case| case.0).chain(NO_WRITES.iter().map(|case| case.0));
    let reads = NAMELESS.iter().flat_map(|(_, ids)| ids.iter().copied());
    let reads = READINGS.iter().map(|case| case.0).chain(reads);
    assert_eq!(writes.collect::<BTreeSet<_>>(), writing, "cases on the left, operations on the right");
    assert_eq!(reads.collect::<BTreeSet<_>>(), reading, "cases on the left, operations on the right");
}

/// What every record says, whoever left it: who, on which request, and the contents that its action has.
fn is_whole(entry: &AuditEntry) -> bool {
    let contents = match entry.action.as_str() {
        "create" | "load" | "read" => (false, true),
        "update" => (true, true),
        "delete" => (true, false),
        _ => return false,
    };
    let has_actor = entry.actor_id.is_some() == (entry.actor_kind != "system");
    (entry.before.is_some(), entry.after.is_some()) == contents
        && has_actor
        && ![&entry.actor, &entry.request_id, &entry.resource].iter().any(|text| text.is_empty())
}

fn check(world: &World, operation: &str, resource: &str, action: &str, faults: &mut Vec<String>) {
    let left = entries(&world.node.state.database, Some(operation));
    if !left.iter().any(|entry| entry.resource == resource && entry.action == action) {
        let left: Vec<_> = left.iter().map(|entry| (&entry.resource, &entry.action)).collect();
        faults.push(format!("{operation} left {left:?}"));
    }
}

both!(every_write_and_every_reading_of_people_leaves_its_record, |world| {
    let secrets = tell_all(world);
    let mut faults = Vec::new();
    for (operation, resource, action) in WRITES {
        check(world, operation, resource, action, &mut faults);
    }
    for (operation, resource) in READINGS {
        check(world, operation, resource, "read", &mut faults);
    }
    for (operation, _) in NO_WRITES {
        let left = entries(&world.node.state.database, Some(operation));
        assert!(left.is_empty(), "{operation}: no reason any more");
    }
    let all = entries(&world.node.state.database, None);
    faults.extend(all.iter().filter(|entry| !is_whole(entry)).map(|entry| format!("{entry:?}")));
    assert!(secrets.len() > 8 && secrets.iter().all(|secret| secret.len() > 8));
    for entry in &all {
        let contents = [&entry.before, &entry.after].into_iter().flatten().cloned().collect::<String>();
        let hashes = ["password_hash", "secret_hash", "token_hash", "$argon2"];
        if secrets.iter().map(String::as_str).chain(hashes).any(|secret| contents.contains(secret)) {
            faults.push(format!("a secret: {entry:?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let database = &world.node.state.database;
    seal(database, || true).unwrap();
    assert!(verify(database, 0, usize::MAX).unwrap().findings.is_empty());
});
