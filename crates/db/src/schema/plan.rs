//! Plans, facts about their activities, evidence.

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
