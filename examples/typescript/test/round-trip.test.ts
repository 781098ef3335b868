/** The examples against a running installation with the demonstration region: `make test-clients` starts one. */

import assert from "node:assert/strict";
import { openAsBlob } from "node:fs";
import { test } from "node:test";
import { Refused, every, granted } from "../src/answers.js";
import { follow, harvest, keep } from "../src/mirror.js";
import { indicators, verdicts } from "../src/outcome.js";
import { push } from "../src/push.js";
import { fetchReport } from "../src/report.js";
import { connect, type Schemas } from "../src/session.js";

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run \`make test-clients\``);
  return value;
}

const clientId = setting("CLIENT_ID");
const api = connect(setting("OPORA"), { clientId, clientSecret: setting("CLIENT_SECRET") });
const results = await openAsBlob(new URL("../../../results.csv", import.meta.url));

test("the token is for what was asked", async () => {
  const info = await granted(api.GET("/api/v1/token-info"));
  assert.equal(info.name, clientId);
  assert.ok(info.permissions.includes("imports:write"));
});

test("a pushed file is loaded and its bad row told", async () => {
  const pushed = await push(api, "results", results, "results.csv");
  assert.deepEqual([pushed.report.applied, pushed.report.rows, pushed.report.rejected], [true, 2, 1]);
  assert.deepEqual(
    pushed.rejects.map(({ row, column, code }) => `${row} ${column} ${code}`).sort(),
    ["3 below_minimum more_than_whole", "3 school_code unknown_reference"],
  );
  assert.deepEqual(await push(api, "results", results, "results.csv"), pushed, "the same file is the same import");
});

test("verdicts are read through all pages", async () => {
  const codes = new Set<string>();
  let listed = 0;
  let read = 0;
  for await (const { school_code, findings } of verdicts(api, "low")) {
    codes.add(school_code);
    listed += Number(findings.includes("LISTED"));
    read += 1;
  }
  assert.ok(read > 100, "more than two pages");
  assert.equal(codes.size, read, "each school once");
  assert.ok(listed > 0);
});

test("a verdict explains itself in steps that are told apart", async () => {
  const path = { id: 1, school: "code:520001" };
  const { trace } = await granted(api.GET("/api/v1/identification-runs/{id}/verdicts/{school}", { params: { path } }));
  const shares = trace.flatMap(({ numbers }) => (numbers.step === "share_reached" ? [numbers.measured.below.numerator] : []));
  assert.ok(shares.length > 0 && shares.every((pupils) => pupils > 0));
});

test("indicators of a day", async () => {
  const found = new Map((await indicators(api, "2020-12-31")).map((indicator) => [indicator.code, indicator]));
  assert.deepEqual([...found.keys()].sort(), ["I1", "I2", "I3", "I4"]);
  assert.equal(found.get("I1")?.denominator, 115);
  assert.equal(found.get("I4")?.verdict, "not_measurable");
});

test("a report is fetched once", async () => {
  const fetched = await fetchReport(api);
  assert.ok(fetched);
  assert.equal(await fetched.pdf.slice(0, 5).text(), "%PDF-");
  assert.equal(await fetchReport(api, fetched.etag), undefined);
});

/** Makes a school, gives it another name and another code, and removes every other one again. */
async function writeAbout(n: number): Promise<void> {
  const body = { code: `59${1000 + n}`, name: `Школа ${n}`, kind: "secondary", locality: "rural", founder: "state" } as const;
  const made = await api.POST("/api/v1/schools", { body });
  assert.ok(made.data, JSON.stringify(made.error));
  const path = { id: String(made.data.id) };
  let tag = made.response.headers.get("ETag") ?? "";
  for (const change of [{ name: `Лицей ${n}` }, { code: `59${5000 + n}` }]) {
    const { response } = await api.PATCH("/api/v1/schools/{id}", { params: { path, header: { "If-Match": tag } }, body: change });
    assert.equal(response.status, 200);
    tag = response.headers.get("ETag") ?? "";
  }
  if (n % 2 === 0) await granted(api.DELETE("/api/v1/schools/{id}", { params: { path, header: { "If-Match": tag } } }));
}

test("a copy ends equal to its source after a storm of writes", async () => {
  const copy = await harvest(api);
  const before = copy.schools.size;
  let writing = true;
  const storm = Promise.all(Array.from({ length: 20 }, (_, n) => writeAbout(n))).finally(() => (writing = false));
  const told: Schemas["ChangeEntry"][] = [];
  while (writing) told.push(...(await follow(api, copy, 1)));
  await storm;
  for (let more = true; more; ) {
    const changes = await follow(api, copy, 0);
    told.push(...changes);
    more = changes.length > 0;
  }
  assert.equal(copy.schools.size, before + 10);
  assert.deepEqual(copy.schools, new Map([...(await harvest(api)).schools].sort(([a], [b]) => Number(a) - Number(b))));
  const renamed = told.filter(({ previous_key }) => previous_key !== null);
  assert.equal(renamed.length, 20, "each change of a code is told with the code before");
  assert.match(String(renamed[0]?.previous_key?.["code"]), /^591\d{3}$/);
});

test("a follower is told of a change while it waits", async () => {
  const copy = await harvest(api);
  const changes = keep(api, copy);
  const next = changes.next();
  await writeAbout(21);
  const { value } = await next;
  assert.deepEqual([value?.resource, value?.operation, value?.natural_key], ["schools", "create", { code: "591021" }]);
  await changes.return(undefined);
});

test("refusals are typed", async () => {
  const refusal = async (asked: Promise<unknown>) => {
    const problem = await asked.then(
      () => undefined,
      (error: unknown) => (error instanceof Refused ? error.problem : undefined),
    );
    assert.ok(problem, "a problem document");
    return problem;
  };
  const nothing = await refusal(granted(api.GET("/api/v1/schools/{id}", { params: { path: { id: "code:999999" } } })));
  assert.deepEqual([nothing.status, nothing.code], [404, "not_found"]);
  const reserved = await refusal(every((at) => api.GET("/api/v1/users", { params: { query: at } })).next());
  assert.equal(reserved.code, "forbidden");
  const wrong = await refusal(granted(api.GET("/api/v1/schools", { params: { query: { limit: 5000 } } })));
  assert.deepEqual(wrong.errors?.map(({ pointer }) => pointer), ["limit"]);
});
