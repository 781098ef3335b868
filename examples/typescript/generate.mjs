// Writes the types of the contract to generated/opora.ts: `npm run generate [-- ADDRESS]`, where ADDRESS is /openapi.yaml of an installation.
import { mkdir, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const contract = new URL(process.argv[2] ?? "../../openapi.yaml", import.meta.url);
const blob = ts.factory.createTypeReferenceNode("Blob");
const types = await openapiTS(contract, {
  // A file is a Blob, not text.
  transform: (schema) => (schema.format === "binary" ? blob : undefined),
});
await mkdir(new URL("generated/", import.meta.url), { recursive: true });
await writeFile(new URL("generated/opora.ts", import.meta.url), astToString(types));
