//! Foreign issuers: identity providers of others (a ministry's) whose access tokens are trusted by configuration. The
//! issuer says who a person is; which role and which part of the region its words stand for is said here.
//!
//! Only access tokens of people are taken. An ID token is a message to the program that asked for it, and a program gets
//! credentials of its own ([`crate::clients`]).

mod claims;
mod keyset;
pub mod people;
mod token;

pub use claims::{ClaimPath, Claimed, Place};
pub use keyset::KeySet;
pub use token::{Refusal, Vouched, claimed_issuer};

use crate::Role;
use jsonwebtoken::Algorithm;
use opora_primitives::{Problem, ProblemCode};
use std::collections::BTreeMap;

/// An issuer that is trusted, and how what it says is understood.
#[derive(Clone, Debug)]
pub struct Trust {
    /// A short word for it: what stands behind the `@` in the logins of its people.
    pub name: String,
    /// The `iss` claim. People are known by it and their `sub`, so it is for good.
    pub issuer: String,
    /// What the `aud` claim must name: this installation, as the issuer knows it.
    pub audience: String,
    /// In which algorithms its tokens may be signed; the kind of the key narrows them further.
    pub algorithms: Vec<Algorithm>,
    /// What its access tokens look like.
    pub form: TokenForm,
    /// Which role here its words for roles stand for. A word that is not named stands for nothing.
    pub roles: BTreeMap<String, Role>,
    /// Where in a token what is said stands.
    pub claims: Claims,
    /// How far the issuer's clock may be off, in seconds.
    pub leeway: i64,
}

/// How an access token is known from other tokens of the same issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenForm {
    /// Its header says `at+jwt` (RFC 9068).
    Typed,
    /// Its header says `JWT` or nothing, and nothing in it is peculiar to an ID token.
    Plain,
}

/// Where in a token what is said stands.
#[derive(Clone, Debug)]
pub struct Claims {
    /// The issuer's words for roles: a text, or a list of them.
    pub role: ClaimPath,
    /// What the person is called when it logs in.
    pub login: ClaimPath,
    /// The name people read.
    pub display_name: ClaimPath,
    /// ОКТМО of the municipality a person works for.
    pub municipality: Option<ClaimPath>,
    /// Exam-system code of the school a person works for.
    pub school: Option<ClaimPath>,
}

/// A person whom the issuer vouches for and who has no access here.
fn not_admitted(why: &str, ru: &str) -> Problem {
    Problem::new(ProblemCode::NotAdmitted, (why, ru))
}

#[cfg(test)]
mod testing {
    use super::*;

    /// An issuer that says what the tests of this module say.
    pub fn trust() -> Trust {
        let roles = [
            ("edu-institute", Role::Institute),
            ("edu-niro", Role::Institute),
            ("edu-mouo", Role::Municipality),
            ("edu-school", Role::School),
            ("edu-reader", Role::Reader),
        ];
        Trust {
            name: "ministry".into(),
            issuer: "https://sso.example".into(),
            audience: "opora".into(),
            algorithms: vec![Algorithm::EdDSA],
            form: TokenForm::Typed,
            roles: roles.map(|(word, role)| (word.to_owned(), role)).into(),
            claims: Claims {
                role: ClaimPath::new("roles"),
                login: ClaimPath::new("preferred_username"),
                display_name: ClaimPath::new("name"),
                municipality: Some(ClaimPath::new("oktmo")),
                school: Some(ClaimPath::new("/org/code")),
            },
            leeway: 30,
        }
    }
}
