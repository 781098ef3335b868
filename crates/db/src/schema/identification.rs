//! Methodologies, runs and verdicts.

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
