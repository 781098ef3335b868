//! The contract: committed, complete, and what the server serves.

use crate::harness::contract::{Operation, document, operations, resolve};
use opora_primitives::ProblemCode;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn the_committed_contract_is_the_codes_own() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi.yaml");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    // Not assert_eq: thousands of lines would bury the message.
    assert!(
        committed == opora::openapi::yaml(&opora::openapi::document()).unwrap(),
        "openapi.yaml is out of date: run `make contract`"
    );
}

#[test]
fn every_operation_says_what_it_is() {
    let mut seen = BTreeMap::new();
    let mut faults = Vec::new();
    let tags: BTreeSet<&str> =
        document()["tags"].as_array().unwrap().iter().filter_map(|t| t["name"].as_str()).collect();
    for operation in operations() {
        let (id, json) = (operation.id, operation.json);
        let mut check = |holds: bool, fault: &str| {
            if !holds {
                faults.push(format!("{id}: {fault}"));
            }
        };
        check(seen.insert(id, operation.path).is_none(), "the operationId stands twice");
        check(
            id.contains('_') && id.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
            "not verb_resource",
        );
        check(json["summary"].as_str().is_some_and(|s| !s.is_empty()), "no summary");
        check(json["description"].as_str().is_some_and(|s| !s.is_empty()), "no description");
        check(json["summary"] != json["description"], "the description repeats the summary");
        let named = json["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
        check(
            named.len() == 1 && named.iter().all(|t| t.as_str().is_some_and(|t| tags.contains(t))),
            "not one known tag",
        );
        check(json["security"].is_array(), "no security; an open one says []");
        check(
            json["responses"]
                .as_object()
                .is_some_and(|r| r.keys().any(|s| s.starts_with('2') || s.starts_with('3'))),
            "no success",
        );
        let declared: BTreeSet<&str> =
            operation.parameters().filter(|p| p["in"] == "path").filter_map(|p| p["name"].as_str()).collect();
        let in_path: BTreeSet<&str> = operation.path.split(['{', '}']).skip(1).step_by(2).collect();
        check(declared == in_path, "the path's parameters are not those declared");
        for parameter in operation.parameters() {
            check(
                parameter["description"].as_str().is_some_and(|d| !d.is_empty()),
                "a parameter without a description",
            );
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(seen.len() >= 10, "the walk found only {seen:?}");
}

/// Readers of YAML 1.1 take a plain `on` for true.
#[test]
fn the_committed_contract_reads_the_same_in_every_yaml() {
    let committed = opora::openapi::yaml(&opora::openapi::document()).unwrap();
    let read: Value = yaml_serde::from_str(&committed).unwrap();
    assert!(read == *document(), "what was quoted is not what was meant");
    let truths = [" on:", "- on", ": on", ": yes", ": no", " y:", " n:"];
    let plain = committed.lines().filter(|line| truths.iter().any(|t| line.ends_with(t)));
    assert_eq!(plain.collect::<Vec<_>>(), [""; 0]);
    assert!(committed.contains("name: 'on'"), "the words have gone: so may this test");
}

#[test]
fn every_secured_operation_documents_its_refusals() {
    for operation in operations().iter().filter(|o| o.permission().is_some()) {
        for status in ["401", "403", "500", "503"] {
            assert!(operation.json["responses"][status].is_object(), "{}: no {status}", operation.id);
        }
    }
}

/// The codes that a description names, each before a colon.
fn codes_of(description: &str) -> impl Iterator<Item = &str> {
    description.split('`').skip(1).step_by(2)
}

/// Every problem stands in a response with its status, and whatever stands there has it.
#[test]
fn every_problem_stands_in_a_response_with_its_status() {
    let mut told: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for operation in operations().iter().filter(|operation| !operation.path.starts_with("/oauth/")) {
        assert!(operation.json["x-problems"].is_null(), "{}: a problem that is none", operation.id);
        for (status, response) in operation.json["responses"].as_object().unwrap() {
            let response = resolve(response);
            let content = &response["content"]["application/problem+json"];
            if content.is_null() {
                continue;
            }
            for code in codes_of(response["description"].as_str().unwrap()) {
                let known = ProblemCode::ALL.iter().find(|known| known.as_str() == code);
                assert_eq!(known.map(|known| known.status().to_string()).as_ref(), Some(status), "{code}");
                told.entry(code).or_default().insert(operation.id);
            }
            assert_eq!(content["example"]["status"].to_string(), *status, "{}", operation.id);
        }
    }
    // A documented operation takes its method.
    let told_nowhere =
        ProblemCode::ALL.iter().map(|code| code.as_str()).filter(|code| !told.contains_key(code));
    assert_eq!(told_nowhere.collect::<Vec<_>>(), ["method_not_allowed"]);
    assert!(!told["fact_decided"].contains("create_school"));
    assert_eq!(told["wrong_credentials"], ["log_in"].into());
    assert_eq!(told["own_report"], ["accept_report", "return_report"].into());
    assert!(!told["missing_token"].contains("log_in"));
}

/// Every operation that speaks in problem documents can be asked for their language.
#[test]
fn the_language_of_the_words_can_be_asked_for() {
    for operation in operations() {
        let asked = operation.parameters().any(|p| p["name"] == "Accept-Language" && p["in"] == "header");
        assert_eq!(asked, !operation.path.starts_with("/oauth/"), "{}", operation.id);
    }
}

/// A description that is a mere word, or the rest of a sentence, says nothing without the code.
#[test]
fn descriptions_say_what_they_are_about() {
    let is_rest = |words: &str| words.starts_with("That ") || words.starts_with("So ");
    let mut poor = Vec::new();
    for operation in operations() {
        for parameter in operation.parameters() {
            let words = parameter["description"].as_str().unwrap_or_default();
            if words.chars().count() < 12 || is_rest(words) {
                poor.push(format!("{} {}: {words}", operation.id, parameter["name"]));
            }
        }
    }
    for (name, schema) in document()["components"]["schemas"].as_object().unwrap() {
        let parts = schema["allOf"].as_array().into_iter().flatten().chain([schema]);
        for (field, property) in parts.filter_map(|part| part["properties"].as_object()).flatten() {
            let words = property["description"].as_str().unwrap_or("that of its schema");
            if !words.contains(' ') || is_rest(words) {
                poor.push(format!("{name}.{field}: {words}"));
            }
        }
    }
    assert!(poor.is_empty(), "{}", poor.join("\n"));
}

/// Records of bulk writes are made from columns with Russian headings.
#[test]
fn columns_of_bulk_writes_are_described_in_english() {
    let schemas = document()["components"]["schemas"].as_object().unwrap();
    let lines = schemas.iter().filter(|(name, _)| name.ends_with("Line"));
    let mut seen = 0;
    for (name, schema) in lines {
        for (column, property) in schema["properties"].as_object().unwrap() {
            let words = property["description"].as_str().unwrap();
            let (english, heading) =
                words.split_once("Column «").unwrap_or_else(|| panic!("{name}.{column}: {words}"));
            assert!(english.trim().ends_with('.') && !heading.is_empty(), "{name}.{column}: {words}");
            seen += 1;
        }
    }
    assert!(seen > 50, "the walk saw only {seen}");
    let kind = schemas["SchoolLine"]["properties"]["kind"]["description"].as_str().unwrap();
    assert!(kind.contains("A word of `SchoolKind`"), "{kind}");
}

/// Decisions and documents of this repository are sources for who reads the code.
#[test]
fn no_description_names_sources_that_only_the_code_has() {
    let text = document().to_string();
    for source in ["(decision ", "(`docs/", "(D1", "(D2", "(D3", "TIMESTAMP", "[`"] {
        assert!(!text.contains(source), "{source}");
    }
}

/// A list without a cursor is no page.
#[test]
fn pages_say_what_they_hold() {
    let schemas = document()["components"]["schemas"].as_object().unwrap();
    for operation in operations().iter().filter(|operation| operation.is_list()) {
        let answer = &operation.json["responses"]["200"];
        let name = answer["content"]["application/json"]["schema"]["$ref"].as_str().unwrap();
        let words = schemas[name.rsplit('/').next().unwrap()]["description"].as_str().unwrap();
        let is_paged = operation.parameters().any(|parameter| parameter["name"] == "cursor");
        let says_page = answer["description"].as_str().unwrap().starts_with("A page of ");
        assert_eq!(says_page, is_paged, "{}", operation.id);
        assert!(words != "A list in pages." && words.len() > 5, "{}: {words}", operation.id);
    }
}

/// Every `$ref` under `value`.
fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str));
            map.values().for_each(|v| references(v, found));
        }
        Value::Array(list) => list.iter().for_each(|v| references(v, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_used() {
    let mut found = Vec::new();
    references(document(), &mut found);
    for reference in &found {
        let target = reference.strip_prefix('#').and_then(|pointer| document().pointer(pointer));
        assert!(target.is_some(), "{reference} leads nowhere");
    }
    for name in document()["components"]["schemas"].as_object().unwrap().keys() {
        let used = found.contains(&format!("#/components/schemas/{name}").as_str());
        assert!(used, "the schema {name} is used nowhere");
    }
}

/// Requests are held against parameters that are gathered file by file: nothing may be lost on the way.
#[test]
fn every_parameter_is_held_against_its_schema() {
    let (asked, schemas) = opora::openapi::asked();
    let known: BTreeSet<&str> = schemas.iter().map(|(name, _)| name.as_str()).collect();
    let of_contract = |operation: &Operation| operation.parameters().filter(|p| p["in"] == "query").count();
    let total: usize = operations().iter().map(of_contract).sum();
    assert_eq!(asked.iter().map(|operation| operation.parameters.len()).sum::<usize>(), total);
    assert_eq!(asked.len(), operations().len());
    let parameters = asked.iter().flat_map(|operation| &operation.parameters);
    let parts = parameters.map(|p| &p.schema).chain(schemas.iter().map(|(_, schema)| schema));
    for part in parts {
        let (part, mut found) = (serde_json::to_value(part).unwrap(), Vec::new());
        references(&part, &mut found);
        for reference in found {
            let name = reference.rsplit('/').next().unwrap();
            assert!(known.contains(name), "{name} is not known");
        }
    }
}

/// A description of its own, or that of the named schema it is (or is one of).
fn is_described(property: &Value) -> bool {
    let mut named = Vec::new();
    references(property, &mut named);
    property["description"].is_string() || !named.is_empty()
}

#[test]
fn every_property_of_a_schema_is_described() {
    let schemas = document()["components"]["schemas"].as_object().unwrap();
    let missing: Vec<String> = schemas
        .iter()
        .flat_map(|(name, schema)| {
            schema["properties"].as_object().into_iter().flatten().map(move |(p, s)| (name, p, s))
        })
        .filter(|(_, _, property)| !is_described(property))
        .map(|(name, property, _)| format!("{name}.{property}"))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Generators call a variant without a name `Type3`.
#[test]
fn every_variant_of_a_union_has_a_name() {
    let schemas = document()["components"]["schemas"].as_object().unwrap();
    let unions = schemas.iter().filter_map(|(name, schema)| Some((name, schema["oneOf"].as_array()?)));
    let nameless: Vec<_> = unions
        .flat_map(|(name, variants)| variants.iter().map(move |variant| (name, variant)))
        .filter(|(_, variant)| variant["$ref"].is_null() && variant["const"].is_null())
        .collect();
    assert!(nameless.is_empty(), "{nameless:?}");
    assert_eq!(document()["components"]["schemas"]["Step"]["discriminator"]["propertyName"], "step");
}

/// A file is no list of numbers, and what is only answered has fields that are null or left out, never both.
#[test]
fn files_are_bytes_and_fields_of_answers_are_there() {
    let text = document().to_string();
    assert!(
        !text.contains(r#""items":{"format":"int32","minimum":0,"type":"integer"},"type":"array""#),
        "Vec<u8>"
    );
    let report = &document()["components"]["schemas"]["Import"];
    assert!(report["required"].as_array().unwrap().contains(&"report".into()), "{report}");
    let draft = &document()["components"]["schemas"]["ServiceClientCreate"];
    assert!(!draft["required"].as_array().unwrap().contains(&"expires_at".into()), "{draft}");
    for operation in operations() {
        let content = operation.json["responses"]["200"]["content"].as_object();
        let is_mixed = content.is_some_and(|c| c.contains_key("application/json") && c.len() > 1);
        let file = format!("{}/file", operation.path);
        assert!(!is_mixed || document()["paths"][&file].is_object(), "{}: no {file}", operation.id);
    }
}

both!(the_served_contract_is_the_same_in_both_forms, |world| {
    let stranger = world.stranger();
    let json = stranger.get("/openapi.json").expect(200);
    let yaml = stranger.get("/openapi.yaml").expect(200);
    assert!(yaml.header("content-type").contains("yaml"), "{}", yaml.header("content-type"));
    let from_yaml: Value = yaml_serde::from_str(&yaml.text).unwrap();
    assert!(from_yaml == json.json, "the two forms differ");
    assert!(json.json == *document(), "the served contract is not the code's");
});

/// Operations that are open and have nothing for whom nothing was prepared: `tests/publication.rs` and
/// `tests/feeds.rs` hold that they are served.
const NOTHING_HERE: &[&str] = &["get_public_summary", "get_calendar_feed", "get_report_feed"];

both!(every_documented_operation_is_served, |world| {
    let stranger = world.stranger();
    for operation in operations() {
        // An address and a method that no route takes give 404 or 405 before any access check.
        let path = operation.path_with(|_| Some("1".into()));
        let reply = stranger.call(&operation.method, &path).send();
        match operation.permission() {
            Some(_) => assert_eq!(reply.status, 401, "{}: {reply}", operation.id),
            None if NOTHING_HERE.contains(&operation.id) => assert_eq!(reply.status, 404, "{reply}"),
            None if operation.method == "GET" => assert_eq!(reply.status, 200, "{}: {reply}", operation.id),
            // Those that log in miss their body; what speaks OAuth says so in its own words.
            None if operation.path.starts_with("/oauth/") => drop(reply.refused(400, "invalid_request")),
            None => assert_eq!(reply.status, 415, "{}: {reply}", operation.id),
        }
    }
});

both!(an_address_refuses_every_method_it_does_not_have, |world| {
    let stranger = world.stranger();
    for operation in operations() {
        let here: BTreeSet<_> =
            operations().into_iter().filter(|o| o.path == operation.path).map(|o| o.method).collect();
        let path = operation.path_with(|_| Some("1".into()));
        for method in
            ["GET", "PUT", "POST", "PATCH", "DELETE"].into_iter().filter(|method| !here.contains(*method))
        {
            let reply = stranger.call(method, &path).send();
            assert_eq!(reply.status, 405, "{method} {path}: {reply}");
            let told = reply.header("allow").split(", ").filter(|method| *method != "HEAD");
            assert_eq!(told.map(String::from).collect::<BTreeSet<_>>(), here, "{method} {path}");
            // What speaks OAuth refuses in its own words.
            if !operation.path.starts_with("/oauth/") {
                reply.problem("method_not_allowed");
            }
        }
    }
});

both!(the_documentation_page_needs_nothing_from_elsewhere, |world| {
    let stranger = world.stranger();
    let page = stranger.get("/docs/").expect(200);
    for attribute in ["src=\"", "href=\""] {
        for address in page.text.split(attribute).skip(1) {
            assert!(
                !address.starts_with("http") && !address.starts_with("//"),
                "{}",
                &address[..60.min(address.len())]
            );
        }
    }
    for path in ["/", "/docs"] {
        assert_eq!(stranger.get(path).expect(302).header("location"), "/docs/");
    }
});

/// What a message of the operation looks like, and the schema it must fit: of each body that it takes, and of each that it
/// answers when all went well, as far as the contract knows their form.
fn messages(operation: &Operation) -> Vec<(String, &'static Value)> {
    let of = |what: String, holder: &'static Value| {
        let contents = holder["content"].as_object().into_iter().flatten();
        contents
            .filter(|(kind, _)| {
                ["application/json", "application/x-www-form-urlencoded"].contains(&kind.as_str())
            })
            .map(move |(kind, content)| (format!("{what} {kind}"), content))
            .collect::<Vec<_>>()
    };
    let mut found = of("takes".into(), &operation.json["requestBody"]);
    for (status, response) in operation.json["responses"].as_object().unwrap() {
        if status.starts_with('2') {
            found.extend(of(format!("answers {status}"), resolve(response)));
        }
    }
    found
}

#[test]
fn every_message_has_an_example_that_fits() {
    let (mut faults, mut seen) = (Vec::new(), 0);
    for operation in operations() {
        for (what, content) in messages(&operation) {
            let schema = &content["schema"];
            let of_content = [&content["example"], &content["examples"]["default"]["value"]];
            let mut said = of_content.into_iter().chain([&resolve(schema)["example"]]);
            match said.find(|example| !example.is_null()) {
                None => faults.push(format!("{} {what}: no example", operation.id)),
                Some(example) => {
                    let fits = fits(example, schema, "");
                    faults.extend(fits.err().map(|fault| format!("{} {what}: {fault}", operation.id)));
                }
            }
            seen += 1;
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(seen > 150, "the walk saw only {seen}");
}

/// Whether `value` has the form of `schema`. Patterns and formats are looked at by the linters of `make lint-contract`.
fn fits(value: &Value, schema: &'static Value, at: &str) -> Result<(), String> {
    let schema = resolve(schema);
    let fault = |words: &str| Err(format!("{at}: {words}: {value}"));
    if let Some(parts) = schema["allOf"].as_array() {
        parts.iter().try_for_each(|part| fits(value, part, at))?;
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[choice].as_array()
            && !choices.iter().any(|choice| fits(value, choice, at).is_ok())
        {
            return fault("no variant");
        }
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    let is = |kind: &&str| match *kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        _ => value.is_object(),
    };
    if !kinds.is_empty() && !kinds.iter().any(is) {
        return fault("another type");
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        return fault("not one of the words");
    }
    if !schema["const"].is_null() && schema["const"] != *value {
        return fault("another word");
    }
    if let Some(number) = value.as_i64()
        && (schema["minimum"].as_i64().is_some_and(|least| number < least)
            || schema["maximum"].as_i64().is_some_and(|most| most < number))
    {
        return fault("outside the bounds");
    }
    if let Some(length) = value.as_str().map(|text| text.chars().count() as u64)
        && (schema["minLength"].as_u64().is_some_and(|least| length < least)
            || schema["maxLength"].as_u64().is_some_and(|most| most < length))
    {
        return fault("too short or too long");
    }
    for (place, item) in value.as_array().into_iter().flatten().enumerate() {
        fits(item, &schema["items"], &format!("{at}/{place}"))?;
    }
    if let Value::Object(fields) = value {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                return fault(&format!("no {name}"));
            }
        }
        for (name, field) in fields {
            fits(field, &schema["properties"][name], &format!("{at}/{name}"))?;
        }
    }
    Ok(())
}
