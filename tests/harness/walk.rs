//! What a walk of the contract needs: a client for each operation, and something that is there for each path.

use super::{Client, World, contract::Operation};
use opora_identity::{Permission, Role};
use serde_json::Value;
use std::collections::BTreeMap;

/// A client for each permission: of a role of the whole region that has it.
pub struct Clients(Vec<(Role, Client)>);

impl Clients {
    pub fn of(world: &World) -> Self {
        let roles = [Role::Admin, Role::Institute, Role::Ministry, Role::Municipality, Role::School];
        Self(roles.map(|role| (role, world.client(role))).into())
    }

    pub fn may(&self, permission: Permission) -> &Client {
        let found = self.0.iter().find(|(role, _)| permission.given_to(*role));
        &found.unwrap_or_else(|| panic!("nobody may {}", permission.as_str())).1
    }
}

/// What a list has to be asked, lest it be refused or too long to be read one by one.
pub fn query(operation: &Operation) -> &'static str {
    match operation.id {
        "list_results" => "?academic_year=2018%2F2019",
        "list_plan_discipline" => "?by=municipality",
        "list_change_partitions" => "?resource=schools",
        _ => "",
    }
}

/// Something that is there, by the path that leads to it.
#[derive(Default)]
pub struct There {
    found: BTreeMap<&'static str, Option<String>>,
}

impl There {
    /// Beside what its list tells: the first item's id.
    pub fn of(&mut self, client: &Client, path: &'static str) -> Option<String> {
        if let Some(known) = self.found.get(path) {
            return known.clone();
        }
        let found = find(client, path);
        self.found.insert(path, found.clone());
        found
    }
}

/// The newest of a list, whatever its order: what was made last may still change.
fn newest(client: &Client, list: &str) -> Option<Value> {
    let page = client.get(&format!("{list}?limit=1000"));
    page.json["items"].as_array()?.iter().max_by_key(|item| item["id"].as_i64()).cloned()
}

fn find(client: &Client, path: &str) -> Option<String> {
    if let Some(rest) = path.strip_prefix("/api/v1/reports/{kind}/{period}") {
        return Some(format!("/api/v1/reports/half-year/2020-H2{}", rest.replace("{number}", "1")));
    }
    let fixed = match path {
        "/api/v1/passport/stages/{stage}" => Some("/api/v1/passport/stages/goals"),
        "/api/v1/indicators/{code}" => Some("/api/v1/indicators/I2"),
        "/api/v1/indicators/{code}/rows" => Some("/api/v1/indicators/I2/rows"),
        "/api/v1/models/{code}" => Some("/api/v1/models/M5"),
        "/api/v1/jobs/{id}" => Some("/api/v1/jobs/1"),
        "/api/v1/plans/{id}/versions/{version}" => Some("/api/v1/plans/2020-2021/versions/1"),
        "/api/v1/plans/{id}/activities/{activity}" => Some("/api/v1/plans/2020-2021/activities/1.4"),
        path if !path.contains('{') => Some(path),
        _ => None,
    };
    if let Some(fixed) = fixed {
        return Some(fixed.to_owned());
    }
    match path {
        "/api/v1/evidence/{id}" | "/api/v1/evidence/{id}/content" => {
            let facts = client.get("/api/v1/facts?limit=1000").items().to_vec();
            let of = |fact: &Value| newest(client, &format!("/api/v1/facts/{}/evidence", fact["id"]));
            let evidence = facts.iter().find_map(of)?;
            Some(path.replace("{id}", &evidence["id"].to_string()))
        }
        "/api/v1/identification-runs/{id}/verdicts/{school}" => {
            let run = newest(client, "/api/v1/identification-runs")?;
            let verdict = newest(client, &format!("/api/v1/identification-runs/{}/verdicts", run["id"]))?;
            Some(format!("/api/v1/identification-runs/{}/verdicts/{}", run["id"], verdict["school_id"]))
        }
        _ => {
            let (list, rest) = path.split_once("/{id}")?;
            let item = newest(client, list)?;
            (!rest.contains('{')).then(|| format!("{list}/{}{rest}", item["id"]))
        }
    }
}
