//! Files of evidence in a bucket. Ignored where no S3-compatible server is at hand: `make test-s3` starts one.

use crate::harness::{
    World,
    facts::{FACTS, draft, enter, with_plan},
    world::Node,
};
use chrono::{TimeDelta, Utc};

const BUCKET: &str = "opora-test";

fn in_bucket(world: &World, endpoint: String, prefix: &str) -> Node {
    world.another_node(|config| {
        config.evidence_store = "s3".into();
        config.evidence_s3_endpoint = endpoint;
        config.evidence_s3_bucket = BUCKET.into();
        config.evidence_s3_prefix = prefix.into();
        config.evidence_s3_access_key = "test".into();
        config.evidence_s3_secret_key = "test".into();
    })
}

/// How many objects there are under the prefix.
fn objects(endpoint: &str, prefix: &str) -> usize {
    let address = format!("{endpoint}/{BUCKET}?list-type=2&prefix={prefix}/");
    let listed = ureq::get(&address).call().unwrap().body_mut().read_to_string().unwrap();
    listed.matches("<Key>").count()
}

#[test]
#[ignore = "needs an S3-compatible server: make test-s3"]
fn files_lie_in_a_bucket() {
    let endpoint = std::env::var("OPORA_TEST_S3_URL").expect("run scripts/with-s3.sh");
    let world = World::sqlite();
    with_plan(&world);
    let node = in_bucket(&world, endpoint.clone(), "evidence/of/a/test");
    let client = node.log_in("institute");
    let path = format!("{FACTS}/{}/evidence", enter(&client, &draft(&client))["id"]);
    let send = |name: &str, text: &str| {
        client.call("POST", &format!("{path}?file_name={name}")).body("text/plain", text).send().expect(201)
    };
    // The second is sent in two parts.
    let (small, large) =
        (send("small.txt", "десять слов"), send("large.txt", &"0123456789".repeat(1_100_000)));
    let content = |of: &serde_json::Value| format!("/api/v1/evidence/{}/content", of["id"]);
    assert_eq!(client.get(&content(&small.json)).expect(200).text, "десять слов");
    assert_eq!(client.get(&content(&large.json)).expect(200).text.len(), 11_000_000);
    let tail =
        client.call("GET", &content(&large.json)).header("Range", "bytes=10999997-").send().expect(206);
    assert_eq!(tail.text, "789");
    assert_eq!(objects(&endpoint, "evidence/of/a/test"), 2);
    client.call("DELETE", small.header("location")).send().expect(204);
    let sweep = |before| {
        let swept = node.state.evidence.sweep(&node.state.database, before);
        actix_web::rt::System::new().block_on(swept).unwrap()
    };
    assert_eq!(sweep(Utc::now() - TimeDelta::days(1)), 0, "too young");
    assert_eq!(sweep(Utc::now() + TimeDelta::days(1)), 1);
    assert_eq!(objects(&endpoint, "evidence/of/a/test"), 1);
    client.get(&content(&large.json)).expect(200);
}

#[test]
fn a_store_that_does_not_answer_is_told_and_leaves_nothing() {
    let world = World::sqlite();
    with_plan(&world);
    let node = in_bucket(&world, "http://127.0.0.1:1".into(), "");
    let client = node.log_in("institute");
    let path = format!("{FACTS}/{}/evidence", enter(&client, &draft(&client))["id"]);
    let call = client.call("POST", &format!("{path}?file_name=a.txt"));
    let reply = call.body("text/plain", "text").send().expect(503).problem("unavailable");
    assert_eq!(reply.header("retry-after"), "5");
    assert!(!reply.text.contains("127.0.0.1"), "{reply}");
    assert!(client.get(&path).expect(200).items().is_empty());
}
