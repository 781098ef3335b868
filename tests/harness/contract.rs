//! The contract as the tests walk it.

use opora_identity::Permission;
use serde_json::Value;
use std::sync::OnceLock;

/// The whole document.
pub fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        serde_json::from_str(&opora::openapi::json(&opora::openapi::document()).unwrap()).unwrap()
    })
}

/// One operation of the contract.
pub struct Operation {
    pub id: &'static str,
    /// In upper case.
    pub method: String,
    pub path: &'static str,
    pub json: &'static Value,
}

impl Operation {
    /// The permission it needs; `None` for an open one.
    pub fn permission(&self) -> Option<Permission> {
        let needs = self.json["security"].as_array().unwrap_or_else(|| panic!("{}: no security", self.id));
        let secured = needs.iter().any(|need| need["bearer"].is_array());
        let named = self.json["x-permission"].as_str();
        assert_eq!(secured, named.is_some(), "{}: security and x-permission contradict each other", self.id);
        let known = |word| Permission::ALL.iter().copied().find(|p| p.as_str() == word);
        named.map(|word| known(word).unwrap_or_else(|| panic!("{}: no permission {word}", self.id)))
    }

    /// The path with `sample` in place of its parameters.
    pub fn path_with(&self, mut sample: impl FnMut(&str) -> Option<String>) -> String {
        let mut path = String::new();
        for (i, part) in self.path.split(['{', '}']).enumerate() {
            match i % 2 {
                0 => path += part,
                _ => path += &sample(part).unwrap_or_else(|| panic!("no case for {{{part}}} of {}", self.id)),
            }
        }
        path
    }

    /// Whether it answers with a page of items.
    pub fn is_list(&self) -> bool {
        let schema = &self.json["responses"]["200"]["content"]["application/json"]["schema"];
        resolve(schema)["properties"]["items"].is_object()
    }

    /// The record that it changes under a condition, where `path` is its own path: a step is taken on the record above it.
    pub fn record<'a>(&self, path: &'a str) -> &'a str {
        if self.method == "POST" { path.rsplit_once('/').unwrap().0 } else { path }
    }

    /// Whether that record has an address of its own to be read at. A person stands in lists alone.
    pub fn is_readable(&self) -> bool {
        document()["paths"][self.record(self.path)]["get"].is_object()
    }

    /// Its path and query parameters.
    pub fn parameters(&self) -> impl Iterator<Item = &'static Value> {
        self.json["parameters"].as_array().into_iter().flatten().map(resolve)
    }
}

/// Every operation of the contract.
pub fn operations() -> Vec<Operation> {
    let paths = document()["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().iter().filter(|(method, _)| METHODS.contains(&method.as_str())).map(
                move |(method, json)| Operation {
                    id: json["operationId"]
                        .as_str()
                        .unwrap_or_else(|| panic!("{method} {path}: no operationId")),
                    method: method.to_ascii_uppercase(),
                    path,
                    json,
                },
            )
        })
        .collect()
}

/// Every operation that needs a permission, with it.
pub fn secured() -> impl Iterator<Item = (Operation, Permission)> {
    operations().into_iter().filter_map(|operation| operation.permission().map(|p| (operation, p)))
}

const METHODS: &[&str] = &["get", "put", "post", "patch", "delete", "head", "options", "trace"];

/// What a `$ref` stands for; anything else stands for itself.
pub fn resolve(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => {
            let pointer =
                reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leaves the document"));
            document().pointer(pointer).unwrap_or_else(|| panic!("{reference} points to nothing"))
        }
        None => value,
    }
}
