//! What every write leaves behind, long work, and keys of repeated requests.

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
    audit_seals (block) {
        block -> BigInt,
        first_id -> BigInt,
        last_id -> BigInt,
        entries -> Integer,
        manifest -> Text,
        previous -> Text,
        hash -> Text,
        sealed_at -> Timestamp,
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
        previous_key -> Nullable<Text>,
        moved_to -> Nullable<BigInt>,
        names_people -> Bool,
        entries -> Nullable<Text>,
    }
}

diesel::table! {
    marks (name) {
        name -> Text,
        made_at -> Timestamp,
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
        problem_detail_ru -> Nullable<Text>,
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
    rate_tallies (node, caller, minute) {
        node -> Text,
        caller -> Text,
        minute -> BigInt,
        requests -> BigInt,
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
    schema_floor (migration) {
        migration -> Text,
    }
}
