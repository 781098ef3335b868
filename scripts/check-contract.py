#!/usr/bin/env python3
"""Refuses a contract that breaks what the last released one promised: `make check-contract`.

    scripts/check-contract.py openapi.yaml             compares with contract/released.json
    scripts/check-contract.py openapi.yaml --release   makes it the released one: `make release-contract`

What programs send by the old contract must still be taken, and what the new one answers must still be what the old one said: a request may
only become wider, an answer only narrower. What generated clients are made of is promised too: the names of operations, of their tags and
of schemas. Adding is no break: an operation, a parameter or a field that may be left out, a field of an answer, a refusal.

The released contract is kept as a skeleton, without words and examples, sorted, so that the difference of two releases can be read. Breaks
that were decided stand in contract/accepted-breaks.txt, as this check tells them.
"""

import argparse
import json
import pathlib
import re
import sys

import yaml

FOLDER = pathlib.Path(__file__).parent.parent / "contract"
RELEASED, ACCEPTED = FOLDER / "released.json", FOLDER / "accepted-breaks.txt"
WIDTH = 140
METHODS = ("get", "put", "post", "patch", "delete", "head", "options", "trace")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
EXACT = ("pattern", "format", "multipleOf", "uniqueItems", "contentEncoding", "contentMediaType")
# A format whose values are all values of another.
WITHIN = {("int32", "int64"), ("float", "double")}


# Keywords under which keys are names that people chose, and such as hold plain values.
NAMES = {
    "properties",
    "patternProperties",
    "paths",
    "webhooks",
    "responses",
    "headers",
    "content",
    "schemas",
    "parameters",
    "requestBodies",
    "securitySchemes",
    "mapping",
    "scopes",
}
VALUES = {"enum", "required", "default", "const"}
# What no program reads.
WORDS = {"description", "summary", "title", "example", "examples", "externalDocs", "servers", "contact", "license"}


def skeleton(node, named=False):
    """`node` without words. `named`: its keys are names, not keywords."""
    if isinstance(node, list):
        return [skeleton(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {}
    for key, value in sorted(node.items()):
        if named:
            kept[key] = skeleton(value)
        elif key == "x-permission" or key not in WORDS and not key.startswith("x-"):
            kept[key] = value if key in VALUES else skeleton(value, named=key in NAMES)
    return kept


def layout(node, indent=""):
    """JSON with a line for each node that fits on one."""
    line = json.dumps(node, ensure_ascii=False)
    if len(indent) + len(line) <= WIDTH or not isinstance(node, (dict, list)):
        return line
    deeper = indent + " "
    if isinstance(node, dict):
        parts = [f"{json.dumps(key, ensure_ascii=False)}: {layout(value, deeper)}" for key, value in node.items()]
    else:
        parts = [layout(value, deeper) for value in node]
    opened, closed = "{}" if isinstance(node, dict) else "[]"
    return f"{opened}\n{deeper}" + f",\n{deeper}".join(parts) + f"\n{indent}{closed}"


# Under which a schema that was followed keeps its name.
NAMED = "x-name"


class Contract:
    """A contract whose references can be followed."""

    def __init__(self, document):
        self.document = document
        self.schemas = document.get("components", {}).get("schemas", {})

    def follow(self, node):
        """What `node` is or refers to. A schema that is referred to is told of by its name."""
        name = None
        while isinstance(node, dict) and "$ref" in node:
            *place, name = node["$ref"].removeprefix("#/").split("/")
            node = self.document
            for part in (*place, name):
                node = node[part]
            name = name if place == ["components", "schemas"] else None
        node = {} if node is True else node
        return {**node, NAMED: name} if name else node

    def operations(self, section):
        """Every operation of `paths` or `webhooks` by method and address, with the parameters of its path."""
        found = {}
        for path, item in self.document.get(section, {}).items():
            item = self.follow(item)
            for method in METHODS:
                if method in item:
                    found[f"{method.upper()} {path}"] = {
                        **item[method],
                        "parameters": item.get("parameters", []) + item[method].get("parameters", []),
                    }
        return found

    def variants(self, schema):
        """`schema` as a list of schemas with one type or none, of which a value fits one."""
        schema = self.flat(schema)
        for union in ("oneOf", "anyOf"):
            if union in schema:
                return [variant for part in schema[union] for variant in self.variants(part)]
        if isinstance(schema.get("type"), list):
            return [{**schema, "type": one} for one in schema["type"]]
        return [schema]

    def flat(self, schema):
        """`schema` with its reference followed and its `allOf` put together."""
        schema = self.follow(schema)
        if "allOf" not in schema:
            return schema
        whole = {key: value for key, value in schema.items() if key != "allOf"}
        for part in map(self.flat, schema["allOf"]):
            for key, value in part.items():
                if key == NAMED:
                    continue
                if key == "properties":
                    value = {**whole.get(key, {}), **value}
                elif key == "required":
                    value = [*whole.get(key, []), *value]
                whole[key] = value
        return whole


class Comparison:
    """What the contract `new` breaks of the contract `old`."""

    def __init__(self, old, new):
        self.old, self.new = Contract(old), Contract(new)
        self.breaks = {}
        self.compared = set()

    def found(self, place, what):
        self.breaks.setdefault(f"{place}: {what}")

    def run(self):
        for name in self.old.schemas.keys() - self.new.schemas.keys():
            self.found(f"schema {name}", "is gone, and the type that generated clients have of it")
        for section, answering in (("paths", False), ("webhooks", True)):
            new = self.new.operations(section)
            for name, operation in self.old.operations(section).items():
                if name in new:
                    self.operation(name, operation, new[name], answering)
                else:
                    self.found(name, "is gone")
        return sorted(self.breaks)

    def operation(self, at, old, new, answering):
        """Compares an operation; a webhook (`answering`) is sent by the server, so its body is an answer."""
        for key, what in (("operationId", "its id"), ("tags", "its tag"), ("x-permission", "its permission")):
            if old.get(key) != new.get(key):
                self.found(at, f"{what} is {new.get(key)!r}, was {old.get(key)!r}")
        self.security(at, old, new)
        self.parameters(at, old["parameters"], new["parameters"])
        self.body(f"{at} body", self.old.follow(old.get("requestBody")), self.new.follow(new.get("requestBody")), answering)
        self.responses(at, old.get("responses", {}), new.get("responses", {}))

    def security(self, at, old, new):
        """A way to be let in that was enough must still be enough."""
        before, now = old.get("security") or [{}], new.get("security") or [{}]
        for way in before:
            if not any(other.keys() <= way.keys() and all(set(other[s]) <= set(way[s]) for s in other) for other in now):
                self.found(at, f"{json.dumps(way)} is not enough any more")

    def parameters(self, at, old, new):
        old = {(p["in"], p["name"]): p for p in map(self.old.follow, old)}
        new = {(p["in"], p["name"]): p for p in map(self.new.follow, new)}
        for (where, name), parameter in new.items():
            if parameter.get("required") and not old.get((where, name), {}).get("required"):
                self.found(f"{at} {where} {name}", "is required")
        for (where, name), parameter in old.items():
            place, other = f"{at} {where} {name}", new.get((where, name))
            if other is None:
                self.found(place, "is gone")
                continue
            for style in ("style", "explode"):
                if parameter.get(style) != other.get(style):
                    self.found(place, f"{style} is {other.get(style)!r}, was {parameter.get(style)!r}")
            self.schema(place, parameter.get("schema", {}), other.get("schema", {}), asked=True)

    def body(self, at, old, new, answering):
        if new and new.get("required") and not (old and old.get("required")) and not answering:
            self.found(at, "is required")
        if old:
            self.content(at, old.get("content", {}), (new or {}).get("content", {}), asked=not answering)

    def responses(self, at, old, new):
        for status in new.keys() - old.keys():
            if status.startswith("2"):
                self.found(f"{at} {status}", "is an answer that was not there")
        for status, response in old.items():
            place = f"{at} {status}"
            if status not in new:
                self.found(place, "is gone")
                continue
            response, other = self.old.follow(response), self.new.follow(new[status])
            for header in response.get("headers", {}).keys() - other.get("headers", {}).keys():
                self.found(f"{place} header {header}", "is gone")
            for header in response.get("headers", {}).keys() & other.get("headers", {}).keys():
                before, now = (c.follow(r["headers"][header]).get("schema", {}) for c, r in ((self.old, response), (self.new, other)))
                self.schema(f"{place} header {header}", before, now, asked=False)
            self.content(place, response.get("content", {}), other.get("content", {}), asked=False)

    def content(self, at, old, new, asked):
        for media_type, content in old.items():
            if media_type in new:
                self.schema(f"{at} {media_type}", content.get("schema", {}), new[media_type].get("schema", {}), asked)
            else:
                self.found(f"{at} {media_type}", "is gone")

    def schema(self, at, old, new, asked):
        """Notes why not every value of the one schema is one of the other. `asked`: clients send it, so the new one must take what the old
        one took; otherwise the server does, and the new one may say only what the old one said."""
        pair = (json.dumps(old, sort_keys=True), json.dumps(new, sort_keys=True), asked)
        if pair in self.compared:
            return
        self.compared.add(pair)
        if asked and (before := self.old.flat(old).get("default")) != (now := self.new.flat(new).get("default")):
            self.found(at, f"is {now!r} if left out, was {before!r}")
        olds, news = self.old.variants(old), self.new.variants(new)
        narrow, wide = (olds, news) if asked else (news, olds)
        for variant in narrow:
            self.fit(at, variant, wide, asked)

    def fit(self, at, variant, wide, asked):
        """Notes what is missing for `variant` to be one of `wide`: nothing if it fits one, otherwise what separates it from the one
        of the same name, or from the nearest."""
        if len(wide) == 1:
            self.one(at, *((variant, wide[0]) if asked else (wide[0], variant)), asked)
            return
        misfits = []
        for other in wide:
            before, now = (variant, other) if asked else (other, variant)
            trial = Comparison(self.old.document, self.new.document)
            trial.compared = set(self.compared)
            trial.one(at, before, now, asked)
            if not trial.breaks:
                self.compared |= trial.compared
                return
            misfits.append((variant.get(NAMED) != other.get(NAMED), len(trial.breaks), trial.breaks))
        self.breaks |= min(misfits, key=lambda misfit: misfit[:2])[-1]

    def one(self, at, old, new, asked):
        """Compares two schemas that are no unions."""
        at = old.get(NAMED, at)
        narrow, wide = (old, new) if asked else (new, old)
        verb = "takes" if asked else "answers"
        types = narrow.get("type"), wide.get("type")
        if wide.get("type") and types[0] != types[1] and types != ("integer", "number"):
            self.found(at, f"{verb} {new.get('type', 'anything')}, was {old.get('type', 'anything')}")
            return
        self.values(at, narrow, wide, asked)
        self.limits(at, old, new, narrow, wide)
        self.fields(at, old, new, asked)
        if "items" in wide:
            self.schema(f"{at}[]", old.get("items", {}), new.get("items", {}), asked)

    def values(self, at, narrow, wide, asked):
        words = [[s["const"]] if "const" in s else s.get("enum") for s in (narrow, wide)]
        if words[1] is None:
            return
        if words[0] is None:
            self.found(at, "is one of a closed list" if asked else "is any value, not one of a list")
            return
        for word in words[0]:
            if word not in words[1]:
                self.found(at, f"{word!r} is not taken any more" if asked else f"{word!r} is a value that was not there")

    def limits(self, at, old, new, narrow, wide):
        for key in (*UPPER, *LOWER, *EXACT):
            bound, other = wide.get(key), narrow.get(key)
            if bound is None or bound == other or (other, bound) in WITHIN:
                continue
            if other is not None and (key in UPPER and other <= bound or key in LOWER and other >= bound):
                continue
            self.found(at, f"{key} is {new.get(key)!r}, was {old.get(key)!r}")

    def fields(self, at, old, new, asked):
        before, now = old.get("properties", {}), new.get("properties", {})
        for name in before.keys() - now.keys():
            self.found(f"{at}.{name}", "is gone")
        for name in before.keys() & now.keys():
            self.schema(f"{at}.{name}", before[name], now[name], asked)
        if asked:
            for name in set(new.get("required", [])) - set(old.get("required", [])):
                self.found(f"{at}.{name}", "is required")
        else:
            for name in set(old.get("required", [])) - set(new.get("required", [])):
                self.found(f"{at}.{name}", "may be left out")
        self.further_fields(at, old.get("additionalProperties", True), new.get("additionalProperties", True), asked)

    def further_fields(self, at, old, new, asked):
        """Fields without a name in the contract. An answer may always get new ones."""
        if asked and new is False and old is not False:
            self.found(at, "refuses fields it does not know")
        elif isinstance(new if asked else old, dict) and False not in (old, new):
            self.schema(f"{at}.*", *({} if s is True else s for s in (old, new)), asked)


class Loader(yaml.CSafeLoader):
    """YAML 1.2, in which `on` is a word and a day is text."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), "tf")


def read(path):
    with path.open(encoding="utf-8") as text:
        return yaml.load(text, Loader)


def accepted():
    """Breaks that were decided: lines as this check tells them. Further lines begin with #."""
    lines = ACCEPTED.read_text(encoding="utf-8").splitlines() if ACCEPTED.exists() else []
    return {line for line in lines if line and not line.startswith("#")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("contract", type=pathlib.Path)
    parser.add_argument("--release", action="store_true", help="make it the released contract")
    arguments = parser.parse_args()
    contract = skeleton(read(arguments.contract))
    if arguments.release:
        RELEASED.write_text(layout(contract) + "\n", encoding="utf-8")
        ACCEPTED.unlink(missing_ok=True)
        return
    released = json.loads(RELEASED.read_text(encoding="utf-8"))
    found, decided = set(Comparison(released, contract).run()), accepted()
    faults = sorted(found - decided) + [f"{line} (accepted, but does not happen)" for line in sorted(decided - found)]
    for line in faults:
        print(line, file=sys.stderr)
    version = released["info"]["version"]
    if faults:
        sys.exit(f"check-contract: {len(faults)} faults against the contract of {version}: see The contract in CONTRIBUTING.md")
    print(f"check-contract: keeps the contract of {version}: {len(Contract(released).operations('paths'))} operations")


if __name__ == "__main__":
    main()
