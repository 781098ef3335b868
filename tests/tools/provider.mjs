// An OpenID provider with people of its own, for `make test-issuers`:
//
//     node provider.mjs '{"port": 0, "kid": "first", "alg": "ES256", "people": {"anna": {"roles": ["edu-institute"]}}}'
//
// It says `listening PORT` when it does. `frontend` is a public client that sends people here (authorization code, PKCE); whoever its
// login_hint names has logged in. `robot` is a program with a secret. Access tokens for `https://opora.example` are JWTs with the
// audience `opora` and the claims of the person. Each start makes a new key.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

// Node.js 20 learnt it late.
URL.parse ??= (address, base) => (URL.canParse(address, base) ? new URL(address, base) : null);

const { port, kid, alg, people } = JSON.parse(process.argv[2]);
const RESOURCE = 'https://opora.example';
const KINDS = {
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519', {}],
  PS256: ['rsa', { modulusLength: 2048 }],
  RS256: ['rsa', { modulusLength: 2048 }],
};

function key(kid, alg) {
  const { privateKey } = generateKeyPairSync(...KINDS[alg]);
  return { ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
}

function configuration() {
  return {
    // ID tokens are signed in RS256 unless a client asks otherwise.
    jwks: { keys: [key(kid, alg), ...(alg === 'RS256' ? [] : [key('for-id-tokens', 'RS256')])] },
    cookies: { keys: ['of this test'] },
    clients: [
      {
        client_id: 'frontend',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code'],
        response_types: ['code'],
        redirect_uris: ['https://frontend.example/callback'],
      },
      {
        client_id: 'robot',
        client_secret: 'a secret of this test',
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
      },
    ],
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    extraTokenClaims: (_, token) => people[token.accountId ?? 'robot'],
    interactions: { url: (_, interaction) => `/enter/${interaction.uid}` },
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope('openid');
      grant.addResourceScope(RESOURCE, 'opora');
      await grant.save();
      return grant;
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'opora',
          audience: 'opora',
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
          jwt: { sign: { alg, kid } },
        }),
      },
    },
  };
}

const server = createServer();
server.listen(port, '127.0.0.1', () => {
  const provider = new Provider(`http://127.0.0.1:${server.address().port}`, configuration());
  const answer = provider.callback();
  server.on('request', async (request, response) => {
    if (!request.url.startsWith('/enter/')) return answer(request, response);
    const { params } = await provider.interactionDetails(request, response);
    await provider.interactionFinished(request, response, { login: { accountId: params.login_hint } });
  });
  console.log(`listening ${server.address().port}`);
});
