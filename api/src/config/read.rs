//! Settings as they are read: from the file, then from the environment. Each is looked at by itself, so that all mistakes
//! are told at once, each with the place it stands in and without the value, which may be a secret.

use super::Config;
use figment::{
    Figment,
    error::Kind,
    providers::{Format, Serialized, Toml},
    value::{Dict, Value},
};
use std::path::Path;

/// A setting that was written somewhere.
struct Setting {
    key: String,
    value: Value,
    /// Where, in words for the operator.
    place: String,
}

/// Variables with our prefix that are not settings: the command line's own, and those of the tests' tools.
fn is_tooling(key: &str) -> bool {
    ["config_file", "bin", "test_", "fuzz_"].iter().any(|prefix| key.starts_with(prefix))
}

/// Reads the file, if there is one (there must be if it is named), and the variables of the environment. Answers what
/// could be read, and everything that could not.
pub(super) fn read(
    file: Option<&Path>,
    environment: impl Iterator<Item = (String, String)>,
) -> (Config, Vec<String>) {
    let mut mistakes = Vec::new();
    let known = Value::serialize(Config::default()).ok().and_then(Value::into_dict).unwrap_or_default();
    let mut settings = of_file(file).unwrap_or_else(|words| {
        mistakes.push(words);
        Vec::new()
    });
    settings.extend(of_environment(environment, &known));
    let mut good = defaults();
    for Setting { key, value, place } in settings {
        if !known.contains_key(&key) {
            mistakes.push(format!("{place}: there is no setting of this name"));
            continue;
        }
        let alone = defaults().merge(Serialized::default(&key, &value)).extract::<Config>();
        match alone {
            Ok(_) => good = good.merge(Serialized::default(&key, &value)),
            Err(errors) => mistakes.extend(errors.into_iter().map(|error| {
                let inner: String = error.path.iter().skip(1).map(|part| format!(".{part}")).collect();
                format!("{place}{inner}: {}", words(&error.kind))
            })),
        }
    }
    // Each was read by itself, so all of them are read together.
    (good.extract().unwrap_or_default(), mistakes)
}

fn defaults() -> Figment {
    Figment::from(Serialized::defaults(Config::default()))
}

fn of_file(file: Option<&Path>) -> Result<Vec<Setting>, String> {
    let (toml, name) = match file {
        Some(path) => (Toml::file_exact(path), path),
        None => (Toml::file("opora.toml"), "opora.toml".as_ref()),
    };
    if file.is_some_and(|path| !path.is_file()) {
        return Err(format!("{}: there is no such file", name.display()));
    }
    // The lines that follow repeat what stands in the file.
    let first = |error: figment::Error| error.to_string().lines().next().unwrap_or_default().to_owned();
    let read: Dict =
        Figment::from(toml).extract().map_err(|e| format!("{}: {}", name.display(), first(e)))?;
    let setting = |(key, value): (String, Value)| Setting { place: key.clone(), key, value };
    Ok(read.into_iter().map(setting).collect())
}

fn of_environment(environment: impl Iterator<Item = (String, String)>, known: &Dict) -> Vec<Setting> {
    let mut found: Vec<Setting> = environment
        .filter_map(|(name, text)| {
            let key = match name.as_str() {
                "DATABASE_URL" => "database_url".to_owned(),
                name => name.strip_prefix("OPORA_")?.to_ascii_lowercase(),
            };
            // What is a text stays one, whatever it looks like: a password may be a number.
            let is_text = matches!(known.get(&key), Some(Value::String(..)));
            let value =
                if is_text { Value::from(text) } else { text.parse().unwrap_or_else(|never| match never {}) };
            (!is_tooling(&key)).then_some(Setting { key, value, place: name })
        })
        .collect();
    // OPORA_DATABASE_URL goes before DATABASE_URL; otherwise the order means nothing.
    found.sort_by(|a, b| a.place.cmp(&b.place));
    found
}

/// What is wrong, without the value.
fn words(kind: &Kind) -> String {
    match kind {
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => format!("must be {expected}"),
        Kind::InvalidLength(_, expected) => format!("must have {expected}"),
        Kind::UnknownField(name, _) => format!("there is no setting {name}"),
        Kind::MissingField(name) => format!("{name} is missing"),
        Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => "is out of range".into(),
        _ => "cannot be read".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(file: &str, environment: &[(&str, &str)]) -> (Config, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("opora.toml");
        std::fs::write(&path, file).unwrap();
        let environment = environment.iter().map(|(name, text)| (name.to_string(), text.to_string()));
        read(Some(&path), environment)
    }

    #[test]
    fn later_places_win_and_the_rest_is_default() {
        let file = "connections = 3\nlisten = \"127.0.0.1:1\"\n[[issuers]]\nname = \"a\"\n";
        let environment = [
            ("OPORA_CONNECTIONS", "4"),
            ("OPORA_DATABASE_URL", "sqlite:b"),
            ("DATABASE_URL", "sqlite:a"),
            ("OPORA_PUBLIC_SUMMARY", "true"),
            ("OPORA_TEST_POSTGRES_URL", "tooling"),
            ("HOME", "/"),
        ];
        let (config, mistakes) = of(file, &environment);
        assert_eq!(mistakes, [""; 0]);
        assert_eq!((config.connections, config.listen.as_str()), (4, "127.0.0.1:1"));
        assert_eq!((config.database_url.as_str(), config.public_summary), ("sqlite:b", true));
        assert_eq!((config.issuers[0].name.as_str(), config.log.as_str()), ("a", "info"));
    }

    #[test]
    fn all_mistakes_are_told_at_once_without_the_values() {
        let file = "connections = \"hunter2\"\nconections = 3\nmaster_key = 31337\n[[issuers]]\nkeys_seconds = \"x\"\n";
        let environment =
            [("OPORA_LEASE_SECONDS", "hunter2"), ("OPORA_WORKERS", "-31337"), ("OPORA_PORT", "31337")];
        let (_, mistakes) = of(file, &environment);
        let places = [
            "conections:",
            "connections:",
            "issuers.0.keys_seconds:",
            "master_key:",
            "OPORA_LEASE_SECONDS:",
            "OPORA_PORT:",
            "OPORA_WORKERS:",
        ];
        let told: Vec<&str> = mistakes.iter().map(|words| words.split(' ').next().unwrap()).collect();
        assert_eq!(told, places, "{mistakes:?}");
        let all = mistakes.concat();
        assert!(!all.contains("hunter2") && !all.contains("31337"), "{all}");
    }

    #[test]
    fn a_text_of_digits_is_a_text() {
        let (config, mistakes) =
            of("", &[("OPORA_EVIDENCE_S3_SECRET_KEY", "0123"), ("OPORA_AUDIENCE", "true")]);
        assert_eq!(mistakes, [""; 0]);
        assert_eq!((config.evidence_s3_secret_key.as_str(), config.audience.as_str()), ("0123", "true"));
    }

    #[test]
    fn a_file_that_is_no_toml_is_not_repeated() {
        let (_, mistakes) = of("master_key = hunter2\n", &[]);
        assert_eq!(mistakes.len(), 1);
        assert!(mistakes[0].contains("line 1") && !mistakes[0].contains("hunter2"), "{mistakes:?}");
        let (_, mistakes) = read(Some("/nowhere/opora.toml".as_ref()), std::iter::empty());
        assert!(mistakes[0].contains("no such file"), "{mistakes:?}");
    }
}
