/** What every operation has in common: its refusals are problem documents, its lists come in pages. */

import type { Schemas } from "./session.js";

/** A refusal. `problem.code` says which, `problem.errors` which fields. */
export class Refused extends Error {
  override readonly name = "Refused";

  constructor(readonly problem: Schemas["ProblemDocument"]) {
    super(`${problem.code}: ${problem.detail ?? problem.title} (request ${problem.request_id})`);
  }
}

interface Answer<Data> {
  data?: Data;
  error?: Schemas["ProblemDocument"];
  response: Response;
}

/** What was asked for, or the refusal as an exception. */
export async function granted<Data>(asked: Promise<Answer<Data>>): Promise<Data> {
  const { data, error } = await asked;
  if (error !== undefined) throw new Refused(error);
  return data as Data;
}

/** Every item of a list: `read` gets a page, and `Link: rel="next"` says where the next one begins. */
export async function* every<Item>(
  read: (at: { cursor?: string }) => Promise<Answer<{ items: Item[] }>>,
): AsyncGenerator<Item> {
  for (let at: { cursor?: string } | undefined = {}; at; ) {
    const { data, error, response } = await read(at);
    if (data === undefined) throw error === undefined ? new Error(`status ${response.status}`) : new Refused(error);
    yield* data.items;
    at = next(response);
  }
}

function next(response: Response): { cursor: string } | undefined {
  const link = /<([^>]*)>; *rel="next"/.exec(response.headers.get("Link") ?? "")?.[1];
  const cursor = link && new URL(link, response.url).searchParams.get("cursor");
  return cursor ? { cursor } : undefined;
}
