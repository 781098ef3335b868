//! The language of the words in an answer: how it is asked for and how it is told (D310).

use crate::oauth;
use serde_json::json;
use utoipa::openapi::{
    Header, HeaderBuilder, Object, Ref, RefOr, Required, Type,
    path::{Operation, Parameter, ParameterBuilder, ParameterIn},
};

/// The name of the parameter component.
pub(super) const ASKED: &str = "AcceptLanguage";

/// The header of a response that tells the language.
pub(super) const ANSWERED: &str = "Content-Language";

/// The parameter that operations refer to. Any list of languages is taken, so that the schema names no words.
pub(super) fn parameter() -> Parameter {
    ParameterBuilder::new()
        .name("Accept-Language")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "The language of the words in the answer, those of problems too: `ru` or `en`, of which the one with the \
             greater weight is taken, of equal ones the first; English if neither is named.",
        ))
        .schema(Some(Object::builder().schema_type(Type::String).build()))
        .example(Some(json!("ru")))
        .build()
}

/// The header that tells the language of the words.
pub(super) fn header() -> Header {
    let language = Object::builder().schema_type(Type::String).enum_values(Some(["en", "ru"])).build();
    HeaderBuilder::new().schema(Some(language)).description(Some("The language of the words")).build()
}

/// Whatever may answer with a problem document may be asked for its language.
pub(super) fn add(path: &str, operation: &mut Operation) {
    if !oauth::speaks_at(path) {
        let reference = RefOr::Ref(Ref::new(format!("#/components/parameters/{ASKED}")));
        operation.parameters.get_or_insert_default().push(reference);
    }
}
