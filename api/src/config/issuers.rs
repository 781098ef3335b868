//! Foreign issuers as they are written: the tables `[[issuers]]`.

use crate::issuers::{Expected, Source, permitted};
use opora_identity::{
    Role,
    issuers::{ClaimPath, Claims, TokenForm, Trust},
    jwk,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashSet},
    path::PathBuf,
    time::Duration,
};
use url::Url;

/// A foreign issuer whose access tokens are trusted.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Issuer {
    /// A short word for it: what stands behind the `@` in the logins of its people.
    pub name: String,
    /// The `iss` of its tokens: for good, because its people are known by it.
    pub issuer: String,
    /// What the `aud` of its tokens must name.
    pub audience: String,
    /// Where its keys are; without an address and without a file they are found by its metadata.
    pub jwks_url: String,
    /// A file with its keys instead.
    pub jwks_file: PathBuf,
    /// In which algorithms its tokens may be signed.
    pub algorithms: Vec<String>,
    /// What its access tokens say they are: `at+jwt`, or `jwt` where it does not tell them from others.
    pub token_type: String,
    /// The claim with its words for roles.
    pub role_claim: String,
    /// Which role here its words stand for.
    pub roles: BTreeMap<String, String>,
    /// The claim with the login.
    pub login_claim: String,
    /// The claim with the name people read.
    pub name_claim: String,
    /// The claim with the ОКТМО of a municipality.
    pub municipality_claim: String,
    /// The claim with the code of a school.
    pub school_claim: String,
    /// How far its clock may be off, in seconds.
    pub leeway_seconds: i64,
    /// How long its keys are used before they are fetched anew, in seconds.
    pub keys_seconds: u64,
    /// Its keys may be fetched without TLS from other machines.
    pub allow_http: bool,
}

impl Default for Issuer {
    fn default() -> Self {
        Self {
            name: String::new(),
            issuer: String::new(),
            audience: String::new(),
            jwks_url: String::new(),
            jwks_file: PathBuf::new(),
            algorithms: jwk::ALGORITHMS.map(str::to_owned).into(),
            token_type: "at+jwt".into(),
            role_claim: "roles".into(),
            roles: BTreeMap::new(),
            login_claim: "preferred_username".into(),
            name_claim: "name".into(),
            municipality_claim: String::new(),
            school_claim: String::new(),
            leeway_seconds: 30,
            keys_seconds: 300,
            allow_http: false,
        }
    }
}

/// Everything that is wrong with `issuers` beside the installation's `own`, each with the key it stands under.
pub(super) fn mistakes(issuers: &[Issuer], own: &str) -> Vec<String> {
    let (mut names, mut known) = (HashSet::new(), HashSet::from([own]));
    let each = issuers.iter().enumerate().flat_map(|(n, issuer)| {
        let mut found = issuer.mistakes();
        if !names.insert(&issuer.name) {
            found.push("name: two issuers have it".into());
        }
        if !known.insert(&issuer.issuer) {
            found.push("issuer: it is this installation's own, or stands twice".into());
        }
        found.into_iter().map(move |words| format!("issuers.{n}.{words}"))
    });
    each.collect()
}

impl Issuer {
    fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        let mut check = |holds: bool, words: &str| {
            if !holds {
                mistakes.push(words.to_owned());
            }
        };
        let word =
            |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        check((1..=20).contains(&self.name.len()) && word(&self.name), "name: 1 to 20 of a-z, 0-9 and -");
        check(Url::parse(&self.issuer).is_ok(), "issuer: must be an address");
        check(!self.audience.is_empty(), "audience: needed");
        match self.source() {
            Some(Source::File(_)) => {
                check(self.jwks_url.is_empty(), "jwks_file: jwks_url and jwks_file exclude each other");
            }
            Some(Source::Keys(at) | Source::Metadata(at)) => check(
                permitted(&at, self.allow_http),
                "jwks_url: must be https, on this machine, or allowed by allow_http; without a login in it",
            ),
            None => check(false, "jwks_url: must be an address"),
        }
        let known = self.algorithms.iter().all(|name| jwk::algorithm(name).is_some());
        check(
            known && !self.algorithms.is_empty(),
            &format!("algorithms: of {}", jwk::ALGORITHMS.join(", ")),
        );
        check(self.form().is_some(), "token_type: at+jwt or jwt");
        check(!self.roles.is_empty(), "roles: which of its words stands for which role here");
        check(
            self.roles.values().all(|role| role.parse::<Role>().is_ok()),
            "roles: one of them is no role here",
        );
        for (role, claim, words) in [
            (
                Role::Municipality,
                &self.municipality_claim,
                "municipality_claim: needed by the role municipality",
            ),
            (Role::School, &self.school_claim, "school_claim: needed by the role school"),
        ] {
            let given = self.roles.values().any(|word| word == role.as_str());
            check(!given || !claim.is_empty(), words);
        }
        for (claim, words) in [
            (&self.role_claim, "role_claim: needed"),
            (&self.login_claim, "login_claim: needed"),
            (&self.name_claim, "name_claim: needed"),
        ] {
            check(!claim.is_empty(), words);
        }
        check((0..=300).contains(&self.leeway_seconds), "leeway_seconds: must lie in 0..300");
        check((10..=86_400).contains(&self.keys_seconds), "keys_seconds: must lie in 10..86400");
        mistakes
    }

    /// Where its keys are; none if that is no address.
    fn source(&self) -> Option<Source> {
        if !self.jwks_file.as_os_str().is_empty() {
            return Some(Source::File(self.jwks_file.clone()));
        }
        if !self.jwks_url.is_empty() {
            return Url::parse(&self.jwks_url).ok().map(Source::Keys);
        }
        // OpenID Connect Discovery, 4.
        let base = self.issuer.trim_end_matches('/');
        Url::parse(&format!("{base}/.well-known/openid-configuration")).ok().map(Source::Metadata)
    }

    fn form(&self) -> Option<TokenForm> {
        match self.token_type.to_ascii_lowercase().as_str() {
            "at+jwt" => Some(TokenForm::Typed),
            "jwt" => Some(TokenForm::Plain),
            _ => None,
        }
    }

    /// What is expected of it.
    ///
    /// # Errors
    /// What [`super::Config::load`] would have refused.
    pub fn expected(&self) -> Result<Expected, String> {
        let (Some(source), Some(form)) = (self.source(), self.form()) else {
            return Err(self.mistakes().join("\n"));
        };
        let path = |claim: &String| ClaimPath::new(claim.as_str());
        let given = |claim: &String| Some(path(claim)).filter(|_| !claim.is_empty());
        let role = |(word, role): (&String, &String)| Some((word.clone(), role.parse::<Role>().ok()?));
        let trust = Trust {
            name: self.name.clone(),
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            algorithms: self.algorithms.iter().filter_map(|name| jwk::algorithm(name)).collect(),
            form,
            roles: self.roles.iter().filter_map(role).collect(),
            claims: Claims {
                role: path(&self.role_claim),
                login: path(&self.login_claim),
                display_name: path(&self.name_claim),
                municipality: given(&self.municipality_claim),
                school: given(&self.school_claim),
            },
            leeway: self.leeway_seconds,
        };
        let (fresh_for, allow_http) = (Duration::from_secs(self.keys_seconds), self.allow_http);
        Ok(Expected { trust, source, fresh_for, allow_http })
    }
}
