//! Files on their way in.

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
        by_line -> Bool,
    }
}

diesel::table! {
    import_lines (import_id, line) {
        import_id -> BigInt,
        line -> Integer,
        status -> Text,
        record_id -> Nullable<BigInt>,
        natural_key -> Text,
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
