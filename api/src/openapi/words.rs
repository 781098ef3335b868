//! The words of the contract that its annotations cannot say: what a page holds, what a column of a bulk write is, which
//! codes there are. Sources of rules, which doc comments name for those who read the code, are left out.

use super::{
    operations,
    shapes::{SCHEMAS, known},
};
use opora_primitives::{ProblemCode, Reason};
use std::collections::BTreeMap;
use utoipa::openapi::{
    Object, OpenApi as Document, RefOr, Schema,
    extensions::Extensions,
    path::{Operation, Parameter},
    schema::ArrayItems,
};

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Completes the descriptions of a document whose schemas are settled.
pub(super) fn complete(document: &mut Document) {
    let pages = pages(document);
    for item in document.paths.paths.values_mut() {
        operations(item).for_each(|(_, operation)| publish_operation(operation));
    }
    let Some(components) = &mut document.components else { return };
    for (name, words) in pages {
        if let Some(RefOr::T(Schema::Object(page))) = components.schemas.get_mut(&name) {
            page.description = Some(words);
        }
    }
    name_codes(&mut components.schemas);
    describe_lines(&mut components.schemas);
    components.schemas.values_mut().for_each(publish_schema);
}

/// What the operations that answer a page call it, by the name of its schema.
fn pages(document: &mut Document) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (_, operation) in document.paths.paths.values_mut().flat_map(operations) {
        let Some(RefOr::T(answer)) = operation.responses.responses.get_mut("200") else { continue };
        let words = answer.description.clone();
        let schemas =
            answer.content.values_mut().filter_map(known).filter_map(|content| content.schema.as_ref());
        let names = schemas.filter_map(named).filter(|name| name.ends_with("Page")).map(str::to_owned);
        for name in names {
            found.entry(name).or_insert_with(|| words.clone());
        }
    }
    found
}

/// The name of the schema that `schema` is, also where it may be null.
fn named(schema: &RefOr<Schema>) -> Option<&str> {
    match schema {
        RefOr::Ref(reference) => reference.ref_location.strip_prefix(SCHEMAS),
        RefOr::T(Schema::OneOf(union)) => union.items.iter().find_map(named),
        RefOr::T(_) => None,
    }
}

/// The codes that a field may hold. There may be more one day, so that they are no `enum`.
fn name_codes(schemas: &mut Schemas) {
    let problems: Vec<_> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
    let reasons: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    let fields = [
        ("ProblemDocument", &problems),
        ("JobProblem", &problems),
        ("FieldError", &reasons),
        ("ImportReject", &reasons),
    ];
    for (name, codes) in fields {
        if let Some(RefOr::T(Schema::Object(object))) = schemas.get_mut(name)
            && let Some(RefOr::T(Schema::Object(code))) = object.properties.get_mut("code")
        {
            code.extensions
                .get_or_insert_default()
                .merge(Extensions::from_iter([("x-extensible-enum", codes.as_slice())]));
        }
    }
}

/// The records of bulk writes, and the schemas whose fields their columns are, by name.
const LINES: &[(&str, &[&str])] = &[
    ("MunicipalityLine", &["MunicipalityCreate"]),
    ("SchoolLine", &["SchoolCreate"]),
    ("ContextLine", &["Context"]),
    ("ResultLine", &["ResultRow"]),
    ("StaffLine", &["StaffMember"]),
    ("DesignationLine", &["DesignationCreate"]),
    ("SupportRecordLine", &["SupportRecordCreate", "SupportRecord"]),
];

/// The columns that stand in files instead of a field of another name, or otherwise.
const COLUMNS: &[(&str, &str)] = &[
    ("fte", "The share of a full-time post: 1 is one post."),
    ("oktmo", "The municipality's code in the territory classifier, 8 or 11 digits."),
    ("parent_oktmo", "The code of the city that a city district lies in."),
    ("school_code", "The school's code in the exam system."),
    ("successor_code", "The code of the school that took over."),
    ("successor_oktmo", "The code of the municipality that it became or joined."),
];

/// Says before the Russian heading of a column what the field of the same name is, and which words it takes.
fn describe_lines(schemas: &mut Schemas) {
    for (line, sources) in LINES {
        let fields: BTreeMap<String, Field> = sources
            .iter()
            .rev()
            .filter_map(|name| schemas.get(*name))
            .flat_map(|source| fields(source, schemas))
            .collect();
        let Some(RefOr::T(Schema::Object(line))) = schemas.get_mut(*line) else { continue };
        for (name, column) in &mut line.properties {
            let RefOr::T(Schema::Object(column)) = column else { continue };
            let own = COLUMNS.iter().find(|(column, _)| column == name).map(|(_, words)| (*words).to_owned());
            let Field { words, list } = fields.get(name).cloned().unwrap_or_default();
            let list = list.map(|list| format!("A word of `{list}`, or its name in Russian."));
            let words = [own.or(words), list, column.description.take()];
            column.description = Some(words.into_iter().flatten().collect::<Vec<_>>().join(" "));
        }
    }
}

/// What a column takes from a field.
#[derive(Clone, Default)]
struct Field {
    words: Option<String>,
    /// The closed list of which it holds a word.
    list: Option<String>,
}

/// The fields of `source` with what they are and, where they hold a word of a closed list, the name of the list.
fn fields(source: &RefOr<Schema>, schemas: &Schemas) -> Vec<(String, Field)> {
    match source {
        RefOr::T(Schema::Object(object)) => {
            let field = |(name, field): (&String, &RefOr<Schema>)| {
                let list = named(field).filter(|name| is_list(schemas.get(*name))).map(str::to_owned);
                (name.clone(), Field { words: description(field), list })
            };
            object.properties.iter().map(field).collect()
        }
        RefOr::T(Schema::AllOf(parts)) => parts.items.iter().flat_map(|part| fields(part, schemas)).collect(),
        RefOr::Ref(_) => {
            named(source).and_then(|name| schemas.get(name)).map_or(Vec::new(), |part| fields(part, schemas))
        }
        RefOr::T(_) => Vec::new(),
    }
}

fn is_list(schema: Option<&RefOr<Schema>>) -> bool {
    matches!(schema, Some(RefOr::T(Schema::Object(object))) if object.enum_values.is_some())
}

fn description(schema: &RefOr<Schema>) -> Option<String> {
    match schema {
        RefOr::Ref(reference) => Some(reference.description.clone()).filter(|words| !words.is_empty()),
        RefOr::T(Schema::Object(object)) => object.description.clone(),
        RefOr::T(Schema::Array(list)) => list.description.clone(),
        RefOr::T(Schema::OneOf(union)) => {
            union.description.clone().or_else(|| union.items.iter().find_map(description))
        }
        RefOr::T(_) => None,
    }
}

fn publish_operation(operation: &mut Operation) {
    operation.description.as_mut().map(publish).unwrap_or_default();
    for parameter in operation.parameters.iter_mut().flatten().filter_map(known::<Parameter>) {
        parameter.description.as_mut().map(publish).unwrap_or_default();
    }
}

fn publish_schema(schema: &mut RefOr<Schema>) {
    let (words, parts): (_, Vec<&mut RefOr<Schema>>) = match schema {
        RefOr::Ref(reference) => return publish(&mut reference.description),
        RefOr::T(Schema::Object(Object { description, properties, .. })) => {
            (description, properties.values_mut().collect())
        }
        RefOr::T(Schema::Array(list)) => match &mut list.items {
            ArrayItems::RefOrSchema(item) => (&mut list.description, vec![item]),
            ArrayItems::False => (&mut list.description, Vec::new()),
        },
        RefOr::T(Schema::OneOf(union)) => (&mut union.description, union.items.iter_mut().collect()),
        RefOr::T(Schema::AllOf(parts)) => (&mut parts.description, parts.items.iter_mut().collect()),
        RefOr::T(_) => return,
    };
    words.as_mut().map(publish).unwrap_or_default();
    parts.into_iter().for_each(publish_schema);
}

/// What is in brackets and names decisions or a place in our documents means nothing to who reads the contract.
fn publish(words: &mut String) {
    const SOURCES: [&str; 3] = [" (decision", " (`docs/", " (D"];
    let is_source = |tail: &str| {
        let begins = SOURCES.iter().find_map(|source| tail.strip_prefix(source));
        begins.is_some_and(|rest| !tail.starts_with(" (D") || rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    while let Some(start) = words.match_indices(" (").map(|(at, _)| at).find(|at| is_source(&words[*at..]))
        && let Some(length) = words[start..].find(')')
    {
        words.replace_range(start..=start + length, "");
    }
}

#[cfg(test)]
mod tests {
    use super::publish;

    #[test]
    fn sources_of_rules_are_not_published() {
        let published = |words: &str| {
            let mut words = words.to_owned();
            publish(&mut words);
            words
        };
        assert_eq!(published("Has none (decision 16)."), "Has none.");
        assert_eq!(published("One (D206) and two (`docs/files.md`)."), "One and two.");
        assert_eq!(
            published("A course (row 3.4) by mark (Diploma)."),
            "A course (row 3.4) by mark (Diploma)."
        );
    }
}
