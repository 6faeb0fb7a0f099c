/** An OpenID issuer on the loopback address: it gives anybody a token that says what was asked for. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { isFields, record } from './fields.ts';

export interface TokenClaims {
  readonly sub: string;
  readonly name?: string;
  /** Separated by spaces. */
  readonly scope?: string;
  readonly groups?: readonly string[];
  /** The issuer's own when left out. */
  readonly audience?: string;
  /** Seconds; an hour when left out. */
  readonly expiresIn?: number;
}

/** What makes a token one that nobody may accept; but for that, it is as good as any. */
export type Flaw =
  /** Signed by a stranger, under the name of the issuer's key. */
  | 'key'
  /** Not signed, and saying so. */
  | 'unsigned'
  | 'expired'
  | 'issuer'
  | 'audience';

export interface TokenIssuer {
  /** The issuer, as its tokens name it. */
  readonly url: string;
  issue(claims: TokenClaims, flaw?: Flaw): Promise<string>;
  close(): Promise<void>;
}

const HOUR_SECONDS = 3_600;
const ALGORITHM = 'RS256'; // API Gateway takes no tokens but those signed with RSA.

interface Answer {
  readonly status: number;
  readonly body: object;
}

/** @param options.audience - whom tokens are for when nobody says otherwise. */
export async function startTokenIssuer(options: { readonly audience: string }): Promise<TokenIssuer> {
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM);
  const stranger = await generateKeyPair(ALGORITHM);
  const kid = randomUUID();
  const keys = [{ ...(await exportJWK(publicKey)), kid, alg: ALGORITHM, use: 'sig' }];
  const server = createServer((request, response) => {
    void answer(request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function answer(request: IncomingMessage): Promise<Answer> {
    switch (`${request.method ?? ''} ${request.url ?? ''}`) {
      case 'GET /.well-known/openid-configuration':
        return { status: 200, body: configurationOf(url) };
      case 'GET /jwks.json':
        return { status: 200, body: { keys } };
      case 'POST /token':
        return tokenAnswer(await textOf(request));
      default:
        return { status: 404, body: { error: 'not_found' } };
    }
  }

  async function tokenAnswer(body: string): Promise<Answer> {
    const claims = parseClaims(body);
    if (claims === undefined) return { status: 400, body: { error: 'invalid_request' } };
    const { expiresIn = HOUR_SECONDS } = claims;
    return {
      status: 200,
      body: { access_token: await issue(claims), token_type: 'Bearer', expires_in: expiresIn },
    };
  }

  async function issue(claims: TokenClaims, flaw?: Flaw): Promise<string> {
    const payload = payloadOf(claims, { url, audience: options.audience, flaw, now: Date.now() });
    if (flaw === 'unsigned') return new UnsecuredJWT(payload).encode();
    return new SignJWT(payload)
      .setProtectedHeader({ alg: ALGORITHM, kid, typ: 'JWT' })
      .sign(flaw === 'key' ? stranger.privateKey : privateKey);
  }

  return {
    url,
    issue,
    close: async () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

interface PayloadContext {
  readonly url: string;
  readonly audience: string;
  readonly flaw: Flaw | undefined;
  readonly now: number;
}

function payloadOf(
  { sub, name, scope, groups, ...claims }: TokenClaims,
  { url, audience, flaw, now }: PayloadContext,
): JWTPayload {
  const { expiresIn = HOUR_SECONDS } = claims;
  // An expired token was issued long enough ago that no tolerance for clocks saves it.
  const iat = Math.floor(now / 1_000) - (flaw === 'expired' ? expiresIn + HOUR_SECONDS : 0);
  return {
    iss: flaw === 'issuer' ? 'https://another-issuer.example' : url,
    aud: flaw === 'audience' ? 'another-audience' : (claims.audience ?? audience),
    sub,
    iat,
    exp: iat + expiresIn,
    jti: randomUUID(),
    ...(name !== undefined && { name }),
    ...(scope !== undefined && { scope }),
    ...(groups !== undefined && { groups }),
  };
}

const configurationOf = (url: string): object => ({
  issuer: url,
  jwks_uri: `${url}/jwks.json`,
  token_endpoint: `${url}/token`,
  response_types_supported: ['token'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: [ALGORITHM],
});

function parseClaims(body: string): TokenClaims | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  const { sub, name, scope, groups, audience, expiresIn } = record(parsed);
  if (!isFields(parsed) || typeof sub !== 'string') return undefined;
  return {
    sub,
    ...(typeof name === 'string' && { name }),
    ...(typeof scope === 'string' && { scope }),
    ...(Array.isArray(groups) && { groups: groups.map(String) }),
    ...(typeof audience === 'string' && { audience }),
    ...(typeof expiresIn === 'number' && { expiresIn }),
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
