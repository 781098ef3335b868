/** Pushing a register: a file is sent, a job loads it, and the report says what was done. */

import { createHash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { every, granted } from "./answers.js";
import type { Opora, Schemas } from "./session.js";

export interface Pushed {
  report: Schemas["ImportReport"];
  rejects: Schemas["ImportReject"][];
}

/** Sends `file` and waits until it is loaded. The key makes a repetition harmless: the same file is the same import. */
export async function push(api: Opora, kind: Schemas["ImportKind"], file: Blob, name: string): Promise<Pushed> {
  const key = createHash("sha256").update(kind).update(await file.bytes()).digest("hex");
  const { id, job_id } = await granted(
    api.POST("/api/v1/imports", {
      params: { query: { kind, mode: "best_effort" }, header: { "Idempotency-Key": key } },
      body: { file },
      bodySerializer: () => form(file, name),
    }),
  );
  if (job_id !== null) await finished(api, job_id);
  const { report } = await granted(api.GET("/api/v1/imports/{id}", { params: { path: { id } } }));
  if (report === null) throw new Error(`import ${id} ended without a report`);
  const rejects = [];
  for await (const reject of every((at) => api.GET("/api/v1/imports/{id}/rejects", { params: { path: { id }, query: at } }))) {
    rejects.push(reject);
  }
  return { report, rejects };
}

function form(file: Blob, name: string): FormData {
  const form = new FormData();
  form.set("file", file, name);
  return form;
}

async function finished(api: Opora, id: number): Promise<void> {
  for (;;) {
    const job = await granted(api.GET("/api/v1/jobs/{id}", { params: { path: { id } } }));
    if (job.state === "succeeded") return;
    if (job.finished_at !== null) throw new Error(`job ${id}: ${job.state}, ${job.problem?.code ?? "no problem told"}`);
    await setTimeout(500);
  }
}
