#!/usr/bin/env python3
"""Checks the dependency edges between the crates of this workspace (ARCHITECTURE.md): run by `make lint`.

Dependencies run one way: api -> reporting -> {models, diagnostics} -> schools -> db -> primitives; identity -> db. HTTP stays in api/,
SQL stays out of it. Development dependencies follow the same table, except that tests may use the demo data. Arguments go to
`cargo metadata` (--locked, --offline).
"""

import json
import subprocess
import sys

VOCABULARY = {"opora-primitives"}
STORAGE = VOCABULARY | {"opora-db"}
SCHOOLS = STORAGE | {"opora-schools", "opora-tables"}

# Which crates of ours a crate may name. A new crate gets a line here first.
MAY_USE = {
    "opora-primitives": set(),
    "opora-tables": VOCABULARY,
    # Knows no domain; the tables write its CSV.
    "opora-documents": VOCABULARY | {"opora-tables"},
    "opora-demo": VOCABULARY,
    "opora-db": VOCABULARY,
    "opora-identity": STORAGE,
    "opora-webhooks": STORAGE | {"opora-identity"},
    "opora-schools": STORAGE | {"opora-tables"},
    "opora-models": SCHOOLS,
    "opora-diagnostics": SCHOOLS,
    "opora-reporting": SCHOOLS | {"opora-models", "opora-diagnostics", "opora-documents"},
}
# These sit on top: they may use every crate above.
ON_TOP = {"opora", "opora-bench", "opora-tests"}
IN_TESTS = {"opora-demo"}

HTTP = ("actix", "utoipa-actix", "utoipa-swagger-ui")
SQL = ("diesel", "libsqlite3-sys", "pq-sys", "r2d2", "rusqlite", "sqlx")


def cargo_metadata():
    host = next(
        line.split()[1]
        for line in subprocess.check_output(["rustc", "-vV"], text=True).splitlines()
        if line.startswith("host:")
    )
    command = ["cargo", "metadata", "--format-version", "1", "--filter-platform", host, *sys.argv[1:]]
    return json.loads(subprocess.check_output(command))


def direct_faults(package, members):
    """What the manifest of one workspace member names and must not."""
    name = package["name"]
    if name not in MAY_USE and name not in ON_TOP:
        yield f"{name}: not in the table of scripts/check-edges.py"
        return
    for dependency in package["dependencies"]:
        target, in_tests = dependency["name"], dependency["kind"] == "dev"
        if target in members and name in MAY_USE:
            if target not in MAY_USE[name] and not (in_tests and target in IN_TESTS):
                yield f"{name} -> {target}: this edge runs the wrong way"
        if name == "opora" and not in_tests and target.startswith(SQL):
            yield f"{name} -> {target}: no SQL in api/"


def reachable(start, edges):
    seen, todo = set(), [start]
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo += edges[node]
    return seen


def http_faults(package, edges, names):
    """HTTP crates that a domain crate's code pulls in, at any depth."""
    if package["name"] in ON_TOP:
        return
    found = sorted(names[node] for node in reachable(package["id"], edges) if names[node].startswith(HTTP))
    if found:
        yield f"{package['name']} -> ... -> {', '.join(found)}: HTTP belongs to api/ (cargo tree -i {found[0]})"


def main():
    metadata = cargo_metadata()
    names = {package["id"]: package["name"] for package in metadata["packages"]}
    members = [package for package in metadata["packages"] if package["id"] in metadata["workspace_members"]]
    member_names = {package["name"] for package in members}
    edges = {
        node["id"]: [d["pkg"] for d in node["deps"] if any(k["kind"] != "dev" for k in d["dep_kinds"])]
        for node in metadata["resolve"]["nodes"]
    }
    faults = [
        fault
        for package in members
        for fault in (*direct_faults(package, member_names), *http_faults(package, edges, names))
    ]
    print("\n".join(faults) if faults else f"edges: {len(members)} crates, every dependency runs the right way")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
