//! Facts about the plan of the order.

use super::{Client, World};
use opora_identity::Role;
use serde_json::{Value, json};

/// The plan of the order.
const PLAN: &str = include_str!("../../crates/demo/data/plan-2020-2021.yaml");

/// Where facts are.
pub const FACTS: &str = "/api/v1/facts";

/// The institute, which has loaded the plan.
pub fn with_plan(world: &World) -> Client {
    let institute = world.client(Role::Institute);
    institute.load("plan", PLAN).succeeded([54, 0, 0, 0]);
    institute
}

/// A good fact of the institute, of every whole municipal system and of every listed school: an analysis of staffing, row 1.4.
pub fn draft(client: &Client) -> Value {
    let plan = client.get("/api/v1/plans/2020-2021").expect(200).json["id"].clone();
    json!({"plan_id": plan, "activity": "1.4", "window_from": "2020-09-01", "kind": "value",
        "metric": "analytical_notes_per_year", "value": 1, "happened_on": "2020-10-27"})
}

/// Enters a fact.
#[track_caller]
pub fn enter(client: &Client, body: &Value) -> Value {
    client.post(FACTS, body).expect(201).json
}
