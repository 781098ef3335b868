//! A real OpenID provider as a foreign issuer. Ignored where Node.js and the provider are not at hand: `make test-issuers`.

use crate::harness::{Client, World, oidc::Oidc, world::Node};
use opora::config;
use serde_json::{Value, json};
use std::{thread, time::Duration};

const ME: &str = "/api/v1/me";
const SCHOOLS: &str = "/api/v1/schools";
/// Longer than the pause between two fetches of keys.
const PAUSE: Duration = Duration::from_millis(5200);

fn people() -> Value {
    json!({
        "anna": { "roles": ["edu-institute"], "preferred_username": "Anna", "name": "Анна" },
        "boris": { "roles": ["edu-mouo"], "oktmo": "22601000" },
        "vera": { "roles": ["edu-mouo"] },
        "gleb": { "roles": ["other"] },
        "robot": { "roles": ["edu-institute"] },
    })
}

/// A server that finds the provider's keys by its metadata.
fn node(world: &World, oidc: &Oidc) -> Node {
    let roles = [("edu-institute", "institute"), ("edu-mouo", "municipality")];
    let trusted = config::Issuer {
        name: "ministry".into(),
        issuer: oidc.issuer.clone(),
        audience: "opora".into(),
        roles: roles.map(|(word, role)| (word.to_owned(), role.to_owned())).into(),
        municipality_claim: "oktmo".into(),
        ..config::Issuer::default()
    };
    world.another_node(|config| config.issuers.push(trusted))
}

fn holder(node: &Node, tokens: &Value, name: &str) -> Client {
    node.stranger().with_token(tokens[name].as_str().unwrap())
}

both!(
    #[ignore = "needs an OpenID provider: make test-issuers"]
    people_log_in_at_a_real_provider,
    |world| {
        let oidc = Oidc::start("RS256", people());
        let node = node(world, &oidc);
        let tokens = oidc.log_in("anna");
        let anna = holder(&node, &tokens, "access_token");
        let me = anna.get(ME).expect(200).json;
        assert_eq!(
            (&me["user"]["login"], &me["user"]["role"]),
            (&json!("anna@ministry"), &json!("institute"))
        );
        assert_eq!((&me["user"]["issuer"], &me["user"]["subject"]), (&json!(oidc.issuer), &json!("anna")));
        anna.get("/api/v1/staff").expect(200);
        // The ID token is a message to the frontend.
        holder(&node, &tokens, "id_token").get(ME).expect(401).problem("invalid_token");
        let boris = holder(&node, &oidc.log_in("boris"), "access_token");
        let seen = boris.get(SCHOOLS).expect(200);
        assert_eq!(
            seen.items().iter().map(|school| &school["code"]).collect::<Vec<_>>(),
            ["520101", "520102"]
        );
        for person in ["vera", "gleb"] {
            let refused = holder(&node, &oidc.log_in(person), "access_token");
            refused.get(ME).expect(403).problem("not_admitted");
        }
        holder(&node, &oidc.program(), "access_token").get(ME).expect(403).problem("not_admitted");
        // Another server, which trusts nobody.
        let elsewhere = world.stranger().with_token(anna.token.unwrap());
        elsewhere.get(ME).expect(401).problem("invalid_token");
    }
);

both!(
    #[ignore = "needs an OpenID provider: make test-issuers"]
    a_real_provider_changes_its_keys,
    |world| {
        let mut oidc = Oidc::start("ES256", people());
        let node = node(world, &oidc);
        let before = holder(&node, &oidc.log_in("anna"), "access_token");
        before.get(ME).expect(200);
        oidc.restart("second", "PS256");
        thread::sleep(PAUSE);
        let after = holder(&node, &oidc.log_in("anna"), "access_token");
        after.get(ME).expect(200);
        // Its key is no longer published.
        before.get(ME).expect(401).problem("invalid_token");
        oidc.stop();
        after.get(ME).expect(200);
        // The same name, another key: what was signed with it is not taken on its word.
        oidc.restart("second", "PS256");
        holder(&node, &oidc.log_in("anna"), "access_token").get(ME).expect(401).problem("invalid_token");
    }
);
