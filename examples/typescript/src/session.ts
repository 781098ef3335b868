/** A client of Opora that is always let in: it gets its tokens by OAuth 2 client credentials. */

import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "../generated/opora.js";

export type Opora = Client<paths>;
export type Schemas = components["schemas"];

/** What `opora client create` printed. */
export interface Credentials {
  clientId: string;
  clientSecret: string;
}

/** Every request carries a token; a new one is asked for half a minute before the old one expires. */
export function connect(baseUrl: string, credentials: Credentials): Opora {
  const api = createClient<paths>({ baseUrl });
  let token = "";
  let renewAt = 0;
  api.use({
    async onRequest({ request }) {
      if (Date.now() >= renewAt) {
        const { access_token, expires_in } = await getToken(baseUrl, credentials);
        token = access_token;
        renewAt = Date.now() + (expires_in - 30) * 1000;
      }
      request.headers.set("Authorization", `Bearer ${token}`);
      return request;
    },
  });
  return api;
}

async function getToken(baseUrl: string, { clientId, clientSecret }: Credentials): Promise<Schemas["ClientToken"]> {
  const { data, error } = await createClient<paths>({ baseUrl }).POST("/oauth/token", {
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret },
  });
  if (data === undefined) throw new Error(`no token: ${error.error} (${error.error_description})`);
  return data;
}
