//! What a token says about a person, in the words of this system: pure, no database.

use super::{Trust, not_admitted};
use crate::Role;
use opora_primitives::{Oktmo, Problem, SchoolCode, text::one_line};
use serde_json::Value;

/// Where a claim stands: a name among the claims, or a JSON pointer (RFC 6901) where it begins with `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimPath(String);

impl ClaimPath {
    /// The place `text` tells of.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    fn find<'a>(&self, claims: &'a Value) -> Option<&'a Value> {
        let found = if self.0.starts_with('/') { claims.pointer(&self.0) } else { claims.get(&self.0) };
        found.filter(|value| !value.is_null())
    }

    /// The texts there: one, or a list of them; nothing for whatever else stands there.
    fn texts<'a>(&self, claims: &'a Value) -> Vec<&'a str> {
        match self.find(claims) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// The only text there, as a line without control characters; nothing if it is empty or longer than `most`.
    fn line(&self, claims: &Value, most: usize) -> Option<String> {
        let [text] = self.texts(claims)[..] else { return None };
        let line = one_line(text);
        let fits = (1..=most).contains(&line.chars().count()) && !line.chars().any(char::is_control);
        fits.then_some(line)
    }
}

/// What an issuer says about a person: the same words always mean the same person with the same access.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Claimed {
    /// The `sub` claim: who it is, for the issuer.
    pub subject: String,
    /// The part it plays here.
    pub role: Role,
    /// For which part of the region.
    pub place: Place,
    /// What it is called when it logs in, if the token says so.
    pub login: Option<String>,
    /// The name people read, if the token says so.
    pub display_name: Option<String>,
}

/// A part of the region by its code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The whole region.
    Region,
    /// A municipality.
    Municipality(Oktmo),
    /// A school.
    School(SchoolCode),
}

impl Claimed {
    /// What `claims` of the person `subject` say, in the words of `trust`.
    ///
    /// # Errors
    /// [`opora_primitives::ProblemCode::NotAdmitted`]: no role that is known here, more than one, or a role without the
    /// area it is bounded to.
    pub(super) fn read(trust: &Trust, subject: String, claims: &Value) -> Result<Self, Problem> {
        let role = role(trust, claims)?;
        let place = place(trust, role, claims)?;
        let login = trust.claims.login.line(claims, 60);
        let display_name = trust.claims.display_name.line(claims, 200);
        Ok(Self { subject, role, place, login, display_name })
    }
}

fn role(trust: &Trust, claims: &Value) -> Result<Role, Problem> {
    let said = trust.claims.role.texts(claims);
    let mut known: Vec<Role> = said.iter().filter_map(|word| trust.roles.get(*word).copied()).collect();
    known.sort_unstable();
    known.dedup();
    match known[..] {
        [role] => Ok(role),
        [] => Err(not_admitted(
            "the token gives no role that is known here",
            "токен не называет роли, известной здесь",
        )),
        _ => Err(not_admitted(
            "the token gives several roles; a person plays one part",
            "токен называет несколько ролей, а нужна одна",
        )),
    }
}

/// Roles of the region keep it whole, whatever else the token says. A reader's area is the narrowest the token names.
fn place(trust: &Trust, role: Role, claims: &Value) -> Result<Place, Problem> {
    let school = || code(trust.claims.school.as_ref(), claims).map(|code| code.map(Place::School));
    let municipality =
        || code(trust.claims.municipality.as_ref(), claims).map(|code| code.map(Place::Municipality));
    let needed = |place: Option<Place>| {
        place.ok_or_else(|| {
            not_admitted(
                "the token does not say which part of the region the role is for",
                "токен не говорит, для какой части региона эта роль",
            )
        })
    };
    match role {
        Role::School => needed(school()?),
        Role::Municipality => needed(municipality()?),
        Role::Reader => Ok(school()?.or(municipality()?).unwrap_or(Place::Region)),
        _ => Ok(Place::Region),
    }
}

/// The code at `path`; an absent claim is none, anything else but one code is refused: half a word must not widen an area.
fn code<T: std::str::FromStr>(path: Option<&ClaimPath>, claims: &Value) -> Result<Option<T>, Problem> {
    let Some(path) = path.filter(|path| path.find(claims).is_some()) else { return Ok(None) };
    let one = match path.texts(claims)[..] {
        [text] => text.trim().parse().ok(),
        _ => None,
    };
    one.map(Some).ok_or_else(|| {
        not_admitted("the token does not name the area by one code", "токен не называет область одним кодом")
    })
}

#[cfg(test)]
mod tests {
    use super::{super::testing::trust, *};
    use serde_json::json;

    fn read(claims: &Value) -> Result<(Role, Place), String> {
        let read = Claimed::read(&trust(), "a".into(), claims);
        read.map(|said| (said.role, said.place)).map_err(|problem| problem.detail.unwrap().en)
    }

    #[test]
    fn words_of_the_issuer_stand_for_roles_and_areas() {
        let municipality = Place::Municipality("22601000".parse().unwrap());
        let school = Place::School("520101".parse().unwrap());
        for (claims, expected) in [
            (json!({"roles": "edu-institute"}), (Role::Institute, Place::Region)),
            (json!({"roles": ["offline", "edu-institute", 7]}), (Role::Institute, Place::Region)),
            // Two words for one role are no contradiction; a role of the region is not narrowed by an address.
            (
                json!({"roles": ["edu-institute", "edu-niro"], "oktmo": "22601000"}),
                (Role::Institute, Place::Region),
            ),
            (json!({"roles": "edu-mouo", "oktmo": "22601000"}), (Role::Municipality, municipality.clone())),
            (
                json!({"roles": "edu-mouo", "oktmo": [" 22601000"]}),
                (Role::Municipality, municipality.clone()),
            ),
            (
                json!({"roles": "edu-school", "org": {"code": "520101"}, "oktmo": "22601000"}),
                (Role::School, school.clone()),
            ),
            (json!({"roles": "edu-reader"}), (Role::Reader, Place::Region)),
            (json!({"roles": "edu-reader", "oktmo": "22601000"}), (Role::Reader, municipality)),
            (
                json!({"roles": "edu-reader", "oktmo": "22601000", "org": {"code": "520101"}}),
                (Role::Reader, school),
            ),
        ] {
            assert_eq!(read(&claims), Ok(expected), "{claims}");
        }
    }

    #[test]
    fn what_is_not_said_plainly_opens_nothing() {
        for (claims, words) in [
            (json!({}), "no role"),
            (json!({"roles": null}), "no role"),
            (json!({"roles": {"edu-institute": true}}), "no role"),
            (json!({"roles": "edu-institute edu-reader"}), "no role"),
            (json!({"roles": ["EDU-INSTITUTE"]}), "no role"),
            (json!({"roles": ["edu-institute", "edu-reader"]}), "several"),
            (json!({"roles": "edu-mouo"}), "which part"),
            (json!({"roles": "edu-mouo", "org": {"code": "520101"}}), "which part"),
            (json!({"roles": "edu-school", "oktmo": "22601000"}), "which part"),
            (json!({"roles": "edu-mouo", "oktmo": 22601000}), "one code"),
            (json!({"roles": "edu-mouo", "oktmo": ""}), "one code"),
            (json!({"roles": "edu-mouo", "oktmo": ["22601000", "22602000"]}), "one code"),
            (json!({"roles": "edu-mouo", "oktmo": "' OR 1=1 --"}), "one code"),
            (json!({"roles": "edu-reader", "oktmo": []}), "one code"),
            (json!({"roles": "edu-reader", "org": {"code": {}}}), "one code"),
        ] {
            let refused = read(&claims).unwrap_err();
            assert!(refused.contains(words), "{claims}: {refused}");
        }
    }

    #[test]
    fn names_are_lines_or_absent() {
        let named = |login: Value| {
            let claims = json!({"roles": "edu-institute", "preferred_username": login});
            Claimed::read(&trust(), "a".into(), &claims).unwrap().login
        };
        assert_eq!(named(json!("  Alice\u{a0} A ")).as_deref(), Some("Alice A"));
        for odd in
            [json!(""), json!("a\u{7}b"), json!("x".repeat(61)), json!(7), json!(["a", "b"]), json!(null)]
        {
            assert_eq!(named(odd.clone()), None, "{odd}");
        }
    }
}
