//! What does not fit the schema of a body although serde may take it, or does not say where it is: arrays where the
//! contract has none (serde takes an array for a structure, field by field, at any depth), and unknown fields.

use opora_primitives::{Flaw, Reason};
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{
        Object, RefOr, Schema, Type,
        schema::{AdditionalProperties, ArrayItems, SchemaType},
    },
};

/// Every array in `value` that stands where the schema of `T` has something else.
pub fn misplaced_arrays<T: ToSchema>(value: &Value) -> Vec<Flaw> {
    Walk::over::<T>(value).arrays
}

/// Every field in `value` that the schema of `T` does not know, with the nearest one that it knows.
pub fn unknown_fields<T: ToSchema>(value: &Value) -> Vec<Flaw> {
    Walk::over::<T>(value).unknown
}

/// A field's name as a part of a JSON pointer (RFC 6901), cut where it is too long to be one.
pub fn escaped(name: &str) -> String {
    name.chars().take(100).collect::<String>().replace('~', "~0").replace('/', "~1")
}

struct Walk {
    named: Vec<(String, RefOr<Schema>)>,
    arrays: Vec<Flaw>,
    unknown: Vec<Flaw>,
}

impl Walk {
    fn over<T: ToSchema>(value: &Value) -> Self {
        let mut named = Vec::new();
        T::schemas(&mut named);
        let mut walk = Self { named, arrays: Vec::new(), unknown: Vec::new() };
        walk.visit(&T::schema(), value, "");
        walk
    }

    fn visit(&mut self, schema: &RefOr<Schema>, value: &Value, at: &str) {
        let Some(schema) = self.resolve(schema) else { return };
        if !self.takes(&schema, value) {
            // Any other mismatch serde refuses by itself.
            if value.is_array() {
                self.arrays.push(Flaw::at(at, Reason::WrongFormat));
            }
            return;
        }
        match (&schema, value) {
            (Schema::Object(object), Value::Object(fields)) => {
                for (name, value) in fields {
                    let pointer = format!("{at}/{}", escaped(name));
                    match object.properties.get(name) {
                        Some(schema) => self.visit(schema, value, &pointer),
                        None if is_closed(object) => {
                            let known = object.properties.keys().map(String::as_str);
                            self.unknown.push(Flaw::unknown(pointer, known));
                        }
                        None => {}
                    }
                }
            }
            (Schema::Array(list), Value::Array(values)) => {
                if let ArrayItems::RefOrSchema(schema) = &list.items {
                    for (n, value) in values.iter().enumerate() {
                        self.visit(schema, value, &format!("{at}/{n}"));
                    }
                }
            }
            (_, Value::Object(_) | Value::Array(_)) => {
                for schema in branches(&schema) {
                    if self.resolve(schema).is_some_and(|branch| self.takes(&branch, value)) {
                        self.visit(schema, value, at);
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether `value`, if it is an array or an object, is of a type that `schema` names.
    fn takes(&self, schema: &Schema, value: &Value) -> bool {
        let wanted = match value {
            Value::Array(_) => Type::Array,
            Value::Object(_) => Type::Object,
            _ => return true,
        };
        let named = |types: &SchemaType| match types {
            SchemaType::Type(one) => *one == wanted,
            SchemaType::Array(several) => several.contains(&wanted),
            SchemaType::AnyValue => true,
        };
        match schema {
            Schema::Array(list) => named(&list.schema_type),
            Schema::Object(object) => named(&object.schema_type),
            other => branches(other)
                .iter()
                .any(|branch| self.resolve(branch).is_none_or(|branch| self.takes(&branch, value))),
        }
    }

    fn resolve(&self, schema: &RefOr<Schema>) -> Option<Schema> {
        match schema {
            RefOr::T(schema) => Some(schema.clone()),
            RefOr::Ref(reference) => {
                let name = reference.ref_location.rsplit('/').next()?;
                let (_, schema) = self.named.iter().find(|(known, _)| known == name)?;
                self.resolve(schema)
            }
        }
    }
}

/// Whether an object has no fields but those that its schema names.
fn is_closed(object: &Object) -> bool {
    matches!(object.additional_properties.as_deref(), Some(AdditionalProperties::FreeForm(false)))
}

/// The schemas that a composed one is made of.
fn branches(schema: &Schema) -> &[RefOr<Schema>] {
    match schema {
        Schema::OneOf(of) => &of.items,
        Schema::AllOf(of) => &of.items,
        Schema::AnyOf(of) => &of.items,
        _ => &[],
    }
}
