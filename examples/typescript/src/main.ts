/** The command line: `npm start push results FILE`, `npm start verdicts low`, `npm start indicators 2020-12-31`, `npm start report FILE`, `npm start follow`. */

import { openAsBlob } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { harvest, keep } from "./mirror.js";
import { indicators, verdicts } from "./outcome.js";
import { push } from "./push.js";
import { fetchReport } from "./report.js";
import { connect, type Schemas } from "./session.js";

const { OPORA = "http://127.0.0.1:8080", CLIENT_ID = "", CLIENT_SECRET = "" } = process.env;
const api = connect(OPORA, { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET });

const [command, ...rest] = process.argv.slice(2);
switch (command) {
  case "push": {
    const [kind, file] = rest as [Schemas["ImportKind"], string];
    const { report, rejects } = await push(api, kind, await openAsBlob(file), basename(file));
    console.log(`${report.created} created, ${report.updated} updated, ${report.rejected} rejected`);
    for (const { row, column, message } of rejects) console.log(`row ${row}, ${column}: ${message}`);
    break;
  }
  case "verdicts":
    for await (const { school_code, findings } of verdicts(api, rest[0] as Schemas["Outcome"])) console.log(school_code, ...findings);
    break;
  case "indicators":
    for (const { code, numerator, denominator, verdict } of await indicators(api, rest[0] ?? "")) console.log(code, numerator, denominator, verdict);
    break;
  case "report": {
    const [file = "report.pdf"] = rest;
    const fetched = await fetchReport(api);
    if (fetched) await writeFile(file, fetched.pdf.stream());
    console.log(`${fetched?.etag} in ${file}`);
    break;
  }
  case "follow": {
    const copy = await harvest(api);
    console.log(`${copy.schools.size} schools at ${copy.position}`);
    for await (const { at, operation, natural_key } of keep(api, copy)) console.log(at, operation, natural_key);
    break;
  }
  default:
    console.error("push KIND FILE | verdicts OUTCOME | indicators DAY | report FILE | follow");
    process.exitCode = 2;
}
