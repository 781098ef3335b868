//! A token of a foreign issuer, checked: its kind, its key, its claims, its time.

use super::{Claimed, KeySet, TokenForm, Trust, not_admitted};
use crate::jwt::{self, Audience, Head};
use opora_primitives::{Moment, Problem, ProblemCode};
use serde::Deserialize;
use serde_json::Value;

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 16 * 1024;
/// The longest `sub`, in bytes (OpenID Connect Core, 2).
const LONGEST_SUBJECT: usize = 255;
/// The first second of the year 10000.
const YEAR_10000: i64 = 253_402_300_800;
/// Claims that only ID tokens have (OpenID Connect Core, 2 and 3.3.2.11).
const OF_ID_TOKENS: [&str; 4] = ["nonce", "at_hash", "c_hash", "s_hash"];

/// What a token has proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// What the issuer says about the person.
    pub claimed: Claimed,
    /// When it said so, by its own clock.
    pub issued_at: Moment,
    /// When the token is no longer taken: its end and the leeway.
    pub expires_at: Moment,
}

/// Why a token is not taken.
#[derive(Debug)]
pub enum Refusal {
    /// It names a key that is not among the known ones: the issuer may have a new one.
    UnknownKey,
    /// Anything else.
    Problem(Problem),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// The claims every token has.
#[derive(Deserialize)]
struct Registered {
    iss: String,
    sub: String,
    aud: Audience,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
}

/// The issuer that `token` says it is of. Nobody has looked at its signature: this chooses whose keys may verify it, and
/// nothing else.
pub fn claimed_issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        iss: String,
    }
    if token.len() > LONGEST {
        return None;
    }
    jwt::part::<Named>(token, 1).map(|named| named.iss)
}

impl Trust {
    /// What `token` proves if it is verified by one of `keys`.
    ///
    /// # Errors
    /// An unknown key; [`ProblemCode::ExpiredToken`]; [`ProblemCode::InvalidToken`] with what is wrong;
    /// [`ProblemCode::NotAdmitted`] if all is well and opens nothing here.
    pub fn check(&self, token: &str, keys: &KeySet, now: Moment) -> Result<Vouched, Refusal> {
        let head = Head::of(token).ok_or_else(|| {
            invalid("it is no token that can be read", "это не токен, который можно прочесть")
        })?;
        self.check_type(head.typ.as_deref())?;
        let key = keys.choose(head.kid.as_deref()).ok_or(Refusal::UnknownKey)?;
        let claims: Value = jwt::verified(token, &key.decoding, key.algorithms.clone()).ok_or_else(|| {
            invalid("its signature is not that of the key it names", "подпись не сделана названным ключом")
        })?;
        let registered: Registered = Registered::deserialize(&claims).map_err(|_| {
            invalid("iss, sub, aud, exp and iat are needed", "нужны iss, sub, aud, exp и iat")
        })?;
        self.check_addressees(&registered)?;
        let (issued_at, expires_at) = self.check_time(&registered, now)?;
        self.check_kind(&claims)?;
        let claimed = Claimed::read(self, registered.sub, &claims)?;
        Ok(Vouched { claimed, issued_at, expires_at })
    }

    fn check_type(&self, typ: Option<&str>) -> Result<(), Problem> {
        let typ = typ.map(str::to_ascii_lowercase);
        let typ = typ.as_deref().map(|typ| typ.strip_prefix("application/").unwrap_or(typ));
        let right = match self.form {
            TokenForm::Typed => typ == Some("at+jwt"),
            TokenForm::Plain => matches!(typ, None | Some("jwt" | "at+jwt")),
        };
        if right {
            Ok(())
        } else {
            Err(invalid(
                "it is no access token, by the type in its header",
                "по типу в заголовке это не токен доступа",
            ))
        }
    }

    fn check_addressees(&self, said: &Registered) -> Result<(), Problem> {
        if said.iss != self.issuer {
            return Err(invalid("it is of another issuer", "он выпущен другим поставщиком"));
        }
        if !said.aud.names().contains(&self.audience) {
            return Err(invalid("it is for another audience", "он предназначен не для этой системы"));
        }
        if !(1..=LONGEST_SUBJECT).contains(&said.sub.len()) || said.sub.chars().any(char::is_control) {
            return Err(invalid(
                "its subject is empty, too long or unreadable",
                "его субъект пуст, слишком длинен или нечитаем",
            ));
        }
        Ok(())
    }

    /// When the token was issued, and when it is no longer taken.
    fn check_time(&self, said: &Registered, now: Moment) -> Result<(Moment, Moment), Problem> {
        let moment = |seconds: f64| {
            let within = Some(seconds.floor() as i64).filter(|seconds| (0..YEAR_10000).contains(seconds));
            within
                .and_then(Moment::from_unix)
                .ok_or_else(|| invalid("its times lie beyond the calendar", "его сроки лежат вне календаря"))
        };
        let expires_at = moment(said.exp)?.plus_seconds(self.leeway);
        if expires_at <= now {
            return Err(ProblemCode::ExpiredToken.into());
        }
        let latest = now.plus_seconds(self.leeway);
        let issued_at = moment(said.iat)?;
        if issued_at > latest || said.nbf.map(moment).transpose()?.is_some_and(|begin| begin > latest) {
            return Err(invalid(
                "its time has not come yet; or the clocks differ too much",
                "его срок ещё не наступил, или часы слишком расходятся",
            ));
        }
        Ok((issued_at, expires_at))
    }

    /// Refuses what is no access token of a person.
    fn check_kind(&self, claims: &Value) -> Result<(), Problem> {
        let has = |name: &str| !claims[name].is_null();
        // Words of providers whose tokens all look alike: Keycloak's `typ`, Cognito's `token_use`.
        let other = |name: &str, right: &str| {
            has(name) && !claims[name].as_str().is_some_and(|word| word.eq_ignore_ascii_case(right))
        };
        let plain = self.form == TokenForm::Plain;
        if plain
            && (OF_ID_TOKENS.iter().any(|name| has(name))
                || other("typ", "Bearer")
                || other("token_use", "access"))
        {
            return Err(invalid(
                "it is no access token, by its claims",
                "по содержанию это не токен доступа",
            ));
        }
        if has("cnf") {
            return Err(invalid(
                "it is bound to a key of its holder, which is not checked here",
                "он привязан к ключу владельца, а это здесь не проверяется",
            ));
        }
        // Without a person the subject is the program itself (RFC 9068, 2.2).
        if ["client_id", "azp"].iter().any(|name| has(name) && claims[name] == claims["sub"]) {
            return Err(not_admitted(
                "it is the token of a program: programs get credentials of their own here",
                "это токен программы: программы получают здесь собственные реквизиты",
            ));
        }
        Ok(())
    }
}

fn invalid(why: &str, ru: &str) -> Problem {
    Problem::new(ProblemCode::InvalidToken, (why, ru))
}

#[cfg(test)]
mod tests {
    use super::{super::testing::trust, *};
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{Ed25519KeyPair, KeyPair},
    };
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64URL};
    use jsonwebtoken::{Algorithm, EncodingKey, Header};
    use proptest::prelude::*;
    use serde_json::json;
    use std::sync::LazyLock;

    const NOW: i64 = 1_600_000_000;

    static KEY: LazyLock<(EncodingKey, KeySet)> = LazyLock::new(|| {
        let document = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        let key = json!({"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": B64URL.encode(pair.public_key().as_ref())});
        let set = KeySet::read(json!({"keys": [key]}).to_string().as_bytes(), &[Algorithm::EdDSA]).unwrap();
        (EncodingKey::from_ed_der(document.as_ref()), set)
    });

    fn check(claims: &Value) -> Result<Vouched, Refusal> {
        let header =
            Header { kid: Some("a".into()), typ: Some("at+jwt".into()), ..Header::new(Algorithm::EdDSA) };
        let token = jsonwebtoken::encode(&header, claims, &KEY.0).unwrap();
        trust().check(&token, &KEY.1, Moment::from_unix(NOW).unwrap())
    }

    fn claims(exp: impl Into<Value>, iat: impl Into<Value>, nbf: impl Into<Value>) -> Value {
        json!({"iss": "https://sso.example", "aud": "opora", "sub": "a", "roles": "edu-institute",
            "exp": exp.into(), "iat": iat.into(), "nbf": nbf.into()})
    }

    proptest! {
        #[test]
        fn the_leeway_bounds_every_time(exp in -90i64..90, iat in -90i64..90, nbf in proptest::option::of(-90i64..90)) {
            let taken = check(&claims(NOW + exp, NOW + iat, nbf.map(|nbf| NOW + nbf))).is_ok();
            prop_assert_eq!(taken, exp > -30 && iat <= 30 && nbf.is_none_or(|nbf| nbf <= 30));
        }

        #[test]
        fn no_time_is_too_odd_to_be_refused(exp: f64, iat in proptest::num::f64::NORMAL, nbf: i64) {
            let _ = check(&claims(exp, iat, nbf));
        }

        #[test]
        fn no_text_is_taken_for_a_token(text in "[A-Za-z0-9_=.-]{0,200}") {
            let _ = claimed_issuer(&text);
            prop_assert!(trust().check(&text, &KEY.1, Moment::from_unix(NOW).unwrap()).is_err());
        }
    }

    #[test]
    fn a_token_says_when_it_ends() {
        let vouched = check(&claims(NOW + 60, NOW as f64 + 0.5, NOW)).unwrap();
        assert_eq!((vouched.issued_at.unix(), vouched.expires_at.unix()), (NOW, NOW + 90));
        assert_eq!(vouched.claimed.subject, "a");
    }
}
