// A real OpenID Connect server on 127.0.0.1, for trying single sign-on.
//
//   SSO_CLIENT_SECRET=… node provider.mjs MODULES PEOPLE.json REDIRECT_URI [PORT]
//
// MODULES is what `install.sh --path` prints. PEOPLE.json says who there is, by the name they type
// when they sign in; it is read anew at each sign-in, so that a test can move people between groups:
//
//   {"ada": {"email": "ada@example.com", "email_verified": true, "name": "Ada", "groups": ["tower"]}}
//
// Two clients: `tollhouse`, with the secret, gets ID tokens signed with RS256; `tollhouse-public`,
// without one, gets ES256. Both must use PKCE. Any password will do. The keys are made at each start:
// starting again on the same PORT is a rotation of all of them. Prints its issuer once it listens.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [modules, people, redirectUri, port = '0'] = process.argv.slice(2);
const secret = process.env.SSO_CLIENT_SECRET;
if (!modules || !people || !redirectUri || !secret) {
  console.error('usage: SSO_CLIENT_SECRET=… node provider.mjs MODULES PEOPLE.json REDIRECT_URI [PORT]');
  process.exit(2);
}

// It says in yellow that it is set up for development, which is what it is here for.
console.warn = () => {};
const found = createRequire(pathToFileURL(`${modules}/`)).resolve('oidc-provider');
const { Provider } = await import(pathToFileURL(found));

const key = (alg, type, options) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), alg, use: 'sig',
});

const client = {
  redirect_uris: [redirectUri], response_types: ['code'], grant_types: ['authorization_code'],
};

const configuration = {
  clients: [
    { ...client, client_id: 'tollhouse', client_secret: secret, id_token_signed_response_alg: 'RS256' },
    {
      ...client,
      client_id: 'tollhouse-public',
      token_endpoint_auth_method: 'none',
      id_token_signed_response_alg: 'ES256',
    },
  ],
  jwks: { keys: [key('RS256', 'rsa', { modulusLength: 2048 }), key('ES256', 'ec', { namedCurve: 'P-256' })] },
  cookies: { keys: [secret] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
  scopes: ['openid', 'email', 'profile', 'groups'],
  // Claims in the ID token itself, as most servers can be told to.
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  findAccount(_, name) {
    const person = JSON.parse(readFileSync(people))[name];
    return person && { accountId: name, claims: () => ({ sub: name, ...person }) };
  },
};

const server = createServer();
server.listen(Number(port), '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  server.on('request', new Provider(issuer, configuration).callback());
  console.log(issuer);
});
process.on('SIGTERM', () => process.exit(0));
