import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose';
import { type Flaw, startTokenIssuer, type TokenIssuer } from '../../local/token-issuer.ts';

let issuer: TokenIssuer;

beforeAll(async () => {
  issuer = await startTokenIssuer({ audience: 'holdfast' });
});
afterAll(async () => issuer.close());

/** As any verifier does it, from the address of the issuer alone. */
async function verify(token: string): Promise<JWTPayload> {
  const configuration = (await (await fetch(`${issuer.url}/.well-known/openid-configuration`)).json()) as {
    readonly issuer: string;
    readonly jwks_uri: string;
  };
  const keys = createRemoteJWKSet(new URL(configuration.jwks_uri));
  const { payload } = await jwtVerify(token, keys, { issuer: configuration.issuer, audience: 'holdfast' });
  return payload;
}

const ask = async (body: string): Promise<Response> =>
  fetch(`${issuer.url}/token`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });

describe('the issuer of tokens', () => {
  it('issues tokens that verify, and say what was asked for', async () => {
    const claims = { name: 'Ann', scope: 'matters:read matters:write', groups: ['legal'] };
    const token = await issuer.issue({ sub: 'ann', ...claims, expiresIn: 60 });

    const payload = await verify(token);

    expect(payload).toMatchObject({ iss: issuer.url, aud: 'holdfast', sub: 'ann', ...claims });
    expect(Number(payload.exp) - Number(payload.iat)).toBe(60);
  });

  it('issues them over HTTP', async () => {
    const answer = await ask(JSON.stringify({ sub: 'bob', groups: ['it'], ignored: 1 }));

    const { access_token: token, ...rest } = (await answer.json()) as { readonly access_token: string };
    expect(rest).toStrictEqual({ token_type: 'Bearer', expires_in: 3_600 });
    expect(await verify(token)).toMatchObject({ sub: 'bob', groups: ['it'] });
  });

  it.each<[Flaw, string]>([
    ['key', 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'],
    ['unsigned', 'ERR_JOSE_NOT_SUPPORTED'],
    ['expired', 'ERR_JWT_EXPIRED'],
    ['issuer', 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['audience', 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
  ])('issues a token that is wrong by its %s alone', async (flaw, code) => {
    const [good, wrong] = [await issuer.issue({ sub: 'eve' }), await issuer.issue({ sub: 'eve' }, flaw)];

    await expect(verify(wrong)).rejects.toMatchObject({ code });
    expect(decodeJwt(wrong).sub).toBe('eve');
    if (flaw === 'key') expect(decodeProtectedHeader(wrong)).toStrictEqual(decodeProtectedHeader(good));
  });

  it('names another audience when asked to', async () => {
    const answer = await ask(JSON.stringify({ sub: 'ann', audience: 'other' }));

    const { access_token: token } = (await answer.json()) as { readonly access_token: string };
    await expect(verify(token)).rejects.toThrow('aud');
  });

  it.each(['', '{', '[]', '{"name":"no subject"}'])('refuses to make a token of %j', async (body) => {
    const answer = await ask(body);

    expect([answer.status, await answer.json()]).toStrictEqual([400, { error: 'invalid_request' }]);
  });

  it('has nothing else', async () => {
    expect((await fetch(`${issuer.url}/token`)).status).toBe(404);
  });
});
