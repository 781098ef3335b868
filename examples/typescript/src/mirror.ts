/** Keeping a copy of a register: harvested once, then followed by the change feed. */

import { every, granted, Refused } from "./answers.js";
import type { Opora, Schemas } from "./session.js";

/** The schools by id, as of a place in the feed. Both are to be stored together. */
export interface Copy {
  schools: Map<string, Schemas["School"]>;
  position: string;
}

/** A first copy. The place is asked for before the first page: what changes while the pages are read is told again. */
export async function harvest(api: Opora): Promise<Copy> {
  const { position } = await granted(api.GET("/api/v1/changes/position"));
  const schools = new Map<string, Schemas["School"]>();
  for await (const school of every((at) => api.GET("/api/v1/schools", { params: { query: { ...at, limit: 1000 } } }))) {
    schools.set(String(school.id), school);
  }
  return { schools, position };
}

/** Takes in what has changed, or waits up to `wait` seconds for a change. What it returns has been taken in. */
export async function follow(api: Opora, copy: Copy, wait: number): Promise<Schemas["ChangeEntry"][]> {
  const query = { after: copy.position, resource: "schools", wait, limit: 1000 };
  const { items, next } = await granted(api.GET("/api/v1/changes", { params: { query } }));
  for (const key of new Set(items.map((change) => change.key))) {
    if (key !== null) await refresh(api, copy, key);
  }
  copy.position = next;
  return items;
}

/** A change says that a school is another now, not how. One that is gone, or out of the client's area, is not found. */
async function refresh(api: Opora, copy: Copy, id: string): Promise<void> {
  const { data, error, response } = await api.GET("/api/v1/schools/{id}", { params: { path: { id } } });
  if (data !== undefined) copy.schools.set(id, data);
  else if (response.status === 404) copy.schools.delete(id);
  else throw new Refused(error);
}

/** Follows for good: yields each change once it is in `copy`. A place that the feed has lost (a restored backup) is begun anew. */
export async function* keep(api: Opora, copy: Copy): AsyncGenerator<Schemas["ChangeEntry"]> {
  for (;;) {
    try {
      yield* await follow(api, copy, 30);
    } catch (error) {
      if (!(error instanceof Refused && error.problem.code === "position_lost")) throw error;
      Object.assign(copy, await harvest(api));
    }
  }
}
