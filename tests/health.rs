//! Health, metrics and the log of answers.

use crate::harness::{
    Client, Server, World,
    storage::Storage,
    time::{LONG, within},
};
use diesel::connection::SimpleConnection;
use std::net::{SocketAddr, UdpSocket};

both!(a_fresh_server_is_alive_and_ready, |world| {
    let stranger = world.stranger();
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(stranger.get(path).expect(200).json["status"], "ok");
    }
});

both!(a_schema_that_is_behind_is_not_ready, |world| {
    let forget = "DELETE FROM __diesel_schema_migrations WHERE version = (SELECT max(version) FROM __diesel_schema_migrations)";
    world.storage.connect().batch_execute(forget).unwrap();
    let stranger = world.stranger();
    let refused = stranger.get("/health/ready").expect(503).problem("unavailable");
    assert!(!refused.header("retry-after").is_empty());
    stranger.get("/health/live").expect(200);
});

#[test]
fn without_its_database_a_server_is_alive_but_not_ready() {
    let world = World::postgres();
    let name = world.storage.url.rsplit('/').next().unwrap();
    let node = world.another_node(|config| config.connection_wait_seconds = 1);
    let stranger = node.stranger();
    stranger.get("/health/ready").expect(200);
    let gone = format!("ALTER DATABASE {name} RENAME TO {name}_away");
    let back = format!("ALTER DATABASE {name}_away RENAME TO {name}");
    let admin = || crate::harness::storage::admin();
    let cut = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE '{name}%'");
    let mut renamed = false;
    for _ in 0..50 {
        admin().batch_execute(&cut).unwrap();
        if admin().batch_execute(&gone).is_ok() {
            renamed = true;
            break;
        }
    }
    assert!(renamed, "the database stayed in use");
    stranger.get("/health/live").expect(200);
    let refused = stranger.get("/health/ready").expect(503).problem("unavailable");
    assert!(!refused.text.contains(name), "{refused}");
    admin().batch_execute(&back).unwrap();
    within(LONG, "the server does not find its database again", || {
        stranger.get("/health/ready").status == 200
    });
}

both!(metrics_count_by_route, |world| {
    let admin = world.log_in("admin");
    admin.get("/api/v1/users/987654321").expect(404);
    let metrics = admin.get("/metrics").expect(200);
    assert!(metrics.header("content-type").starts_with("text/plain"), "{metrics}");
    let line = metrics
        .text
        .lines()
        .find(|l| l.contains("/api/v1/users/{id}") && l.starts_with("http_requests_total"));
    assert!(line.is_some(), "{}", metrics.text);
    // Buckets of two nodes add up, quantiles do not.
    let bucket = "http_request_seconds_bucket{route=\"/api/v1/users/{id}\",le=\"10\"}";
    assert!(metrics.text.contains(bucket), "{}", metrics.text);
    // A label for each id would fill the memory.
    assert!(!metrics.text.contains("987654321"));
});

#[test]
fn an_answer_stands_in_the_log_soon_and_none_is_lost_at_the_end() {
    let storage = Storage::sqlite();
    let mut server = Server::start(&storage, &[("LOG", "info")]);
    let told = |server: &Server| server.log().matches("route=\"/api/v1/me\"").count();
    server.client.get("/api/v1/me").expect(200);
    within(LONG, "the answer does not come to the log", || told(&server) == 1);
    for _ in 0..50 {
        server.client.get("/api/v1/me").expect(200);
    }
    server.stop();
    assert_eq!(told(&server), 51, "{}", server.log());
}

both!(metrics_can_be_switched_off, |world| {
    let off = world.another_node(|config| config.metrics = "off".into());
    off.stranger().get("/metrics").expect(404).problem("not_found");
});

/// An address of this machine that is not the loopback one. No packet is sent for it.
fn outer_address() -> Option<std::net::IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|a| a.ip()).filter(|ip| !ip.is_loopback())
}

both!(metrics_are_for_the_loopback_interface, |world| {
    let node = world.another_node(|config| config.listen = "0.0.0.0:0".into());
    let inside = Client::of(SocketAddr::new([127, 0, 0, 1].into(), node.address.port()));
    inside.get("/metrics").expect(200);
    if let Some(ip) = outer_address() {
        let outside = Client::of(SocketAddr::new(ip, node.address.port()));
        outside.get("/health/live").expect(200);
        outside.get("/metrics").expect(404).problem("not_found");
        // What a caller says about itself does not count.
        let lying = outside.call("GET", "/metrics").header("X-Forwarded-For", "127.0.0.1");
        lying.header("Forwarded", "for=127.0.0.1").send().expect(404);
    }
});
