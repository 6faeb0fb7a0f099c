/** The public keys of a token issuer, found by its discovery document, or else where most issuers have them. */
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import * as z from 'zod';

/** The part of `fetch` that is needed. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const PATIENCE_MS = 5_000;
const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url() });

/**
 * Asks the issuer when the first token comes, keeps the keys for ten minutes, and asks again for a key that is new,
 * though not more than twice a minute: whoever makes up names of keys must not make us flood the issuer.
 */
export function issuerKeys(issuer: string, ask: Fetch = fetch): JWTVerifyGetKey {
  let found: Promise<JWTVerifyGetKey> | undefined;
  return async (header, token) => {
    found ??= keysAt(issuer, ask).catch((error: unknown) => {
      // An issuer that was not found is looked for again by the next request.
      found = undefined;
      throw error;
    });
    return (await found)(header, token);
  };
}

async function keysAt(issuer: string, ask: Fetch): Promise<JWTVerifyGetKey> {
  const url = new URL(await keySetUrl(issuer, ask));
  // Keys that come unencrypted could be anybody's; only an issuer that is unencrypted itself, as in tests, may do so.
  if (url.protocol !== 'https:' && url.protocol !== new URL(issuer).protocol) {
    throw new Error(`the issuer keeps its keys at ${url.origin}, which is not encrypted`);
  }
  return createRemoteJWKSet(url, {
    timeoutDuration: PATIENCE_MS,
    [customFetch]: async (address, init) => ask(address, init),
  });
}

async function keySetUrl(issuer: string, ask: Fetch): Promise<string> {
  const base = issuer.replace(/\/$/, '');
  const answer = await ask(`${base}/.well-known/openid-configuration`, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (answer.status === 404) return `${base}/.well-known/jwks.json`;
  if (answer.status !== 200)
    throw new Error(`the issuer answered ${answer.status} to a question for its configuration`);
  const document = discoverySchema.parse(await answer.json());
  if (document.issuer !== issuer)
    throw new Error('the issuer calls itself otherwise than it is configured here');
  return document.jwks_uri;
}
