//! The signing keys: published, verified by others, rotated without downtime.

use crate::harness::{Client, World};
use diesel::prelude::*;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use opora_db::{Origin, schema::signing_keys};
use opora_identity::{Role, keys};
use opora_primitives::Moment;

fn published(client: &Client) -> JwkSet {
    serde_json::from_value(client.get("/.well-known/jwks.json").expect(200).json).unwrap()
}

fn kid(client: &Client) -> String {
    jsonwebtoken::decode_header(client.token.as_deref().unwrap()).unwrap().kid.unwrap()
}

fn reload(world: &World) {
    world.node.state.tokens.reload(&world.node.state.database).unwrap();
}

/// Rotates the keys as the command line does; answers the new one's name.
fn rotate(world: &World) -> String {
    let state = &world.node.state;
    let kid =
        keys::rotate(&state.database, &Origin::system("test"), state.tokens.master(), state.tokens.life())
            .unwrap();
    reload(world);
    kid
}

/// Lets the time until a moment of the new key pass.
fn set_signs_from(world: &World, kid: &str, at: Moment) {
    let change = |db: &mut opora_db::Db| {
        diesel::update(signing_keys::table.find(kid)).set(signing_keys::signs_from.eq(at)).execute(db)?;
        Ok(())
    };
    world.node.state.database.keep_books(change).unwrap();
    reload(world);
}

both!(the_published_keys_verify_a_token, |world| {
    let client = world.client(Role::Institute);
    let keys = published(&client);
    let jwk = keys.find(&kid(&client)).expect("the key of the token is published");
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["opora"]);
    validation.set_issuer(&["http://127.0.0.1:8080"]);
    let key = DecodingKey::from_jwk(jwk).unwrap();
    let token = client.token.as_deref().unwrap();
    let claims = jsonwebtoken::decode::<serde_json::Value>(token, &key, &validation).unwrap().claims;
    assert_eq!(claims["role"], "institute");
});

both!(no_private_key_is_published, |world| {
    let reply = world.stranger().get("/.well-known/jwks.json").expect(200);
    for key in reply.json["keys"].as_array().unwrap() {
        assert_eq!(key["kty"], "OKP");
        assert!(key.get("d").is_none(), "{reply}");
    }
});

both!(keys_rotate_without_downtime, |world| {
    let before = world.client(Role::Institute);
    let old = kid(&before);
    let new = rotate(world);
    // Published at once, used later.
    let names: Vec<_> = published(&before).keys.iter().filter_map(|k| k.common.key_id.clone()).collect();
    assert!(names.contains(&old) && names.contains(&new), "{names:?}");
    assert_eq!(kid(&world.client(Role::Institute)), old);
    before.get("/api/v1/me").expect(200);
    set_signs_from(world, &new, Moment::now());
    let after = world.client(Role::Institute);
    assert_eq!(kid(&after), new);
    after.get("/api/v1/me").expect(200);
    before.get("/api/v1/me").expect(200);
});

both!(a_retired_key_verifies_nothing, |world| {
    let before = world.client(Role::Institute);
    let old = kid(&before);
    let new = rotate(world);
    set_signs_from(world, &new, Moment::now());
    world
        .node
        .state
        .database
        .keep_books(|db| {
            let past = Moment::now().plus_seconds(-1);
            diesel::update(signing_keys::table.find(&old))
                .set(signing_keys::retired_at.eq(past))
                .execute(db)?;
            Ok(())
        })
        .unwrap();
    reload(world);
    before.get("/api/v1/me").expect(401).problem("invalid_token");
    assert_eq!(published(&before).keys.len(), 1);
    world.client(Role::Institute).get("/api/v1/me").expect(200);
});

both!(a_new_key_reaches_another_node, |world| {
    let other = world.another_node(|_| {});
    let new = rotate(world);
    set_signs_from(world, &new, Moment::now());
    let client = world.client(Role::Institute);
    assert_eq!(kid(&client), new);
    // What the node does by itself every few seconds.
    other.state.tokens.reload(&other.state.database).unwrap();
    other.stranger().with_token(client.token.unwrap()).get("/api/v1/me").expect(200);
});

both!(private_keys_are_kept_sealed, |world| {
    let sealed: Vec<String> = world
        .node
        .state
        .database
        .read(|db| Ok(signing_keys::table.select(signing_keys::sealed_private_key).load(db)?))
        .unwrap();
    for text in sealed {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let bytes = STANDARD.decode(text).unwrap();
        // The object identifier of Ed25519, which a PKCS #8 document in the clear holds.
        assert!(!bytes.windows(5).any(|w| w == [0x06, 0x03, 0x2b, 0x65, 0x70]));
    }
});
