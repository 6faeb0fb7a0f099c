import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  createLocalJWKSet,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  SignJWT,
} from 'jose';
import { type Caller } from '../../../lib/app/caller.ts';
import { createVerify, machineCaller, type VerifyOptions } from '../../../lib/http/auth.ts';
import { type Fetch, issuerKeys } from '../../../lib/http/issuer-keys.ts';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'holdfast';
const NOW = new Date('2026-11-20T09:00:00Z');
const SECONDS = NOW.getTime() / 1000;
const GOOD: JWTPayload = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'anna',
  exp: SECONDS + 600,
  scope: 'openid matters:read',
};

let pair: CryptoKeyPair;
let stranger: CryptoKeyPair;
let jwk: JWK;

type CryptoKeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

beforeAll(async () => {
  pair = await generateKeyPair('RS256', { extractable: true });
  stranger = await generateKeyPair('RS256');
  jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
});

async function signed(
  payload: Readonly<Record<string, unknown>>,
  { key = pair.privateKey, kid = 'k1' } = {},
): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid }).sign(key);
}

async function callerWith(token: string, more: Partial<VerifyOptions> = {}): Promise<Caller> {
  const keys = createLocalJWKSet({ keys: [jwk] });
  const verify = createVerify({ issuer: ISSUER, audience: AUDIENCE, keys, now: () => NOW, ...more });
  return verify(`Bearer ${token}`);
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a good token', () => {
  it('tells who asks, and what they may do', async () => {
    const token = await signed({ ...GOOD, name: 'Anna', groups: ['legal', 'legal', 7, 'a\nb'] });

    expect(await callerWith(token)).toStrictEqual({
      person: { issuer: ISSUER, subject: 'anna' },
      name: 'Anna',
      groups: ['legal'],
      access: new Set(['matters:read']),
    });
  });

  it.each([
    [{ scp: 'matters:read runs:approve' }, ['matters:read', 'runs:approve']],
    [{ scp: ['matters:write'] }, ['matters:write']],
    [{ permissions: ['matters:approve', 'other'] }, ['matters:approve']],
    // What was asked for is less than what the person may do: the token counts for what was asked for.
    [{ scope: 'matters:read', permissions: ['matters:read', 'matters:approve'] }, ['matters:read']],
    [{ scope: 'openid', permissions: ['matters:read'] }, ['matters:read']],
    [{ scope: 'xmatters:read matters:readx MATTERS:READ' }, []],
    [{ scope: { 'matters:read': true } }, []],
  ])('with %j allows %j', async (claims, access) => {
    const { scope: _, ...rest } = GOOD;

    expect([...(await callerWith(await signed({ ...rest, ...claims }))).access]).toStrictEqual(access);
  });

  it('has scopes with a prefix, where the issuer puts one before them', async () => {
    const token = await signed({ ...GOOD, scope: 'holdfast/matters:read other/matters:write runs:approve' });

    const { access } = await callerWith(token, { scopePrefix: 'holdfast/' });

    expect([...access]).toStrictEqual(['matters:read']);
  });

  it.each([
    [{ groups: 'legal' }, ['legal']],
    [{ 'cognito:groups': ['a', 'b'] }, ['a', 'b']],
    [{ groups: null }, []],
  ])('with %j is of the groups %j', async (claims, groups) => {
    expect((await callerWith(await signed({ ...GOOD, ...claims }))).groups).toStrictEqual(groups);
  });

  it('may name its client only, as access tokens of Cognito do', async () => {
    const { aud: _, ...rest } = GOOD;

    expect(await callerWith(await signed({ ...rest, client_id: AUDIENCE }))).toHaveProperty(
      'person.subject',
      'anna',
    );
  });

  it.each([
    ['just expired', { exp: SECONDS - 59 }],
    ['valid in a moment', { nbf: SECONDS + 59 }],
    ['for several', { aud: ['other', AUDIENCE] }],
  ])('may be %s', async (_, claims) => {
    expect(await callerWith(await signed({ ...GOOD, ...claims }))).toHaveProperty('person.subject', 'anna');
  });

  it('goes by the name of its email where it has no other', async () => {
    expect(await callerWith(await signed({ ...GOOD, email: 'anna@example.com' }))).toHaveProperty(
      'name',
      'anna@example.com',
    );
  });
});

describe('nobody is let in by a token', () => {
  const refused = { code: 'not-signed-in', status: 401 };

  it.each([
    ['for another audience', { aud: 'other' }],
    ['whose audience is another, though its client is right', { aud: 'other', client_id: AUDIENCE }],
    ['without audience', { aud: undefined }],
    ['of another issuer', { iss: `${ISSUER}/` }],
    ['without issuer', { iss: undefined }],
    ['that has expired', { exp: SECONDS - 61 }],
    ['that never expires', { exp: undefined }],
    ['that is not valid yet', { nbf: SECONDS + 61 }],
    ['without subject', { sub: undefined }],
    ['with an empty subject', { sub: '' }],
    ['with a subject of two lines', { sub: 'anna\nroot' }],
    ['with a subject that is no text', { sub: 7 }],
  ])('%s', async (_, claims) => {
    const token = await signed({ ...GOOD, ...claims });

    await expect(callerWith(token)).rejects.toMatchObject(refused);
  });

  it('signed with another key under the name of ours', async () => {
    const token = await signed(GOOD, { key: stranger.privateKey });

    await expect(callerWith(token)).rejects.toMatchObject(refused);
  });

  it('signed with a key that the issuer does not have', async () => {
    await expect(callerWith(await signed(GOOD, { kid: 'k2' }))).rejects.toMatchObject(refused);
  });

  it('whose claims were changed', async () => {
    const [header = '', , signature = ''] = (await signed(GOOD)).split('.');

    await expect(
      callerWith(`${header}.${encoded({ ...GOOD, scope: 'matters:approve' })}.${signature}`),
    ).rejects.toMatchObject(refused);
  });

  it.each(['none', 'None', 'NONE', ''])('that is not signed and says so: %p', async (alg) => {
    await expect(callerWith(`${encoded({ alg, kid: 'k1' })}.${encoded(GOOD)}.`)).rejects.toMatchObject(
      refused,
    );
  });

  it.each(['HS256', 'HS512'])('signed by %s with the public key for its secret', async (alg) => {
    const secrets = [await exportSPKI(pair.publicKey), JSON.stringify(jwk), jwk.n ?? ''];
    for (const secret of secrets) {
      const token = await new SignJWT(GOOD).setProtectedHeader({ alg, kid: 'k1' }).sign(Buffer.from(secret));

      await expect(callerWith(token)).rejects.toMatchObject(refused);
    }
  });

  it('that brings its own key', async () => {
    const own = await exportJWK(stranger.publicKey);
    const token = await new SignJWT(GOOD)
      .setProtectedHeader({
        alg: 'RS256',
        jwk: own,
        jku: 'https://evil.example',
        x5u: 'https://evil.example',
      })
      .sign(stranger.privateKey);

    await expect(callerWith(token)).rejects.toMatchObject(refused);
  });

  it('signed by an algorithm that is not taken, though the key is right', async () => {
    const key = await generateKeyPair('RS512', { extractable: true });
    const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(key.publicKey)), kid: 'k1' }] });
    const token = await new SignJWT(GOOD)
      .setProtectedHeader({ alg: 'RS512', kid: 'k1' })
      .sign(key.privateKey);

    await expect(callerWith(token, { keys })).rejects.toMatchObject(refused);
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Basic dTpw',
    'Bearer a b',
    'Bearer ....',
    'Bearer \u00e9',
    'Bearer a.b.c',
  ])('that is none: %p', async (header) => {
    const verify = createVerify({
      issuer: ISSUER,
      audience: AUDIENCE,
      keys: createLocalJWKSet({ keys: [jwk] }),
    });

    await expect(verify(header)).rejects.toMatchObject(refused);
  });

  it('and the refusal does not repeat it', async () => {
    const token = await signed({ ...GOOD, exp: SECONDS - 999 });

    const error: unknown = await callerWith(token).catch((cause: unknown) => cause);

    expect(String(error)).toBe(
      'HoldfastError: the token has expired; sign in, and send the token you are given',
    );
  });
});

describe('other algorithms', () => {
  it.each(['PS256', 'ES256', 'EdDSA'])('%s is taken', async (alg) => {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: 'x', alg }] });
    const token = await new SignJWT(GOOD).setProtectedHeader({ alg, kid: 'x' }).sign(privateKey);

    expect(await callerWith(token, { keys })).toHaveProperty('person.subject', 'anna');
  });
});

describe('the keys of the issuer', () => {
  const answer = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status });
  const discovery = { issuer: ISSUER, jwks_uri: 'https://keys.example/set' };
  const asking = (pages: Readonly<Record<string, () => Response>>): { ask: Fetch; asked: string[] } => {
    const asked: string[] = [];
    return {
      asked,
      ask: async (url) => {
        asked.push(url);
        const page = pages[url];
        if (page === undefined) throw new TypeError('fetch failed');
        return page();
      },
    };
  };

  it('are found by its discovery document, and read once', async () => {
    const { ask, asked } = asking({
      [`${ISSUER}/.well-known/openid-configuration`]: () => answer(200, discovery),
      'https://keys.example/set': () => answer(200, { keys: [jwk] }),
    });
    const keys = issuerKeys(ISSUER, ask);

    await callerWith(await signed(GOOD), { keys });
    await callerWith(await signed(GOOD), { keys });
    // A name that is made up does not make us ask again at once.
    await expect(callerWith(await signed(GOOD, { kid: 'new' }), { keys })).rejects.toHaveProperty(
      'status',
      401,
    );

    expect(asked).toStrictEqual([`${ISSUER}/.well-known/openid-configuration`, 'https://keys.example/set']);
  });

  it('are where most issuers have them, where there is no such document', async () => {
    const { ask } = asking({
      [`${ISSUER}/.well-known/openid-configuration`]: () => answer(404, {}),
      [`${ISSUER}/.well-known/jwks.json`]: () => answer(200, { keys: [jwk] }),
    });

    expect(await callerWith(await signed(GOOD), { keys: issuerKeys(ISSUER, ask) })).toHaveProperty('person');
  });

  it.each<[string, Readonly<Record<string, () => Response>>]>([
    ['nobody answers', {}],
    ['the issuer fails', { [`${ISSUER}/.well-known/openid-configuration`]: () => answer(500, {}) }],
    [
      'the document is of another issuer',
      {
        [`${ISSUER}/.well-known/openid-configuration`]: () =>
          answer(200, { ...discovery, issuer: 'https://evil.example' }),
      },
    ],
    ['the document is none', { [`${ISSUER}/.well-known/openid-configuration`]: () => answer(200, '<html>') }],
    [
      'the keys come unencrypted',
      {
        [`${ISSUER}/.well-known/openid-configuration`]: () =>
          answer(200, { ...discovery, jwks_uri: 'http://keys.example/set' }),
        'http://keys.example/set': () => answer(200, { keys: [jwk] }),
      },
    ],
    [
      'the set cannot be read',
      { [`${ISSUER}/.well-known/openid-configuration`]: () => answer(200, discovery) },
    ],
    [
      'the set fails',
      {
        [`${ISSUER}/.well-known/openid-configuration`]: () => answer(200, discovery),
        'https://keys.example/set': () => answer(503, {}),
      },
    ],
    [
      'the set is none',
      {
        [`${ISSUER}/.well-known/openid-configuration`]: () => answer(200, discovery),
        'https://keys.example/set': () => answer(200, { keys: 7 }),
      },
    ],
  ])('are unreachable, and the token is not blamed, when %s', async (_, pages) => {
    const keys = issuerKeys(ISSUER, asking(pages).ask);

    await expect(callerWith(await signed(GOOD), { keys })).rejects.toMatchObject({
      code: 'unreachable',
      status: 502,
    });
  });

  it('are looked for again after a failure', async () => {
    let isUp = false;
    const keys = issuerKeys(ISSUER, async (url) => {
      if (!isUp) throw new TypeError('fetch failed');
      return url.endsWith('configuration') ? answer(200, discovery) : answer(200, { keys: [jwk] });
    });
    await expect(callerWith(await signed(GOOD), { keys })).rejects.toHaveProperty('code', 'unreachable');
    isUp = true;

    expect(await callerWith(await signed(GOOD), { keys })).toHaveProperty('person.subject', 'anna');
  });
});

describe('a machine', () => {
  it('is who signed, reads and writes, and approves nothing', () => {
    expect(machineCaller('arn:aws:iam::111122223333:role/erp', ['erp'])).toStrictEqual({
      person: { issuer: 'aws', subject: 'arn:aws:iam::111122223333:role/erp' },
      groups: ['erp'],
      access: new Set(['matters:read', 'matters:write']),
    });
  });

  it('that nobody has checked is nobody', () => {
    expect(() => machineCaller(undefined, [])).toThrow(expect.objectContaining({ code: 'not-signed-in' }));
  });
});
