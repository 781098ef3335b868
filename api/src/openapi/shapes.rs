//! What generators of clients make good types from: a name for each page and each variant of a union, a mark that tells
//! variants apart, files that are bytes and not lists of numbers, objects of any form that are not empty ones, and answers
//! whose fields are there.

use super::operations;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::openapi::{
    Content, KnownFormat, Object, OpenApi as Document, Ref, RefOr, Response, Schema, SchemaFormat, Type,
    extensions::Extensions,
    path::{Operation, Parameter},
    schema::{AdditionalProperties, ArrayItems, Discriminator, OneOf, SchemaType},
    security::SecurityRequirement,
};

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// How utoipa names `Items<T>` before the name of `T`.
const ITEMS: &str = "Items_";

/// Where the contract keeps its schemas.
pub(super) const SCHEMAS: &str = "#/components/schemas/";

/// Gives the contract's schemas the form that generators of clients need.
pub(super) fn settle(document: &mut Document) {
    let mut asked = BTreeSet::new();
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            contents(operation).for_each(settle_content);
            open(operation);
            note_references(&operation.request_body, &mut asked);
        }
    }
    let Some(components) = &mut document.components else { return };
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            parameters(operation).for_each(|parameter| join_list(parameter, &components.schemas));
        }
    }
    components.schemas.values_mut().for_each(open_objects);
    name_pages(&mut components.schemas);
    name_variants(&mut components.schemas);
    require_answers(&mut components.schemas, asked);
}

/// An open operation has an empty list: generators take the empty requirement of utoipa for a way to authenticate.
fn open(operation: &mut Operation) {
    if let Some(needs) = &mut operation.security
        && needs.iter().all(|need| *need == SecurityRequirement::default())
    {
        needs.clear();
    }
}

/// Every body that an operation takes or answers.
fn contents(operation: &mut Operation) -> impl Iterator<Item = &mut Content> {
    let taken =
        operation.request_body.iter_mut().filter_map(known).flat_map(|body| body.content.values_mut());
    let answered = operation.responses.responses.values_mut().filter_map(known::<Response>);
    taken.chain(answered.flat_map(|response| response.content.values_mut())).filter_map(known)
}

pub(super) fn known<T>(found: &mut RefOr<T>) -> Option<&mut T> {
    match found {
        RefOr::T(found) => Some(found),
        RefOr::Ref(_) => None,
    }
}

fn settle_content(content: &mut Content) {
    match &mut content.schema {
        Some(RefOr::Ref(reference)) => {
            if let Some(item) =
                reference.ref_location.strip_prefix(SCHEMAS).and_then(|name| name.strip_prefix(ITEMS))
            {
                *reference = Ref::from_schema_name(page_of(item));
            }
        }
        Some(RefOr::T(schema)) if is_bytes(schema) => *schema = file(),
        _ => {}
    }
}

/// What utoipa makes of `Vec<u8>`.
fn is_bytes(schema: &Schema) -> bool {
    let Schema::Array(list) = schema else { return false };
    matches!(&list.items, ArrayItems::RefOrSchema(item) if matches!(&**item, RefOr::T(Schema::Object(item))
        if item.schema_type == SchemaType::Type(Type::Integer) && item.format == Some(SchemaFormat::KnownFormat(KnownFormat::Int32)) && item.minimum.is_some()))
}

fn file() -> Schema {
    let binary = SchemaFormat::KnownFormat(KnownFormat::Binary);
    Object::builder().schema_type(Type::String).format(Some(binary)).build().into()
}

fn page_of(item: &str) -> String {
    format!("{item}Page")
}

fn parameters(operation: &mut Operation) -> impl Iterator<Item = &mut Parameter> {
    operation.parameters.iter_mut().flatten().filter_map(known)
}

/// A list with commas between is a text: generators repeat the parameter, whatever `explode` says.
fn join_list(parameter: &mut Parameter, schemas: &Schemas) {
    let Some(words) = (parameter.explode == Some(false)).then(|| listed(parameter, schemas)).flatten() else {
        return;
    };
    let one = words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("|");
    let pattern = format!("^({one})(,({one}))*$");
    parameter.schema =
        Some(Object::builder().schema_type(Type::String).pattern(Some(pattern)).build().into());
    (parameter.style, parameter.explode) = (None, None);
}

/// The words of which `parameter` takes a list.
fn listed(parameter: &Parameter, schemas: &Schemas) -> Option<Vec<Value>> {
    let Some(RefOr::T(Schema::Array(list))) = &parameter.schema else { return None };
    let ArrayItems::RefOrSchema(item) = &list.items else { return None };
    let RefOr::Ref(item) = &**item else { return None };
    match schemas.get(item.ref_location.strip_prefix(SCHEMAS)?)? {
        RefOr::T(Schema::Object(item)) => item.enum_values.clone(),
        _ => None,
    }
}

/// A field that is an object of no known form may have any fields: generators take one that says nothing for an empty one.
fn open_objects(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::Object(object)) = schema else { return };
    for property in object.properties.values_mut() {
        if let RefOr::T(Schema::Object(field)) = property
            && is_of(&field.schema_type, Type::Object)
            && field.properties.is_empty()
            && field.additional_properties.is_none()
        {
            field.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(true)));
        }
    }
}

/// A page of `T` is `TPage`, and refers to the schema of `T` instead of repeating it.
fn name_pages(schemas: &mut Schemas) {
    let names: Vec<String> = schemas.keys().filter(|name| name.starts_with(ITEMS)).cloned().collect();
    for name in names {
        let item = &name[ITEMS.len()..];
        let Some(mut page) = schemas.remove(&name) else { continue };
        if let RefOr::T(Schema::Object(page)) = &mut page
            && let Some(RefOr::T(Schema::Array(list))) = page.properties.get_mut("items")
        {
            list.items = ArrayItems::RefOrSchema(Box::new(RefOr::Ref(Ref::from_schema_name(item))));
        }
        schemas.insert(page_of(item), page);
    }
}

/// A variant of a union is a schema of its own: of `Step` that which is marked `listed` is `StepListed`.
fn name_variants(schemas: &mut Schemas) {
    let mut variants = Schemas::new();
    for (name, schema) in &mut *schemas {
        if let RefOr::T(Schema::OneOf(union)) = schema {
            variants.extend(lift_variants(name, union));
        }
    }
    schemas.extend(variants);
}

fn lift_variants(union_name: &str, union: &mut OneOf) -> Schemas {
    let (mut lifted, mut mapping, mut property) = (Schemas::new(), BTreeMap::new(), None);
    for variant in &mut union.items {
        let RefOr::T(schema) = variant else { continue };
        let Some(mark) = mark(schema) else { continue };
        let name = format!("{union_name}{}", in_camel_case(&mark.word));
        if mark.property.is_some() {
            mapping.insert(mark.word, format!("{SCHEMAS}{name}"));
            property = mark.property;
        }
        lifted.insert(name.clone(), std::mem::replace(variant, RefOr::Ref(Ref::from_schema_name(name))));
    }
    union.discriminator = property.map(|name| Discriminator { mapping, ..Discriminator::new(name) });
    lifted
}

/// What a variant of a union is known by.
struct Mark {
    /// The property that holds the word; none where the word is the name of the only property.
    property: Option<String>,
    word: String,
}

/// The mark of a variant. A property that always holds one word says so by `const`, which is a literal in every language; an
/// `enum` of one would be a type.
fn mark(variant: &mut Schema) -> Option<Mark> {
    let object = match variant {
        Schema::Object(object) => object,
        Schema::AllOf(parts) => parts.items.iter_mut().find_map(|part| match part {
            RefOr::T(Schema::Object(object)) => Some(object),
            _ => None,
        })?,
        _ => return None,
    };
    // A variant that is nothing but a word needs no name.
    if fix(object).is_some() {
        return None;
    }
    let marked = object.properties.iter_mut().find_map(|(name, property)| match property {
        RefOr::T(Schema::Object(property)) => {
            Some(Mark { property: Some(name.clone()), word: fix(property)? })
        }
        _ => None,
    });
    let only = || (object.properties.len() == 1).then(|| object.properties.keys().next().cloned()).flatten();
    marked.or_else(|| Some(Mark { property: None, word: only()? }))
}

/// Says by `const` what an `enum` of one word says, and what it is for; the word.
fn fix(object: &mut Object) -> Option<String> {
    let [Value::String(word)] = object.enum_values.as_deref()? else { return None };
    let word = word.clone();
    object.enum_values = None;
    object.description.get_or_insert_with(|| "Which variant it is.".into());
    object.extensions = Some(Extensions::from_iter([("const", word.clone())]));
    Some(word)
}

fn in_camel_case(word: &str) -> String {
    let parts = word.split('_').map(|part| {
        let mut letters = part.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    });
    parts.collect()
}

/// In a schema that is only ever answered, a field that may be null is always there; one that may be left out is never null.
fn require_answers(schemas: &mut Schemas, mut asked: BTreeSet<String>) {
    let mut new: Vec<String> = asked.iter().cloned().collect();
    while let Some(name) = new.pop() {
        let mut found = BTreeSet::new();
        note_references(&serde_json::to_value(schemas.get(&name)).unwrap_or_default(), &mut found);
        new.extend(found.into_iter().filter(|name| asked.insert(name.clone())));
    }
    for (_, schema) in schemas.iter_mut().filter(|(name, _)| !asked.contains(*name)) {
        match schema {
            RefOr::T(Schema::Object(object)) => require_nullable(object),
            RefOr::T(Schema::AllOf(parts)) => parts.items.iter_mut().for_each(|part| {
                if let RefOr::T(Schema::Object(object)) = part {
                    require_nullable(object);
                }
            }),
            _ => {}
        }
    }
}

fn require_nullable(object: &mut Object) {
    let required = std::mem::take(&mut object.required);
    let there =
        |(name, property): &(&String, &RefOr<Schema>)| required.contains(name) || is_nullable(property);
    object.required = object.properties.iter().filter(there).map(|(name, _)| name.clone()).collect();
}

fn is_nullable(property: &RefOr<Schema>) -> bool {
    match property {
        RefOr::T(Schema::Object(object)) => is_of(&object.schema_type, Type::Null),
        RefOr::T(Schema::Array(list)) => is_of(&list.schema_type, Type::Null),
        RefOr::T(Schema::OneOf(union)) => union.items.iter().any(is_nullable),
        _ => false,
    }
}

/// Whether `types` names `wanted`.
fn is_of(types: &SchemaType, wanted: Type) -> bool {
    match types {
        SchemaType::Type(one) => *one == wanted,
        SchemaType::Array(several) => several.contains(&wanted),
        SchemaType::AnyValue => false,
    }
}

/// The names of all schemas that `value` refers to.
pub(super) fn note_references(part: &impl Serialize, found: &mut BTreeSet<String>) {
    note_in(&serde_json::to_value(part).unwrap_or_default(), found);
}

fn note_in(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            let name = map.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix(SCHEMAS));
            found.extend(name.map(str::to_owned));
            map.values().for_each(|value| note_in(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| note_in(value, found)),
        _ => {}
    }
}
