//! A YAML document as a tree, within a budget: an alias may stand for much more than it takes to write.

use opora_primitives::Words;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::{cell::Cell, fmt};

/// The most a document may come to when all aliases are followed, in bytes; a node costs its text and this much more.
const BUDGET: usize = 8 * 1024 * 1024;
const NODE: usize = 32;

/// A value.
#[derive(Debug)]
pub(super) enum Node {
    /// Nothing: `null`, `~` or an empty place.
    Null,
    /// A whole number.
    Number(i64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Fields, in the order of the file; a repeated one stands twice.
    Map(Vec<(String, Node)>),
    /// Something no field of a plan takes: a fraction, `true`, a number that is too large.
    Other,
}

/// Reads a document. The error tells the place and not the contents.
pub(super) fn parse(bytes: &[u8]) -> Result<Node, Words> {
    let budget = Cell::new(BUDGET);
    Seed(&budget).deserialize(yaml_serde::Deserializer::from_slice(bytes)).map_err(|error| {
        match error.location() {
            _ if budget.get() == 0 => {
                let ru = "файл слишком велик, если раскрыть его ссылки";
                ("the file is too large when its aliases are followed", ru).into()
            }
            Some(at) => {
                let (line, column) = (at.line(), at.column());
                let ru = format!("не YAML: строка {line}, столбец {column}");
                (format!("not YAML at line {line}, column {column}"), ru).into()
            }
            None => ("not YAML", "не YAML").into(),
        }
    })
}

#[derive(Clone, Copy)]
struct Seed<'a>(&'a Cell<usize>);

impl Seed<'_> {
    fn spend<E: Error>(self, bytes: usize) -> Result<(), E> {
        let left = self.0.get().saturating_sub(bytes + NODE);
        self.0.set(left);
        if left == 0 { Err(E::custom("too large")) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        self.spend(0).map(|()| Node::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Node, E> {
        self.visit_unit()
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Node, E> {
        self.spend(0).map(|()| Node::Other)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Node, E> {
        self.spend(0).map(|()| Node::Number(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Node, E> {
        self.spend(0).map(|()| i64::try_from(number).map_or(Node::Other, Node::Number))
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<Node, E> {
        self.spend(0).map(|()| Node::Other)
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<Node, E> {
        self.spend(0).map(|()| Node::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Node, E> {
        self.spend(0).map(|()| Node::Other)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        self.spend(text.len()).map(|()| Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        self.spend(0)?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        self.spend(0)?;
        let mut fields = Vec::new();
        while let Some(key) = entries.next_key::<String>()? {
            self.spend(key.len())?;
            fields.push((key, entries.next_value_seed(self)?));
        }
        Ok(Node::Map(fields))
    }
}
