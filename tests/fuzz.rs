//! What nobody would send: tokens, cursors and filters with faults of every kind. Bounded: a few hundred requests each.

use crate::harness::{
    Client, World,
    contract::{Operation, resolve, secured},
    walk::Clients,
};
use opora_identity::{Permission, Role};
use proptest::{prelude::*, sample::Index, test_runner::TestRunner};

/// `OPORA_TEST_FUZZ_CASES` makes the search longer.
fn runner() -> TestRunner {
    let asked = std::env::var("OPORA_TEST_FUZZ_CASES").ok().and_then(|cases| cases.parse().ok());
    let cases = asked.unwrap_or(300);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
}

/// A change of one place in a text.
#[derive(Clone, Debug)]
enum Damage {
    Replace(Index, char),
    Insert(Index, char),
    Remove(Index),
    Cut(Index),
    Swap(Index, Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let letter = prop_oneof![prop::char::range('A', 'z'), Just('.'), Just('-'), Just('='), any::<char>()];
    prop_oneof![
        (any::<Index>(), letter.clone()).prop_map(|(at, c)| Damage::Replace(at, c)),
        (any::<Index>(), letter).prop_map(|(at, c)| Damage::Insert(at, c)),
        any::<Index>().prop_map(Damage::Remove),
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Damage::Swap(a, b)),
    ]
}

fn damaged(text: &str, damages: &[Damage]) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for damage in damages {
        if letters.is_empty() {
            break;
        }
        let count = letters.len();
        let place = |at: &Index| at.index(count);
        match damage {
            Damage::Replace(at, c) => letters[place(at)] = *c,
            Damage::Insert(at, c) => letters.insert(place(at), *c),
            Damage::Remove(at) => drop(letters.remove(place(at))),
            Damage::Cut(at) => letters.truncate(place(at)),
            Damage::Swap(a, b) => letters.swap(place(a), place(b)),
        }
    }
    letters.into_iter().collect()
}

#[test]
fn a_damaged_token_opens_nothing_more() {
    let world = World::sqlite();
    let token = world.client(Role::Municipality).token.unwrap();
    let tokens = &world.node.state.tokens;
    let whole = tokens.verify(&token).unwrap();
    let damages = prop::collection::vec(damage(), 1..4);
    let outcome = runner().run(&damages, |damages| {
        let other = damaged(&token, &damages);
        if let Ok(actor) = tokens.verify(&other) {
            // Nothing but the bits that the last letter of a signature has too many may differ.
            prop_assert_eq!(
                (actor.key(), actor.area, actor.expires_at),
                (whole.key(), whole.area, whole.expires_at)
            );
            prop_assert_eq!(&other[..other.len() - 1], &token[..token.len() - 1]);
        }
        Ok(())
    });
    outcome.unwrap();
    let parts = (".{0,40}", ".{0,40}", ".{0,40}");
    let outcome = runner().run(&parts, |(header, claims, signature)| {
        use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
        let made = [header, claims, signature].map(|part| BASE64.encode(part)).join(".");
        prop_assert!(tokens.verify(&made).is_err());
        Ok(())
    });
    outcome.unwrap();
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

/// A refusal in our words, or an answer.
fn is_sound(client: &Client, path: &str) -> Result<u16, TestCaseError> {
    let reply = client.get(path);
    let told = reply.status < 400 || reply.json["code"].is_string();
    prop_assert!(reply.status < 500 && told, "{}", reply);
    Ok(reply.status)
}

both!(a_damaged_cursor_is_refused_or_another_one, |world| {
    let admin = world.client(Role::Admin);
    let lists =
        ["/api/v1/schools", "/api/v1/results", "/api/v1/contexts", "/api/v1/users", "/api/v1/changes"];
    let pages: Vec<(&str, String)> = lists
        .iter()
        .filter_map(|list| {
            let next = admin.get(&format!("{list}?limit=1")).expect(200).next()?;
            let cursor = next.split(['?', '&']).find_map(|part| {
                part.strip_prefix("cursor=").or(part.strip_prefix("after=")).map(str::to_owned)
            });
            Some((*list, cursor?))
        })
        .collect();
    assert!(pages.len() >= 3, "{pages:?}");
    let cases = (any::<Index>(), prop::collection::vec(damage(), 1..4));
    let outcome = runner().run(&cases, |(at, damages)| {
        let (list, cursor) = at.get(&pages);
        let name = if list.ends_with("changes") { "after" } else { "cursor" };
        let other = encoded(&damaged(cursor, &damages));
        let status = is_sound(&admin, &format!("{list}?limit=1&{name}={other}"))?;
        prop_assert!([200, 400, 410].contains(&status), "{}", status);
        Ok(())
    });
    outcome.unwrap();
});

/// Values that filters know, nearly know, and do not know.
fn value() -> impl Strategy<Value = String> {
    let known = [
        "2019/2020",
        "2020-02-30",
        "OGE",
        "02",
        "M5",
        "school",
        "true",
        "17",
        "-1",
        "9223372036854775808",
        "%",
        "_",
        "\\",
        "code:520101",
    ];
    prop_oneof![
        prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        "\\PC{0,12}",
        any::<i64>().prop_map(|n| n.to_string()),
        prop::collection::vec(any::<char>(), 0..4).prop_map(|letters| letters.into_iter().collect()),
    ]
}

// By somebody who may read the list: whoever may not is refused before anybody looks at the filter.
both!(any_filter_is_answered_or_refused, |world| {
    let clients = Clients::of(world);
    let lists: Vec<(Operation, Permission)> =
        secured().filter(|(o, _)| o.is_list() && !o.path.contains('{')).collect();
    let names = |operation: &Operation| -> Vec<&'static str> {
        let parameters =
            operation.parameters().map(resolve).filter(|p| p["in"] == "query" && p["name"] != "wait");
        parameters.filter_map(|p| p["name"].as_str()).collect()
    };
    let cases = (any::<Index>(), prop::collection::vec((any::<Index>(), value()), 1..4));
    let outcome = runner().run(&cases, |(at, filters)| {
        let (operation, permission) = at.get(&lists);
        let names = names(operation);
        if names.is_empty() {
            return Ok(());
        }
        let query = filters.iter().map(|(name, value)| format!("{}={}", name.get(&names), encoded(value)));
        let path = format!("{}?{}", operation.path, query.collect::<Vec<_>>().join("&"));
        let status = is_sound(clients.may(*permission), &path)?;
        prop_assert!(![401, 403].contains(&status), "{}: {}", path, status);
        Ok(())
    });
    outcome.unwrap();
});
