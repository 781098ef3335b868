//! The tables, the same on both databases; kept beside `migrations/` and compared with them by a test.

diesel::table! {
    audit_log (id) {
        id -> BigInt,
        at -> Timestamp,
        actor_id -> Nullable<BigInt>,
        actor -> Text,
        request_id -> Text,
        action -> Text,
        resource -> Text,
        resource_key -> Text,
        before -> Nullable<Text>,
        after -> Nullable<Text>,
        actor_kind -> Text,
    }
}

diesel::table! {
    change_journal (seq) {
        seq -> BigInt,
        at -> Timestamp,
        resource -> Text,
        resource_key -> Text,
        natural_key -> Text,
        operation -> Text,
        municipality_id -> Nullable<BigInt>,
        school_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    jobs (id) {
        id -> BigInt,
        kind -> Text,
        subject_id -> BigInt,
        state -> Text,
        done -> BigInt,
        total -> Nullable<BigInt>,
        problem_code -> Nullable<Text>,
        problem_detail -> Nullable<Text>,
        actor_id -> Nullable<BigInt>,
        actor -> Text,
        request_id -> Text,
        attempts -> Integer,
        cancel_requested -> Bool,
        lease_owner -> Nullable<Text>,
        lease_until -> Nullable<Timestamp>,
        created_at -> Timestamp,
        started_at -> Nullable<Timestamp>,
        finished_at -> Nullable<Timestamp>,
        actor_kind -> Text,
    }
}

diesel::table! {
    idempotency_keys (actor_kind, actor_id, key) {
        actor_kind -> Text,
        actor_id -> BigInt,
        key -> Text,
        fingerprint -> Text,
        status -> Nullable<Integer>,
        location -> Nullable<Text>,
        body -> Nullable<Text>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    municipalities (id) {
        id -> BigInt,
        oktmo -> Text,
        name -> Text,
        name_folded -> Text,
        kind -> Text,
        parent_id -> Nullable<BigInt>,
        valid_from -> Nullable<Date>,
        valid_to -> Nullable<Date>,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    schools (id) {
        id -> BigInt,
        code -> Text,
        name -> Text,
        short_name -> Nullable<Text>,
        name_folded -> Text,
        municipality_id -> Nullable<BigInt>,
        ogrn -> Nullable<Text>,
        inn -> Nullable<Text>,
        kind -> Text,
        locality -> Text,
        founder -> Text,
        status -> Text,
        successor_id -> Nullable<BigInt>,
        opened_on -> Nullable<Date>,
        closed_on -> Nullable<Date>,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    contexts (school_id, academic_year) {
        school_id -> BigInt,
        academic_year -> Integer,
        pupils -> Integer,
        both_parents_higher -> Nullable<Integer>,
        one_parent -> Nullable<Integer>,
        low_income -> Nullable<Integer>,
        parent_out_of_work -> Nullable<Integer>,
        on_register -> Nullable<Integer>,
        special_needs -> Nullable<Integer>,
        non_native_language -> Nullable<Integer>,
        wards -> Nullable<Integer>,
        poor_housing -> Nullable<Integer>,
        import_id -> Nullable<BigInt>,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    procedures (id) {
        id -> BigInt,
        academic_year -> Integer,
        assessment -> Text,
        grade -> Integer,
        subject -> Text,
    }
}

diesel::table! {
    results (school_id, procedure_id, attempt) {
        school_id -> BigInt,
        procedure_id -> BigInt,
        attempt -> Text,
        programme_grade -> Nullable<Integer>,
        participants -> Integer,
        below_minimum -> Integer,
        mean_score -> Nullable<Integer>,
        mark2 -> Nullable<Integer>,
        mark3 -> Nullable<Integer>,
        mark4 -> Nullable<Integer>,
        mark5 -> Nullable<Integer>,
        import_id -> Nullable<BigInt>,
        version -> BigInt,
    }
}

diesel::table! {
    lists (id) {
        id -> BigInt,
        list_year -> Integer,
        revision -> Integer,
        source -> Nullable<Text>,
        act -> Nullable<Text>,
        act_date -> Nullable<Date>,
        note -> Nullable<Text>,
        schools -> Integer,
        created_at -> Timestamp,
    }
}

diesel::table! {
    list_entries (list_id, school_id) {
        list_id -> BigInt,
        school_id -> BigInt,
    }
}

diesel::table! {
    staff (id) {
        id -> BigInt,
        external_id -> Text,
        school_id -> BigInt,
        role -> Text,
        subject -> Nullable<Text>,
        full_name -> Text,
        education -> Nullable<Text>,
        category -> Nullable<Text>,
        experience_years -> Nullable<Integer>,
        birth_year -> Nullable<Integer>,
        fte -> Nullable<Integer>,
        import_id -> Nullable<BigInt>,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    support_records (id) {
        id -> BigInt,
        staff_id -> BigInt,
        form -> Text,
        programme -> Text,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        completed -> Bool,
        import_id -> Nullable<BigInt>,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    designations (id) {
        id -> BigInt,
        kind -> Text,
        school_id -> Nullable<BigInt>,
        municipality_id -> Nullable<BigInt>,
        act -> Nullable<Text>,
        act_date -> Nullable<Date>,
        valid_from -> Nullable<Date>,
        valid_to -> Nullable<Date>,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        login -> Text,
        display_name -> Text,
        password_hash -> Text,
        role -> Text,
        municipality_id -> Nullable<BigInt>,
        school_id -> Nullable<BigInt>,
        active -> Bool,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    sessions (id) {
        id -> BigInt,
        user_id -> BigInt,
        started_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        end_reason -> Nullable<Text>,
    }
}

diesel::table! {
    refresh_tokens (token_hash) {
        token_hash -> Text,
        session_id -> BigInt,
        issued_at -> Timestamp,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    login_failures (id) {
        id -> BigInt,
        subject -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    service_clients (id) {
        id -> BigInt,
        client_id -> Text,
        name -> Text,
        scopes -> Text,
        municipality_id -> Nullable<BigInt>,
        school_id -> Nullable<BigInt>,
        jwks -> Nullable<Text>,
        expires_at -> Nullable<Timestamp>,
        disabled -> Bool,
        revoked_at -> Nullable<Timestamp>,
        last_used_at -> Nullable<Timestamp>,
        epoch -> BigInt,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    client_secrets (id) {
        id -> BigInt,
        client_id -> BigInt,
        secret_hash -> Text,
        created_at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
        last_used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    client_assertions (client_id, jti_hash) {
        client_id -> BigInt,
        jti_hash -> Text,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    signing_keys (kid) {
        kid -> Text,
        public_key -> Text,
        sealed_private_key -> Text,
        created_at -> Timestamp,
        signs_from -> Timestamp,
        retired_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    imports (id) {
        id -> BigInt,
        kind -> Text,
        mode -> Text,
        dry_run -> Bool,
        sheet -> Nullable<Text>,
        file_name -> Nullable<Text>,
        size -> BigInt,
        sha256 -> Text,
        created_by -> Nullable<BigInt>,
        municipality_id -> Nullable<BigInt>,
        school_id -> Nullable<BigInt>,
        created_at -> Timestamp,
        finished_at -> Nullable<Timestamp>,
        report -> Nullable<Text>,
    }
}

diesel::table! {
    import_chunks (import_id, n) {
        import_id -> BigInt,
        n -> Integer,
        bytes -> Binary,
    }
}

diesel::table! {
    import_rejects (import_id, n) {
        import_id -> BigInt,
        n -> Integer,
        row_number -> BigInt,
        column_name -> Nullable<Text>,
        code -> Text,
    }
}

diesel::table! {
    methodologies (id) {
        id -> BigInt,
        code -> Text,
        edition -> Integer,
        title -> Text,
        state -> Text,
        parameters -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        published_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    identification_runs (id) {
        id -> BigInt,
        methodology_id -> BigInt,
        list_id -> BigInt,
        academic_year -> Integer,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
        finished_at -> Nullable<Timestamp>,
        inputs_hash -> Nullable<Text>,
        inputs_rows -> Nullable<BigInt>,
        schools -> Nullable<Integer>,
    }
}

diesel::table! {
    verdicts (run_id, school_id) {
        run_id -> BigInt,
        school_id -> BigInt,
        outcome -> Text,
        listed -> Bool,
        findings -> Text,
        bias_flag -> Bool,
        social_index -> Nullable<Integer>,
        adverse -> Nullable<Bool>,
        resilient -> Bool,
        social -> Nullable<Text>,
        trace -> Text,
    }
}

diesel::table! {
    proposal_runs (id) {
        id -> BigInt,
        identification_run_id -> BigInt,
        rule_version -> Text,
        as_of -> Date,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
        proposals -> Integer,
        warnings -> Text,
    }
}

diesel::table! {
    proposals (id) {
        id -> BigInt,
        proposal_run_id -> BigInt,
        model -> Text,
        branch -> Nullable<Text>,
        subject_kind -> Text,
        school_id -> Nullable<BigInt>,
        municipality_id -> Nullable<BigInt>,
        staff_id -> Nullable<BigInt>,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        reason -> Text,
        state -> Text,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<Timestamp>,
        decision_reason -> Nullable<Text>,
        version -> BigInt,
    }
}

diesel::table! {
    coverage_gaps (proposal_run_id, municipality_id) {
        proposal_run_id -> BigInt,
        municipality_id -> BigInt,
        kind -> Text,
        listed -> Integer,
    }
}

diesel::table! {
    assignments (id) {
        id -> BigInt,
        proposal_id -> Nullable<BigInt>,
        model -> Text,
        subject_kind -> Text,
        school_id -> Nullable<BigInt>,
        municipality_id -> Nullable<BigInt>,
        staff_id -> Nullable<BigInt>,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        version -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    assignment_events (id) {
        id -> BigInt,
        assignment_id -> BigInt,
        kind -> Text,
        on_date -> Date,
        reason -> Nullable<Text>,
        actor_id -> Nullable<BigInt>,
        recorded_at -> Timestamp,
    }
}

diesel::table! {
    plans (id) {
        id -> BigInt,
        code -> Text,
        title_ru -> Text,
        title_en -> Text,
        starts_on -> Date,
        ends_on -> Date,
        current_version -> Integer,
        created_at -> Timestamp,
    }
}

diesel::table! {
    plan_versions (plan_id, number) {
        plan_id -> BigInt,
        number -> Integer,
        act_number -> Text,
        act_date -> Date,
        reason -> Nullable<Text>,
        document -> Text,
        sha256 -> Text,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    activity_facts (id) {
        id -> BigInt,
        plan_id -> BigInt,
        activity -> Text,
        window_from -> Date,
        metric -> Nullable<Text>,
        kind -> Text,
        value -> Nullable<BigInt>,
        happened_on -> Date,
        executor -> Nullable<Text>,
        municipality_id -> Nullable<BigInt>,
        school_id -> Nullable<BigInt>,
        note -> Nullable<Text>,
        origin -> Text,
        state -> Text,
        entered_by -> Nullable<BigInt>,
        entered_at -> Timestamp,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<Timestamp>,
        decision_reason -> Nullable<Text>,
        version -> BigInt,
    }
}

diesel::table! {
    fact_rows (fact_id, resource, row_id) {
        fact_id -> BigInt,
        resource -> Text,
        row_id -> BigInt,
    }
}

diesel::table! {
    evidence (id) {
        id -> BigInt,
        fact_id -> BigInt,
        kind -> Text,
        url -> Nullable<Text>,
        file_name -> Nullable<Text>,
        media_type -> Nullable<Text>,
        size -> Nullable<BigInt>,
        sha256 -> Nullable<Text>,
        added_by -> Nullable<BigInt>,
        added_at -> Timestamp,
    }
}

diesel::table! {
    normative_acts (id) {
        id -> BigInt,
        issuer -> Text,
        issuer_folded -> Text,
        kind -> Text,
        number -> Text,
        number_folded -> Text,
        signed_on -> Date,
        title -> Text,
        basis_for -> Nullable<Text>,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        supersedes_id -> Nullable<BigInt>,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    passport_stages (stage) {
        stage -> Text,
        criteria -> Text,
        started_on -> Nullable<Date>,
        done_on -> Nullable<Date>,
        version -> BigInt,
        updated_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    passport_evidence (stage, place) {
        stage -> Text,
        place -> Integer,
        title -> Text,
        url -> Nullable<Text>,
        act_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    working_group_seats (id) {
        id -> BigInt,
        seat -> Integer,
        role -> Text,
        organisation -> Text,
        position -> Text,
        holder -> Text,
        by_agreement -> Bool,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    feed_tokens (id) {
        id -> BigInt,
        token_hash -> Text,
        user_id -> BigInt,
        kind -> Text,
        plan_id -> Nullable<BigInt>,
        executor -> Nullable<Text>,
        created_at -> Timestamp,
        last_used_at -> Nullable<Timestamp>,
        revoked_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    public_summaries (month) {
        month -> Text,
        body -> Text,
        sha256 -> Text,
        made_at -> Timestamp,
    }
}

diesel::table! {
    reports (id) {
        id -> BigInt,
        kind -> Text,
        period -> Integer,
        plan_id -> BigInt,
        run_id -> Nullable<BigInt>,
        state -> Text,
        texts -> Text,
        remarks -> Nullable<Text>,
        snapshot -> Nullable<Text>,
        sha256 -> Nullable<Text>,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
        submitted_by -> Nullable<BigInt>,
        submitted_at -> Nullable<Timestamp>,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<Timestamp>,
        version -> BigInt,
    }
}

diesel::table! {
    report_files (report_id, format) {
        report_id -> BigInt,
        format -> Text,
        bytes -> Binary,
    }
}

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

diesel::allow_tables_to_appear_in_same_query!(
    audit_log,
    change_journal,
    jobs,
    idempotency_keys,
    municipalities,
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
);
