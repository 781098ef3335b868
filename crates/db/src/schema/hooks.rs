//! Subscriptions to changes, and what is on its way to them.

diesel::table! {
    webhooks (id) {
        id -> BigInt,
        owner_kind -> Text,
        owner_id -> BigInt,
        owner -> Text,
        url -> Text,
        description -> Nullable<Text>,
        events -> Text,
        municipality_id -> Nullable<BigInt>,
        school_id -> Nullable<BigInt>,
        state -> Text,
        disabled_because -> Nullable<Text>,
        secret_sealed -> Text,
        previous_sealed -> Nullable<Text>,
        previous_until -> Nullable<Timestamp>,
        position -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    webhook_deliveries (id) {
        id -> BigInt,
        webhook_id -> BigInt,
        message_id -> Text,
        event -> Text,
        subject -> Text,
        body -> Text,
        state -> Text,
        attempts -> Integer,
        next_at -> Timestamp,
        lease_owner -> Nullable<Text>,
        lease_until -> Nullable<Timestamp>,
        last_status -> Nullable<Integer>,
        last_failure -> Nullable<Text>,
        created_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        names_people -> Bool,
    }
}
