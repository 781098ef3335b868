//! What does not fit the schema of a body or of a parameter. serde stops at the first fault, seldom says where it is, repeats
//! the value, and takes an array for a structure, field by field, at any depth.
//!
//! Patterns are not read, except those that are nothing but a list of words: what else has a form of its own is named in
//! [`FORMS`], or told by what reads it.

use chrono::NaiveDate;
use opora_primitives::{AcademicYear, Flaw, Moment, Reason};
use opora_reporting::reports::Period;
use serde::de::DeserializeOwned;
use serde_json::{Number, Value};
use utoipa::{
    ToSchema,
    openapi::{
        KnownFormat, Object, RefOr, Schema, SchemaFormat, Type,
        schema::{AdditionalProperties, ArrayItems, SchemaType},
    },
};

/// Schemas by their names.
pub type Named = Vec<(String, RefOr<Schema>)>;

/// Every array in `value` that stands where the schema of `T` has something else.
pub fn misplaced_arrays<T: ToSchema>(value: &Value) -> Vec<Flaw> {
    Walk::over::<T>(&mut Named::new(), value).arrays
}

/// What is wrong with a body.
pub struct Misfit {
    /// Every flaw: what is unknown and what is wrong in the order of the fields' names, then what is missing.
    pub flaws: Vec<Flaw>,
    /// The fields that the first object with an unknown one has.
    pub known: Option<Vec<String>>,
}

/// Everything in `value` that does not fit the schema of `T`.
pub fn misfit<T: ToSchema>(value: &Value) -> Misfit {
    let mut named = Named::new();
    let Walk { flaws, known, .. } = Walk::over::<T>(&mut named, value);
    Misfit { flaws, known }
}

/// Every text in `value` that holds U+0000, names of fields too: PostgreSQL keeps it in no text (D283).
pub fn nul_flaws(value: &Value, at: &str) -> Vec<Flaw> {
    let flaw = |text: &str| text.contains('\0').then(|| Flaw::at(at, Reason::ForbiddenCharacter));
    match value {
        Value::String(text) => flaw(text).into_iter().collect(),
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(n, item)| nul_flaws(item, &format!("{at}/{n}"))).collect()
        }
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, field)| match flaw(name) {
                Some(flaw) => vec![flaw],
                None => nul_flaws(field, &format!("{at}/{}", escaped(name))),
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// What is wrong with the value `text` of the parameter `name`, where its schema tells.
pub fn parameter_flaw(named: &Named, schema: &RefOr<Schema>, name: &str, text: &str) -> Option<Flaw> {
    let mut walk = Walk::new(named);
    let known = walk.resolve(schema)?;
    let Some(value) = typed(&known, text) else { return Some(Flaw::at(name, Reason::WrongFormat)) };
    walk.visit(schema, &value, name);
    walk.flaws.into_iter().next()
}

/// `text` as a value of the type that `schema` names; none if it is no such value.
fn typed(schema: &Schema, text: &str) -> Option<Value> {
    let Schema::Object(object) = schema else { return Some(text.into()) };
    match object.schema_type {
        SchemaType::Type(Type::Integer) => match text.parse::<i64>() {
            Ok(number) => Some(number.into()),
            // More digits than any bound has.
            Err(_) => {
                text.parse::<i128>().ok().map(|number| if number < 0 { i64::MIN } else { i64::MAX }.into())
            }
        },
        SchemaType::Type(Type::Number) => text.parse().ok().and_then(Number::from_f64).map(Value::Number),
        SchemaType::Type(Type::Boolean) => text.parse::<bool>().ok().map(Value::Bool),
        _ => Some(text.into()),
    }
}

/// Whether a value has the form that a type gives it.
type Form = fn(&Value) -> bool;

fn reads<T: DeserializeOwned>(value: &Value) -> bool {
    serde_json::from_value::<T>(value.clone()).is_ok()
}

/// Types whose form is more than their schema says without its pattern.
const FORMS: &[(&str, Form)] =
    &[("AcademicYear", reads::<AcademicYear>), ("Period", reads::<Period>), ("Moment", reads::<Moment>)];

/// The words of a pattern that is nothing but a list of them, and whether several may stand with commas between.
fn words_of(pattern: &str) -> Option<(Vec<&str>, bool)> {
    let (list, rest) = pattern.strip_prefix("^(")?.split_once(')')?;
    let is_list = rest == format!("(,({list}))*$");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "|/_-".contains(c);
    ((is_list || rest == "$") && list.chars().all(is_plain)).then(|| (list.split('|').collect(), is_list))
}

/// A field's name as a part of a JSON pointer (RFC 6901), cut where it is too long to be one.
pub fn escaped(name: &str) -> String {
    name.chars().take(100).collect::<String>().replace('~', "~0").replace('/', "~1")
}

struct Walk<'a> {
    named: &'a Named,
    arrays: Vec<Flaw>,
    flaws: Vec<Flaw>,
    known: Option<Vec<String>>,
}

impl<'a> Walk<'a> {
    fn new(named: &'a Named) -> Self {
        Self { named, arrays: Vec::new(), flaws: Vec::new(), known: None }
    }

    fn over<T: ToSchema>(named: &'a mut Named, value: &Value) -> Self {
        T::schemas(named);
        let mut walk = Self::new(named);
        walk.visit(&T::schema(), value, "");
        walk
    }

    fn visit(&mut self, reference: &RefOr<Schema>, value: &Value, at: &str) {
        let Some(schema) = self.resolve(reference) else { return };
        if !self.takes(&schema, value) {
            if value.is_array() {
                self.arrays.push(Flaw::at(at, Reason::WrongFormat));
            }
            self.flaws.push(Flaw::at(at, Reason::WrongFormat));
            return;
        }
        match (&schema, value) {
            (Schema::Object(object), Value::Object(fields)) => self.visit_fields(object, fields, at),
            (Schema::Object(object), _) => {
                let form = FORMS.iter().find(|(name, _)| Some(*name) == name_of(reference));
                let is_formed = form.is_none_or(|(_, reads)| reads(value));
                let flaw = (!is_formed).then(|| Flaw::at(at, Reason::WrongFormat));
                self.flaws.extend(flaw.or_else(|| scalar_flaw(object, value, at)));
            }
            (Schema::Array(list), Value::Array(values)) => {
                let count = values.len();
                if list.min_items.is_some_and(|least| count < least)
                    || list.max_items.is_some_and(|most| count > most)
                {
                    self.flaws.push(Flaw::at(at, Reason::WrongLength));
                }
                if let ArrayItems::RefOrSchema(schema) = &list.items {
                    for (n, value) in values.iter().enumerate() {
                        self.visit(schema, value, &format!("{at}/{n}"));
                    }
                }
            }
            (Schema::AllOf(all), _) => all.items.iter().for_each(|part| self.visit(part, value, at)),
            _ => self.visit_nearest(&schema, value, at),
        }
    }

    fn visit_fields(&mut self, object: &Object, fields: &serde_json::Map<String, Value>, at: &str) {
        let mut meant = Vec::new();
        for (name, value) in fields {
            let pointer = format!("{at}/{}", escaped(name));
            match (object.properties.get(name), object.additional_properties.as_deref()) {
                (Some(schema), _) => self.visit(schema, value, &pointer),
                (None, Some(AdditionalProperties::FreeForm(false))) => {
                    let known = || object.properties.keys();
                    let flaw = Flaw::unknown(pointer, known().map(String::as_str));
                    meant.extend(flaw.suggestion.clone());
                    self.known.get_or_insert_with(|| known().cloned().collect());
                    self.flaws.push(flaw);
                }
                (None, Some(AdditionalProperties::RefOr(schema))) => {
                    self.flaws.extend(key_flaw(object, name, &pointer));
                    self.visit(schema, value, &pointer);
                }
                (None, _) => {}
            }
        }
        // A misspelt field is not missing as well.
        let missing =
            object.required.iter().filter(|name| !fields.contains_key(*name) && !meant.contains(name));
        self.flaws.extend(missing.map(|name| Flaw::at(format!("{at}/{}", escaped(name)), Reason::Required)));
    }

    /// Of several schemas the one that fits best is meant.
    fn visit_nearest(&mut self, schema: &Schema, value: &Value, at: &str) {
        let (flaws, arrays) = (self.flaws.len(), self.arrays.len());
        let mut best: Option<(Vec<Flaw>, Vec<Flaw>)> = None;
        for branch in branches(schema) {
            if self.resolve(branch).is_none_or(|branch| !self.takes(&branch, value)) {
                continue;
            }
            self.visit(branch, value, at);
            let found = (self.flaws.split_off(flaws), self.arrays.split_off(arrays));
            if best.as_ref().is_none_or(|(least, _)| found.0.len() < least.len()) {
                best = Some(found);
            }
        }
        let (found, misplaced) = best.unwrap_or_default();
        self.flaws.extend(found);
        self.arrays.extend(misplaced);
    }

    /// Whether `value` is of a type that `schema` names.
    fn takes(&self, schema: &Schema, value: &Value) -> bool {
        let fits = |wanted: &Type| match (wanted, value) {
            (Type::Array, Value::Array(_)) | (Type::Object, Value::Object(_)) => true,
            (Type::String, Value::String(_)) | (Type::Boolean, Value::Bool(_)) => true,
            (Type::Number, Value::Number(_)) | (Type::Null, Value::Null) => true,
            // To JSON Schema 7.0 is an integer.
            (Type::Integer, Value::Number(n)) => !n.is_f64() || n.as_f64().is_some_and(|n| n.fract() == 0.0),
            _ => false,
        };
        let named = |types: &SchemaType| match types {
            SchemaType::Type(one) => fits(one),
            SchemaType::Array(several) => several.iter().any(fits),
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

/// The name of the schema that `reference` leads to.
fn name_of(reference: &RefOr<Schema>) -> Option<&str> {
    match reference {
        RefOr::Ref(reference) => reference.ref_location.rsplit('/').next(),
        RefOr::T(_) => None,
    }
}

/// What is wrong with a name that a map does not take.
fn key_flaw(map: &Object, name: &str, pointer: &str) -> Option<Flaw> {
    let Schema::Object(names) = map.property_names.as_deref()? else { return None };
    let known: Vec<&str> = names.enum_values.as_ref()?.iter().filter_map(Value::as_str).collect();
    (!known.contains(&name)).then(|| Flaw::unknown(pointer, known.iter().copied()))
}

/// What is wrong with a value of the right type.
fn scalar_flaw(object: &Object, value: &Value, at: &str) -> Option<Flaw> {
    match value {
        Value::String(text) => text_flaw(object, text, at),
        Value::Number(number) => {
            let number = number.as_f64()?;
            let (least, most) = bounds(object);
            (number < least || number > most).then(|| Flaw::at(at, Reason::OutOfRange))
        }
        _ => None,
    }
}

fn text_flaw(object: &Object, text: &str, at: &str) -> Option<Flaw> {
    if text.contains('\0') {
        return Some(Flaw::at(at, Reason::ForbiddenCharacter));
    }
    if let Some(known) = &object.enum_values {
        let known: Vec<&str> = known.iter().filter_map(Value::as_str).collect();
        return (!known.contains(&text)).then(|| Flaw::unknown_word(at, text, known));
    }
    if let Some((known, is_list)) = object.pattern.as_deref().and_then(words_of) {
        let mut sent = text.split(',').filter(|_| is_list).chain((!is_list).then_some(text));
        return sent
            .find(|word| !known.contains(word))
            .map(|word| Flaw::unknown_word(at, word, known.clone()));
    }
    let length = text.chars().count();
    let is_date = object.format == Some(SchemaFormat::KnownFormat(KnownFormat::Date));
    if is_date && text.parse::<NaiveDate>().is_err() {
        Some(Flaw::at(at, Reason::WrongFormat))
    } else if object.min_length.is_some_and(|least| length < least)
        || object.max_length.is_some_and(|most| length > most)
    {
        Some(Flaw::at(at, Reason::WrongLength))
    } else {
        None
    }
}

/// The least and the greatest number that a schema takes.
fn bounds(object: &Object) -> (f64, f64) {
    let number = |bound: &utoipa::Number| match bound {
        utoipa::Number::Int(n) => *n as f64,
        utoipa::Number::UInt(n) => *n as f64,
        utoipa::Number::Float(n) => *n,
    };
    let (least, most) = match object.format {
        Some(SchemaFormat::KnownFormat(KnownFormat::Int32)) => (i32::MIN.into(), i32::MAX.into()),
        Some(SchemaFormat::KnownFormat(KnownFormat::Int64)) => (i64::MIN as f64, i64::MAX as f64),
        _ => (f64::MIN, f64::MAX),
    };
    (object.minimum.as_ref().map_or(least, number), object.maximum.as_ref().map_or(most, number))
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pattern_may_be_a_list_of_words() {
        assert_eq!(words_of("^(csv|xlsx)$"), Some((vec!["csv", "xlsx"], false)));
        assert_eq!(words_of("^(a|b/c)(,(a|b/c))*$"), Some((vec!["a", "b/c"], true)));
        for other in ["^[0-9]+$", "^(20[0-9]{2}-H[12]|latest)$", "^(a|b)(,(a))*$", "csv"] {
            assert_eq!(words_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_text_with_u_0000_is_found_wherever_it_stands() {
        let found = nul_flaws(&json!({ "a": ["b", "c\0"], "d~": { "e": "\0" }, "f\0": 1 }), "");
        let pointers: Vec<&str> = found.iter().map(|flaw| flaw.pointer.as_str()).collect();
        assert_eq!(pointers, ["/a/1", "/d~0/e", ""]);
        assert!(nul_flaws(&json!({ "a": "\\u0000" }), "").is_empty());
    }

    #[test]
    fn a_number_in_a_query_is_of_its_type_or_no_number() {
        let of = |kind| Schema::Object(Object::builder().schema_type(kind).build());
        assert_eq!(typed(&of(Type::Integer), "7"), Some(json!(7)));
        assert_eq!(typed(&of(Type::Integer), "99999999999999999999"), Some(json!(i64::MAX)));
        assert_eq!(typed(&of(Type::Boolean), "true"), Some(json!(true)));
        for (kind, text) in [(Type::Integer, "1.5"), (Type::Integer, ""), (Type::Boolean, "1")] {
            assert_eq!(typed(&of(kind), text), None, "{text}");
        }
    }
}
