//! Municipalities, schools, and what is known about them and their people.

diesel::table! {
    municipalities (id) {
        id -> BigInt,
        oktmo -> Text,
        name -> Text,
        name_folded -> Text,
        kind -> Text,
        parent_id -> Nullable<BigInt>,
        successor_id -> Nullable<BigInt>,
        valid_from -> Nullable<Date>,
        valid_to -> Nullable<Date>,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    former_homes (id) {
        id -> BigInt,
        school_id -> BigInt,
        municipality_id -> BigInt,
        left_at -> Timestamp,
    }
}

// A view: what lies in the area of a municipality.
diesel::table! {
    municipality_areas (area_id, municipality_id) {
        area_id -> BigInt,
        municipality_id -> BigInt,
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
