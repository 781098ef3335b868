/** Fetching a report, and asking again for nothing while it is the same. */

import { Refused } from "./answers.js";
import type { Opora } from "./session.js";

export interface Fetched {
  pdf: Blob;
  etag: string;
}

/** The newest accepted half-yearly report as a PDF; nothing if it is still the one with `etag`. */
export async function fetchReport(api: Opora, etag?: string): Promise<Fetched | undefined> {
  const { data, error, response } = await api.GET("/api/v1/reports/{kind}/{period}/file", {
    params: {
      path: { kind: "half-year", period: "latest" },
      query: { format: "pdf" },
      ...(etag === undefined ? {} : { header: { "If-None-Match": etag } }),
    },
    parseAs: "blob",
  });
  if (response.status === 304) return undefined;
  if (data === undefined) throw new Refused(error);
  return { pdf: data, etag: response.headers.get("ETag") ?? "" };
}
