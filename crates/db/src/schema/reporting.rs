//! Reports, the public summary, feeds.

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
        first_submitted_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    report_files (report_id, format) {
        report_id -> BigInt,
        format -> Text,
        edition -> Text,
        bytes -> Binary,
    }
}

diesel::table! {
    report_rounds (report_id, number) {
        report_id -> BigInt,
        number -> Integer,
        sha256 -> Text,
        submitted_by -> Nullable<BigInt>,
        submitted_at -> Nullable<Timestamp>,
        outcome -> Text,
        remarks -> Nullable<Text>,
        decided_by -> Nullable<BigInt>,
        decided_at -> Timestamp,
    }
}
