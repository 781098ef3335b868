//! Examples of what operations take and answer. They are put together from the examples of fields, once for each schema,
//! so that a field says its example where it is declared and every message that holds it shows it. A message whose fields
//! depend on one another says its own example, which stays.

use super::{
    operations,
    shapes::{SCHEMAS, known},
};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use utoipa::openapi::{Content, OpenApi as Document, RefOr, Response, Schema};

/// The media types whose messages have a form that the contract knows.
const STRUCTURED: [&str; 2] = ["application/json", "application/x-www-form-urlencoded"];

/// Gives every message of the contract an example: its schema, or the message itself where its schema has no name.
pub(super) fn add(document: &mut Document) {
    let whole = serde_json::to_value(&*document).unwrap_or_default();
    let schemas = whole["components"]["schemas"].as_object().cloned().unwrap_or_default();
    let maker = Maker { known: &schemas };
    let mut named = BTreeSet::new();
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            let taken =
                operation.request_body.iter_mut().filter_map(known).flat_map(|body| &mut body.content);
            let answered =
                operation.responses.responses.iter_mut().filter(|(status, _)| status.starts_with('2'));
            let answered = answered.filter_map(|(_, response)| known::<Response>(response));
            let answered = answered.flat_map(|response| &mut response.content);
            let all = taken.map(|found| (false, found)).chain(answered.map(|found| (true, found)));
            for (answer, (kind, content)) in all {
                if let (true, Some(content)) = (STRUCTURED.contains(&kind.as_str()), known(content)) {
                    note(content, answer, &maker, &mut named);
                }
            }
        }
    }
    let Some(components) = &mut document.components else { return };
    for (name, answer) in named {
        let example = maker.named(&name, answer, &mut Vec::new());
        if let (Some(RefOr::T(schema)), Some(example)) = (components.schemas.get_mut(&name), example) {
            show(schema, example);
        }
    }
}

/// The name of the schema of a message or, where it has none, an example beside it.
fn note(content: &mut Content, answer: bool, maker: &Maker<'_>, named: &mut BTreeSet<(String, bool)>) {
    match &content.schema {
        Some(RefOr::Ref(reference)) => {
            named.extend(reference.ref_location.strip_prefix(SCHEMAS).map(|name| (name.to_owned(), answer)));
        }
        Some(RefOr::T(schema)) if content.example.is_none() => {
            let schema = serde_json::to_value(schema).unwrap_or_default();
            content.example = maker.example(&schema, answer, &mut Vec::new());
        }
        _ => {}
    }
}

fn show(schema: &mut Schema, example: Value) {
    let place = match schema {
        Schema::Object(schema) => &mut schema.example,
        Schema::Array(schema) => &mut schema.example,
        Schema::AllOf(schema) => &mut schema.example,
        Schema::OneOf(schema) => &mut schema.example,
        Schema::AnyOf(schema) => &mut schema.example,
        _ => return,
    };
    place.get_or_insert(example);
}

/// Puts examples together.
struct Maker<'a> {
    known: &'a Map<String, Value>,
}

impl Maker<'_> {
    /// An example of the schema `name`; none inside itself.
    fn named(&self, name: &str, answer: bool, around: &mut Vec<String>) -> Option<Value> {
        if around.iter().any(|outer| outer == name) {
            return None;
        }
        around.push(name.to_owned());
        let example = self.example(self.known.get(name)?, answer, around);
        around.pop();
        example
    }

    /// An example of `schema`. What an answer may hold it holds, null where nothing better is said; what a request may
    /// leave out is left out, unless the field says an example.
    fn example(&self, schema: &Value, answer: bool, around: &mut Vec<String>) -> Option<Value> {
        if let Some(own) = own(schema) {
            return Some(own.clone());
        }
        if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix(SCHEMAS)) {
            return self.named(name, answer, around);
        }
        if let Some(parts) = schema["allOf"].as_array() {
            return self.together(parts, answer, around);
        }
        if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
            if choices.iter().any(is_null) {
                return Some(Value::Null);
            }
            return choices.iter().find_map(|choice| self.example(choice, answer, around));
        }
        match kind(schema)? {
            "object" => Some(self.object(schema, answer, around)),
            "array" => {
                let item = self.example(&schema["items"], answer, around);
                Some(Value::Array(item.into_iter().collect()))
            }
            "string" => Some(text(schema).into()),
            "integer" => Some(number(schema).into()),
            "number" => Some(number(schema).into()),
            "boolean" => Some(false.into()),
            _ => Some(Value::Null),
        }
    }

    fn together(&self, parts: &[Value], answer: bool, around: &mut Vec<String>) -> Option<Value> {
        let mut whole = Map::new();
        for part in parts {
            if let Value::Object(fields) = self.example(part, answer, around)? {
                whole.extend(fields);
            }
        }
        Some(whole.into())
    }

    fn object(&self, schema: &Value, answer: bool, around: &mut Vec<String>) -> Value {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let fields = schema["properties"].as_object().into_iter().flatten();
        let shown = fields.filter_map(|(name, field)| {
            let wanted = answer || required.contains(&name.as_str()) || own(field).is_some();
            let example = wanted.then(|| self.example(field, answer, around)).flatten()?;
            Some((name.clone(), example))
        });
        Value::Object(shown.collect())
    }
}

/// What the schema itself says.
fn own(schema: &Value) -> Option<&Value> {
    let said = schema.get("example").or_else(|| schema.get("examples")?.get(0));
    said.or_else(|| schema.get("const"))
        .or_else(|| schema.get("default"))
        .or_else(|| schema.get("enum")?.get(0))
}

fn is_null(schema: &Value) -> bool {
    schema["type"] == "null"
}

/// The type of a value; of several, null: a field that may be null says an example if it has a better one.
fn kind(schema: &Value) -> Option<&str> {
    match &schema["type"] {
        Value::String(kind) => Some(kind),
        Value::Array(kinds) if kinds.iter().any(|kind| kind == "null") => Some("null"),
        Value::Array(kinds) => kinds.first()?.as_str(),
        _ if schema["properties"].is_object() => Some("object"),
        _ => None,
    }
}

fn text(schema: &Value) -> String {
    let plain = match schema["format"].as_str() {
        Some("date") => "2020-09-01",
        Some("date-time") => "2020-09-01T06:30:00.000000Z",
        Some("uri") => "https://school.example/document",
        _ => "Текст",
    };
    let least = schema["minLength"].as_u64().unwrap_or(0) as usize;
    plain.chars().cycle().take(least.max(plain.chars().count())).collect()
}

fn number(schema: &Value) -> i64 {
    let least = schema["minimum"].as_i64().unwrap_or(1);
    let most = schema["maximum"].as_i64().unwrap_or(i64::MAX);
    least.max(1).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(schema: Value, answer: bool) -> Value {
        let known = json!({
            "Code": { "type": "string", "example": "520101" },
            "Tree": { "type": "object", "properties": { "twigs": { "type": "array", "items": { "$ref": "#/components/schemas/Tree" } } } },
        });
        let known = known.as_object().cloned().unwrap_or_default();
        Maker { known: &known }.example(&schema, answer, &mut Vec::new()).unwrap_or_default()
    }

    #[test]
    fn fields_say_the_example_of_the_whole() {
        let schema = json!({ "type": "object", "required": ["code"], "properties": {
            "code": { "$ref": "#/components/schemas/Code" },
            "count": { "type": "integer", "minimum": 3 },
            "note": { "type": ["string", "null"] },
            "state": { "oneOf": [{ "type": "null" }, { "enum": ["open"] }] },
        }});
        let whole = json!({ "code": "520101", "count": 3, "note": null, "state": null });
        assert_eq!(of(schema.clone(), true), whole);
        assert_eq!(of(schema, false), json!({ "code": "520101" }));
    }

    #[test]
    fn what_holds_itself_ends() {
        assert_eq!(of(json!({ "$ref": "#/components/schemas/Tree" }), true), json!({ "twigs": [] }));
    }
}
