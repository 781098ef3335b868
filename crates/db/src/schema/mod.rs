//! The tables, the same on both databases; kept beside `migrations/` and compared with them by a test.

mod files;
mod hooks;
mod identification;
mod identity;
mod models;
mod passport;
mod plan;
mod registry;
mod reporting;
mod system;

pub use self::{
    files::*, hooks::*, identification::*, identity::*, models::*, passport::*, plan::*, registry::*,
    reporting::*, system::*,
};

diesel::joinable!(schools -> municipalities (municipality_id));
diesel::joinable!(contexts -> schools (school_id));
diesel::joinable!(results -> schools (school_id));
diesel::joinable!(results -> procedures (procedure_id));
diesel::joinable!(list_entries -> lists (list_id));
diesel::joinable!(list_entries -> schools (school_id));
diesel::joinable!(staff -> schools (school_id));
diesel::joinable!(support_records -> staff (staff_id));
diesel::joinable!(designations -> schools (school_id));
diesel::joinable!(designations -> municipalities (municipality_id));
diesel::joinable!(users -> municipalities (municipality_id));
diesel::joinable!(users -> schools (school_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(refresh_tokens -> sessions (session_id));
diesel::joinable!(import_chunks -> imports (import_id));
diesel::joinable!(import_lines -> imports (import_id));
diesel::joinable!(import_rejects -> imports (import_id));
diesel::joinable!(identification_runs -> methodologies (methodology_id));
diesel::joinable!(identification_runs -> lists (list_id));
diesel::joinable!(verdicts -> identification_runs (run_id));
diesel::joinable!(verdicts -> schools (school_id));
diesel::joinable!(proposal_runs -> identification_runs (identification_run_id));
diesel::joinable!(proposals -> proposal_runs (proposal_run_id));
diesel::joinable!(proposals -> schools (school_id));
diesel::joinable!(proposals -> municipalities (municipality_id));
diesel::joinable!(proposals -> staff (staff_id));
diesel::joinable!(coverage_gaps -> proposal_runs (proposal_run_id));
diesel::joinable!(coverage_gaps -> municipalities (municipality_id));
diesel::joinable!(assignments -> proposals (proposal_id));
diesel::joinable!(assignments -> schools (school_id));
diesel::joinable!(assignments -> municipalities (municipality_id));
diesel::joinable!(assignments -> staff (staff_id));
diesel::joinable!(assignment_events -> assignments (assignment_id));
diesel::joinable!(plan_versions -> plans (plan_id));
diesel::joinable!(activity_facts -> plans (plan_id));
diesel::joinable!(activity_facts -> municipalities (municipality_id));
diesel::joinable!(activity_facts -> schools (school_id));
diesel::joinable!(evidence -> activity_facts (fact_id));
diesel::joinable!(passport_evidence -> passport_stages (stage));
diesel::joinable!(passport_evidence -> normative_acts (act_id));
diesel::joinable!(service_clients -> municipalities (municipality_id));
diesel::joinable!(service_clients -> schools (school_id));
diesel::joinable!(client_secrets -> service_clients (client_id));
diesel::joinable!(client_assertions -> service_clients (client_id));
diesel::joinable!(feed_tokens -> users (user_id));
diesel::joinable!(feed_tokens -> plans (plan_id));
diesel::joinable!(reports -> plans (plan_id));
diesel::joinable!(reports -> identification_runs (run_id));
diesel::joinable!(report_files -> reports (report_id));
diesel::joinable!(report_rounds -> reports (report_id));
diesel::joinable!(webhook_deliveries -> webhooks (webhook_id));

diesel::allow_tables_to_appear_in_same_query!(
    audit_log,
    audit_seals,
    change_journal,
    jobs,
    marks,
    idempotency_keys,
    rate_tallies,
    municipalities,
    municipality_areas,
    former_homes,
    schools,
    contexts,
    procedures,
    results,
    lists,
    list_entries,
    staff,
    support_records,
    designations,
    users,
    sessions,
    refresh_tokens,
    login_failures,
    service_clients,
    client_secrets,
    client_assertions,
    signing_keys,
    imports,
    import_chunks,
    import_lines,
    import_rejects,
    methodologies,
    identification_runs,
    verdicts,
    proposal_runs,
    proposals,
    coverage_gaps,
    assignments,
    assignment_events,
    plans,
    plan_versions,
    activity_facts,
    evidence,
    fact_rows,
    normative_acts,
    passport_stages,
    passport_evidence,
    working_group_seats,
    feed_tokens,
    public_summaries,
    reports,
    report_files,
    report_rounds,
    webhooks,
    webhook_deliveries,
);
