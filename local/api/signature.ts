/**
 * Checks signatures of version 4 as API Gateway does. They are not quite those of S3: the path is escaped once
 * more, and the body is always part of what is signed.
 */
import { createHash, createHmac } from 'node:crypto';
import { hmacHex, sameText } from '../s3/secrets.ts';
import type { ApiRequest } from './request.ts';

/** Somebody who may sign requests. */
export interface Machine {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** A user of the account with the name of the key when left out. */
  readonly userArn?: string;
}

interface Claim {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 +Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/execute-api\/aws4_request, *SignedHeaders=([^,]+), *Signature=([0-9a-f]{64})$/;
const SKEW_MS = 5 * 60_000;

/** Who signed a request; nobody when anything about the signature is wrong. */
export function signerOf(
  request: ApiRequest,
  machines: readonly Machine[],
  region: string,
): Machine | undefined {
  const claim = claimOf(request);
  const machine = machines.find(({ accessKeyId }) => accessKeyId === claim?.accessKeyId);
  if (claim === undefined || machine === undefined) return undefined;
  const timestamp = request.headers['x-amz-date'] ?? '';
  if (claim.region !== region || !timestamp.startsWith(claim.date) || !isFresh(timestamp)) return undefined;
  if (!signsEnough(claim, request)) return undefined;
  const scope = `${claim.date}/${claim.region}/execute-api/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', timestamp, scope, sha256(canonicalOf(request, claim))].join('\n');
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${machine.secretAccessKey}`);
  return sameText(hmacHex(Buffer.from(key), text), claim.signature) ? machine : undefined;
}

function claimOf({ headers }: ApiRequest): Claim | undefined {
  const [, accessKeyId, date, region, signedHeaders, signature] =
    AUTHORIZATION.exec(headers.authorization ?? '') ?? [];
  if (accessKeyId === undefined || date === undefined || region === undefined) return undefined;
  if (signedHeaders === undefined || signature === undefined) return undefined;
  return { accessKeyId, date, region, signedHeaders: signedHeaders.split(';'), signature };
}

function isFresh(timestamp: string): boolean {
  const iso = timestamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  return Math.abs(Date.now() - Date.parse(iso)) <= SKEW_MS;
}

/** Whoever carries a request could change what is not signed. */
const signsEnough = ({ signedHeaders }: Claim, { headers }: ApiRequest): boolean =>
  Object.keys(headers)
    .filter((name) => name === 'host' || name.startsWith('x-amz-'))
    .every((name) => signedHeaders.includes(name));

function canonicalOf(
  { method, sentPath, query, headers, body }: ApiRequest,
  { signedHeaders }: Claim,
): string {
  return [
    method,
    canonicalPath(sentPath),
    canonicalQuery(query),
    ...signedHeaders.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    signedHeaders.join(';'),
    sha256(body),
  ].join('\n');
}

/** The path as sent, without empty segments and dots, and every segment escaped again. */
function canonicalPath(sent: string): string {
  const kept: string[] = [];
  for (const segment of sent.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(escape(segment));
  }
  return `/${kept.join('/')}${kept.length > 0 && sent.endsWith('/') ? '/' : ''}`;
}

/** Sorted by name before anything is joined: `page=1` comes before `page2=1`. */
const canonicalQuery = (query: string): string =>
  [...new URLSearchParams(query)]
    .map(([name, value]) => [escape(name), escape(value)] as const)
    .toSorted(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map((pair) => pair.join('='))
    .join('&');

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Every byte but the unreserved ones. */
const escape = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
