//! Proposals and assignments.

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
        exception -> Bool,
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
