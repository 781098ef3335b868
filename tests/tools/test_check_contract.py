"""What scripts/check-contract.py refuses and what it lets pass, by example and over the whole contract: `make check-contract`."""

import copy
import importlib.util
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
spec = importlib.util.spec_from_file_location("check_contract", ROOT / "scripts" / "check-contract.py")
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)

# A small contract with something of everything.
BASE = check.yaml.load(
    """
openapi: 3.1.0
info: {title: Little, version: 1.0.0}
paths:
  /schools:
    get:
      operationId: list_schools
      tags: [registry]
      x-permission: registry:read
      security: [{bearer: []}, {oauth2: [registry:read]}]
      parameters:
        - {in: query, name: limit, schema: {type: integer, format: int32, minimum: 1, maximum: 1000, default: 100}}
        - {in: query, name: kind, schema: {$ref: '#/components/schemas/Kind'}}
      responses:
        '200':
          description: A page
          headers: {Link: {schema: {type: string}}}
          content:
            application/json: {schema: {type: object, required: [items], properties: {items: {type: array, items: {$ref: '#/components/schemas/School'}}}}}
            text/csv: {schema: {type: string}}
        '404': {$ref: '#/components/responses/NotFound'}
    post:
      operationId: create_school
      tags: [registry]
      requestBody:
        content:
          application/json: {schema: {$ref: '#/components/schemas/Draft'}}
          text/csv: {schema: {type: string}}
      responses:
        '201': {description: Made, content: {application/json: {schema: {$ref: '#/components/schemas/School'}}}}
webhooks:
  school.changed:
    post:
      operationId: school_changed
      tags: [registry]
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/School'}}}}
      responses: {'204': {description: Taken}}
components:
  responses:
    NotFound: {description: Not found, content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}}
  schemas:
    Kind: {type: string, enum: [basic, secondary]}
    State: {type: string, enum: [open, closed]}
    Problem: {type: object, required: [code], properties: {code: {type: string}}}
    Draft:
      type: object
      required: [code]
      additionalProperties: false
      properties:
        code: {type: string, minLength: 1, maxLength: 6}
        note: {type: [string, 'null'], maxLength: 100}
        kind: {$ref: '#/components/schemas/Kind'}
        opened_on: {type: string}
        pupils: {type: integer, format: int64}
        tags: {type: array, maxItems: 5, items: {type: string, maxLength: 20}}
    School:
      allOf:
        - {$ref: '#/components/schemas/Core'}
        - {type: object, required: [state], properties: {state: {$ref: '#/components/schemas/State'}}}
    Core:
      type: object
      required: [code]
      properties:
        code: {type: string, pattern: '^[0-9]{6}$'}
        name: {type: string}
        pupils: {type: integer, format: int32, minimum: 0}
        opened_on: {type: string, format: date}
        successor: {oneOf: [{$ref: '#/components/schemas/Core'}, {type: 'null'}]}
        reason: {oneOf: [{$ref: '#/components/schemas/Listed'}, {$ref: '#/components/schemas/Measured'}]}
        counts: {type: object, additionalProperties: {type: integer}}
    Listed: {type: object, required: [kind], properties: {kind: {type: string, const: listed}}}
    Measured: {type: object, required: [kind, share], properties: {kind: {type: string, const: measured}, share: {type: integer}}}
""",
    check.Loader,
)


def at(document, place):
    """The node at `place`, a path with spaces between its parts, and the last part."""
    *parents, last = place.split()
    for part in parents:
        document = document[int(part) if isinstance(document, list) else part]
    return document, int(last) if isinstance(document, list) else last


def put(place, value):
    def change(document):
        node, last = at(document, place)
        node[last] = value

    return change


def drop(place):
    def change(document):
        node, last = at(document, place)
        del node[last]

    return change


def add(place, value):
    def change(document):
        node, last = at(document, place)
        node[last].append(value)

    return change


def breaks(*changes):
    new = copy.deepcopy(BASE)
    for change in changes:
        change(new)
    return check.Comparison(check.skeleton(BASE), check.skeleton(new)).run()


LIST, MAKE = "paths /schools get", "paths /schools post"
DRAFT, CORE, SCHEMAS = "components schemas Draft", "components schemas Core", "components schemas"

BREAKS = {
    # Operations.
    "an operation is removed": (drop(MAKE), "POST /schools: is gone"),
    "a path is removed": (drop("paths /schools"), "GET /schools: is gone"),
    "a webhook is removed": (drop("webhooks school.changed"), "POST school.changed: is gone"),
    "an operation gets another id": (put(f"{LIST} operationId", "get_schools"), "GET /schools: its id is"),
    "an operation moves to another tag": (put(f"{LIST} tags", ["schools"]), "GET /schools: its tag is"),
    "an operation needs another permission": (put(f"{LIST} x-permission", "lists:read"), "GET /schools: its permission is"),
    "a way to be let in is removed": (put(f"{LIST} security", [{"bearer": []}]), '{"oauth2": ["registry:read"]} is not enough'),
    "another scope is needed": (put(f"{LIST} security 1", {"oauth2": ["lists:read"]}), "is not enough any more"),
    "an open operation is closed": (put(f"{MAKE} security", [{"bearer": []}]), "POST /schools: {} is not enough any more"),
    # Parameters.
    "a parameter is removed": (drop(f"{LIST} parameters 1"), "query kind: is gone"),
    "a parameter becomes required": (put(f"{LIST} parameters 1 required", True), "query kind: is required"),
    "a required parameter is new": (
        add(f"{LIST} parameters", {"in": "header", "name": "If-Match", "required": True, "schema": {"type": "string"}}),
        "header If-Match: is required",
    ),
    "a parameter takes less": (put(f"{LIST} parameters 0 schema maximum", 500), "query limit: maximum is 500, was 1000"),
    "a parameter has another default": (put(f"{LIST} parameters 0 schema default", 50), "query limit: is 50 if left out, was 100"),
    "a parameter loses a word": (put(f"{SCHEMAS} Kind enum", ["basic"]), "Kind: 'secondary' is not taken any more"),
    "a parameter is written otherwise": (put(f"{LIST} parameters 1 explode", False), "query kind: explode is False"),
    # What is sent.
    "a body becomes required": (put(f"{MAKE} requestBody required", True), "POST /schools body: is required"),
    "a body is not taken any more": (drop(f"{MAKE} requestBody"), "body application/json: is gone"),
    "a media type is not taken any more": (drop(f"{MAKE} requestBody content text/csv"), "body text/csv: is gone"),
    "a field of a request is removed": (drop(f"{DRAFT} properties note"), "Draft.note: is gone"),
    "a field of a request becomes required": (add(f"{DRAFT} required", "kind"), "Draft.kind: is required"),
    "a required field of a request is new": (
        lambda d: (put(f"{DRAFT} properties region", {"type": "string"})(d), add(f"{DRAFT} required", "region")(d)),
        "Draft.region: is required",
    ),
    "a request takes no null any more": (put(f"{DRAFT} properties note type", "string"), "Draft.note: takes string, was null"),
    "a request takes another type": (put(f"{DRAFT} properties pupils type", "string"), "Draft.pupils: takes string, was integer"),
    "a request takes shorter text": (put(f"{DRAFT} properties note maxLength", 50), "Draft.note: maxLength is 50, was 100"),
    "a request has a new limit": (put(f"{DRAFT} properties pupils maximum", 9), "Draft.pupils: maximum is 9, was None"),
    "a request wants longer text": (put(f"{DRAFT} properties code minLength", 2), "Draft.code: minLength is 2, was 1"),
    "a request wants a form": (put(f"{DRAFT} properties opened_on format", "date"), "Draft.opened_on: format is 'date', was None"),
    "a request wants a pattern": (put(f"{DRAFT} properties code pattern", "^[0-9]+$"), "Draft.code: pattern is"),
    "a request takes smaller numbers": (put(f"{DRAFT} properties pupils format", "int32"), "Draft.pupils: format is 'int32', was 'int64'"),
    "a request takes only listed words": (put(f"{DRAFT} properties opened_on enum", ["today"]), "Draft.opened_on: is one of a closed list"),
    "a list in a request takes less": (put(f"{DRAFT} properties tags items maxLength", 10), "Draft.tags[]: maxLength is 10, was 20"),
    "a list in a request is shorter": (put(f"{DRAFT} properties tags maxItems", 3), "Draft.tags: maxItems is 3, was 5"),
    # What is answered.
    "a success is removed": (drop(f"{MAKE} responses 201"), "POST /schools 201: is gone"),
    "a refusal is removed": (drop(f"{LIST} responses 404"), "GET /schools 404: is gone"),
    "a success is new": (put(f"{MAKE} responses 202", {"description": "Later"}), "POST /schools 202: is an answer that was not there"),
    "a media type is not answered any more": (drop(f"{LIST} responses 200 content text/csv"), "GET /schools 200 text/csv: is gone"),
    "a header is not answered any more": (drop(f"{LIST} responses 200 headers Link"), "200 header Link: is gone"),
    "a field of an answer is removed": (drop(f"{CORE} properties name"), "School.name: is gone"),
    "a field of an answer may be left out": (put(f"{CORE} required", []), "School.code: may be left out"),
    "a field of a page may be left out": (
        put(f"{LIST} responses 200 content application/json schema required", []),
        "application/json.items: may be left out",
    ),
    "a field of a refusal is removed": (drop(f"{SCHEMAS} Problem properties code"), "Problem.code: is gone"),
    "an answer may be null": (put(f"{CORE} properties name type", ["string", "null"]), "School.name: answers null, was string"),
    "an answer has another type": (put(f"{CORE} properties pupils type", "number"), "School.pupils: answers number, was integer"),
    "an answer may be anything": (put(f"{CORE} properties name", {}), "School.name: answers anything, was string"),
    "an answer has another form": (drop(f"{CORE} properties opened_on format"), "School.opened_on: format is None, was 'date'"),
    "an answer loses its pattern": (drop(f"{CORE} properties code pattern"), "School.code: pattern is None"),
    "an answer has greater numbers": (put(f"{CORE} properties pupils format", "int64"), "School.pupils: format is 'int64', was 'int32'"),
    "an answer has smaller numbers": (drop(f"{CORE} properties pupils minimum"), "School.pupils: minimum is None, was 0"),
    "an answer has a new word": (add(f"{SCHEMAS} State enum", "merged"), "State: 'merged' is a value that was not there"),
    "an answer is a list of words no more": (drop(f"{SCHEMAS} State enum"), "State: is any value, not one of a list"),
    "an answer has a new variant": (
        add(
            f"{CORE} properties reason oneOf",
            {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string", "const": "asked"}}},
        ),
        "'asked' is a value that was not there",
    ),
    "a variant of an answer loses a field": (drop(f"{SCHEMAS} Measured properties share"), "Measured.share: is gone"),
    "a map in an answer has other values": (
        put(f"{CORE} properties counts additionalProperties type", "string"),
        "School.counts.*: answers string",
    ),
    "a nested answer breaks": (drop(f"{SCHEMAS} Listed properties kind"), "Listed.kind: is gone"),
    # Names.
    "a schema gets another name": (
        lambda d: (
            put(f"{SCHEMAS} Sort", d["components"]["schemas"].pop("Kind"))(d),
            put(f"{LIST} parameters 1 schema", {"$ref": "#/components/schemas/Sort"})(d),
            put(f"{DRAFT} properties kind", {"$ref": "#/components/schemas/Sort"})(d),
        ),
        "schema Kind: is gone",
    ),
}

PASSES = {
    "nothing changes": lambda d: None,
    "an operation is new": put("paths /models", {"get": {"operationId": "list_models", "responses": {}}}),
    "a method is new": put("paths /schools delete", {"operationId": "delete_school", "responses": {}}),
    "a webhook is new": put("webhooks school.closed", {"post": {"operationId": "school_closed", "responses": {}}}),
    "a schema is new": put(f"{SCHEMAS} Model", {"type": "object"}),
    "words and examples change": put(
        f"{CORE} properties name", {"type": "string", "description": "Its name", "examples": ["Школа № 4"], "x-order": 1}
    ),
    "a way to be let in is new": add(f"{LIST} security", {"basic": []}),
    "a parameter that may be left out is new": add(f"{LIST} parameters", {"in": "query", "name": "sort", "schema": {"type": "string"}}),
    "a parameter takes more": put(f"{LIST} parameters 0 schema maximum", 5000),
    "a parameter takes any number": drop(f"{LIST} parameters 0 schema maximum"),
    "a parameter takes one word more": add(f"{SCHEMAS} Kind enum", "lyceum"),
    "a media type more is taken": put(f"{MAKE} requestBody content application/yaml", {"schema": {"type": "string"}}),
    "a field of a request that may be left out is new": put(f"{DRAFT} properties region", {"type": "string"}),
    "a field of a request is required no more": put(f"{DRAFT} required", []),
    "a request takes null too": put(f"{DRAFT} properties code type", ["string", "null"]),
    "a request takes longer text": put(f"{DRAFT} properties note maxLength", 1000),
    "a request takes any fields": drop(f"{DRAFT} additionalProperties"),
    "a request takes numbers beside whole ones": put(f"{DRAFT} properties pupils", {"type": "number"}),
    "a refusal is new": put(f"{MAKE} responses 409", {"description": "There already"}),
    "a media type more is answered": put(f"{LIST} responses 200 content text/html", {"schema": {"type": "string"}}),
    "a header is new": put(f"{LIST} responses 200 headers ETag", {"schema": {"type": "string"}}),
    "a field of an answer is new": put(f"{CORE} properties founder", {"type": "string"}),
    "a field of an answer is always there": add(f"{CORE} required", "name"),
    "an answer is never null": put(f"{CORE} properties successor", {"$ref": "#/components/schemas/Core"}),
    "an answer keeps within narrower limits": put(f"{CORE} properties pupils minimum", 1),
    "an answer has a word less": put(f"{SCHEMAS} State enum", ["open"]),
    "an answer has a variant less": put(f"{CORE} properties reason", {"$ref": "#/components/schemas/Listed"}),
    "a schema is written out without allOf": put(
        f"{SCHEMAS} School",
        {
            "type": "object",
            "required": ["code", "state"],
            "properties": {**BASE["components"]["schemas"]["Core"]["properties"], "state": {"$ref": "#/components/schemas/State"}},
        },
    ),
    "null is written as a type": put(f"{DRAFT} properties note", {"oneOf": [{"type": "string", "maxLength": 100}, {"type": "null"}]}),
    "a word is written as const": put(f"{SCHEMAS} Listed properties kind", {"type": "string", "enum": ["listed"]}),
}


@pytest.mark.parametrize("change, line", BREAKS.values(), ids=BREAKS)
def test_a_break_is_refused_and_named(change, line):
    assert any(line in found for found in breaks(change)), breaks(change)


@pytest.mark.parametrize("change", PASSES.values(), ids=PASSES)
def test_what_breaks_nothing_passes(change):
    assert breaks(change) == []


def test_a_webhook_is_an_answer():
    """Its body is what the server sends: a field less breaks, a field more does not."""
    without_answers = [drop("paths /schools get"), drop(MAKE)]
    assert any("School.name: is gone" in line for line in breaks(*without_answers, drop(f"{CORE} properties name")))
    assert not any("School" in line for line in breaks(*without_answers, add(f"{CORE} required", "name")))


def test_the_layout_is_json_of_the_same():
    assert check.json.loads(check.layout(check.skeleton(BASE))) == check.skeleton(BASE)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs the check as `make` does, in a folder of its own; the code it ends with and what it says."""
    monkeypatch.setattr(check, "RELEASED", tmp_path / "released.json")
    monkeypatch.setattr(check, "ACCEPTED", tmp_path / "accepted-breaks.txt")

    def run(document, *arguments):
        contract = tmp_path / "openapi.yaml"
        contract.write_text(check.yaml.safe_dump(document), encoding="utf-8")
        monkeypatch.setattr(check.sys, "argv", ["check-contract.py", str(contract), *arguments])
        code = 0
        try:
            check.main()
        except SystemExit as end:
            code = end.code
        return code, "".join(capsys.readouterr())

    return run


def test_a_decided_break_passes_as_long_as_it_happens(run):
    run(BASE, "--release")
    broken = copy.deepcopy(BASE)
    drop(f"{CORE} properties name")(broken)
    code, told = run(broken)
    assert code and "School.name: is gone" in told
    check.ACCEPTED.write_text("# Nobody filled it.\n" + told, encoding="utf-8")
    assert run(broken)[0] == 0
    code, told = run(BASE)
    assert code and "School.name: is gone (accepted, but does not happen)" in told
    run(broken, "--release")
    assert run(broken)[0] == 0 and not check.ACCEPTED.exists(), "a release begins anew"


@pytest.fixture(scope="module")
def ours():
    return check.skeleton(check.read(ROOT / "openapi.yaml"))


def test_our_contract_keeps_itself(ours):
    assert check.Comparison(ours, copy.deepcopy(ours)).run() == []


def test_a_field_less_in_a_schema_of_ours_is_found(ours):
    """The first field of every eighth schema."""
    schemas = ours["components"]["schemas"]
    with_fields = [(name, schema) for name, schema in schemas.items() if "properties" in schema]
    for name, schema in with_fields[::8]:
        field, *others = schema["properties"]
        less = {**schema, "properties": {key: schema["properties"][key] for key in others}}
        new = {**ours, "components": {**ours["components"], "schemas": {**schemas, name: less}}}
        assert any(f".{field}: is gone" in line for line in check.Comparison(ours, new).run()), f"{name}.{field}"


def test_an_operation_less_in_ours_is_found(ours):
    for path, item in list(ours["paths"].items())[::8]:
        new = {**ours, "paths": {key: value for key, value in ours["paths"].items() if key != path}}
        lines = check.Comparison(ours, new).run()
        assert sorted(lines) == sorted(f"{method.upper()} {path}: is gone" for method in item), path
