//! The records as the contract shows them. They are the columns of the importer, so their schemas are made from these.

use opora_schools::import::{ImportKind, columns};
use opora_tables::{Column, Holds};
use std::borrow::Cow;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type,
        schema::{AdditionalProperties, SchemaType},
    },
};

/// Declares a record of each kind.
macro_rules! lines {
    ($($(#[$meta:meta])* $name:ident $kind:ident;)+) => { $(
        $(#[$meta])*
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                schema_of(ImportKind::$kind)
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )+ };
}

lines! {
    /// A municipality.
    MunicipalityLine Municipalities;
    /// A school.
    SchoolLine Schools;
    /// A social context.
    ContextLine Contexts;
    /// A result.
    ResultLine Results;
    /// A member of staff.
    StaffLine Staff;
    /// A designation.
    DesignationLine Designations;
    /// Support of a member of staff.
    SupportRecordLine SupportRecords;
}

fn schema_of(kind: ImportKind) -> RefOr<Schema> {
    let columns = columns(kind).unwrap_or_default();
    let words = format!("A record of the kind `{kind}`: the columns of its import files.");
    let mut object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(words))
        .additional_properties(Some(AdditionalProperties::FreeForm(false)));
    for column in columns {
        object = object.property(column.name, property(column));
        if column.required {
            object = object.required(column.name);
        }
    }
    object.into()
}

fn property(column: &Column) -> Schema {
    let (json, format) = match column.holds {
        Holds::Text => (Type::String, None),
        Holds::Day => (Type::String, Some(SchemaFormat::KnownFormat(KnownFormat::Date))),
        Holds::Whole => (Type::Integer, Some(SchemaFormat::KnownFormat(KnownFormat::Int64))),
        Holds::Decimal => (Type::Number, Some(SchemaFormat::KnownFormat(KnownFormat::Double))),
        Holds::Truth => (Type::Boolean, None),
    };
    let types = match column.required {
        true => SchemaType::Type(json),
        false => SchemaType::Array(vec![json, Type::Null]),
    };
    let name = column.synonyms.first().copied().unwrap_or(column.name);
    let words = format!("Column «{name}»{}.", if column.key { "; part of the natural key" } else { "" });
    ObjectBuilder::new().schema_type(types).format(format).description(Some(words)).build().into()
}
