//! Normative acts, the stages of the passport, the working group.

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
