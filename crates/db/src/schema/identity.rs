//! Users, service clients, their sessions and secrets, and the keys that sign.

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
        issuer -> Nullable<Text>,
        subject -> Nullable<Text>,
        vouched_at -> Nullable<Timestamp>,
        password_changed_at -> Nullable<Timestamp>,
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
        rate_limit -> Nullable<Integer>,
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
