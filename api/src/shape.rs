//! Arrays where the contract has none. serde takes an array for a structure, field by field, at any depth; what a client
//! may send is what the schema of the body says.

use opora_primitives::{Flaw, Reason};
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{
        RefOr, Schema, Type,
        schema::{ArrayItems, SchemaType},
    },
};

/// Every array in `value` that stands where the schema of `T` has something else.
pub fn misplaced_arrays<T: ToSchema>(value: &Value) -> Vec<Flaw> {
    let mut named = Vec::new();
    T::schemas(&mut named);
    let mut walk = Walk { named, flaws: Vec::new() };
    walk.visit(&T::schema(), value, "");
    walk.flaws
}

struct Walk {
    named: Vec<(String, RefOr<Schema>)>,
    flaws: Vec<Flaw>,
}

impl Walk {
    fn visit(&mut self, schema: &RefOr<Schema>, value: &Value, at: &str) {
        let Some(schema) = self.resolve(schema) else { return };
        if !self.takes(&schema, value) {
            // Any other mismatch serde refuses by itself.
            if value.is_array() {
                self.flaws.push(Flaw::at(at, Reason::WrongFormat));
            }
            return;
        }
        match (&schema, value) {
            (Schema::Object(object), Value::Object(fields)) => {
                for (name, value) in fields {
                    if let Some(schema) = object.properties.get(name) {
                        self.visit(schema, value, &format!("{at}/{name}"));
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

/// The schemas that a composed one is made of.
fn branches(schema: &Schema) -> &[RefOr<Schema>] {
    match schema {
        Schema::OneOf(of) => &of.items,
        Schema::AllOf(of) => &of.items,
        Schema::AnyOf(of) => &of.items,
        _ => &[],
    }
}
