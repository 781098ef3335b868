/** Reading what came of it: the verdicts of the newest run and the indicators of a day. */

import { every, granted } from "./answers.js";
import type { Opora, Schemas } from "./session.js";

/** The verdicts of the newest finished run with this outcome. */
export async function* verdicts(api: Opora, outcome: Schemas["Outcome"]): AsyncGenerator<Schemas["Verdict"]> {
  for await (const run of every((at) => api.GET("/api/v1/identification-runs", { params: { query: at } }))) {
    if (run.state !== "succeeded") continue;
    const path = { id: run.id };
    yield* every((at) => api.GET("/api/v1/identification-runs/{id}/verdicts", { params: { path, query: { ...at, outcome, limit: 50 } } }));
    return;
  }
}

/** The target indicators as of `day` (`YYYY-MM-DD`). */
export async function indicators(api: Opora, day: string): Promise<Schemas["Indicator"][]> {
  return (await granted(api.GET("/api/v1/indicators", { params: { query: { on: day } } }))).items;
}
