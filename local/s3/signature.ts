import { createHash, createHmac } from 'node:crypto';
import { canonicalHeaders, canonicalQuery, encodePath } from './canonical.ts';
import { readCredentials, type Credentials } from './credentials.ts';
import { accessDenied, S3Error } from './errors.ts';
import type { S3Request } from './request.ts';
import { hmacHex, sameText, signatureDoesNotMatch } from './secrets.ts';
import type { Service } from './service.ts';
import { isOldPresigned, verifyOldPresigned } from './signature-v2.ts';
import type { Principal } from './types.ts';

/** What a verified signature says: who, and how chunks of the body go on signing. */
export interface Signed {
  readonly principal: Principal;
  readonly payloadHash: string;
  readonly chain?: SignatureChain;
}

/** What chunk and trailer signatures are computed from. */
export interface SignatureChain {
  readonly signingKey: Buffer;
  readonly timestamp: string;
  readonly scope: string;
  readonly seed: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SKEW_MS = 15 * 60_000;

/** Checks who signed a request, in headers or presigned; throws what S3 answers when it is not right. */
export function verifySignature(request: S3Request, service: Service): Signed {
  if (isOldPresigned(request)) return oldPresigned(request, service);
  const credentials = readCredentials(request);
  const principal = principalOf(service, credentials.accessKeyId);
  checkScope(credentials, service.region);
  if (service.checksSkew) checkTime(credentials, Date.now());
  checkSignedHeaders(request, credentials);
  const scope = `${credentials.date}/${credentials.region}/s3/aws4_request`;
  const signingKey = signingKeyOf(principal, credentials.date, credentials.region);
  const canonical = [
    request.method,
    encodePath(request.path),
    canonicalQuery(request.parameters.filter(([name]) => name !== 'X-Amz-Signature')),
    canonicalHeaders(request, credentials.signedHeaders),
    credentials.signedHeaders.join(';'),
    credentials.payloadHash,
  ].join('\n');
  // Header bytes arrive as Latin-1; some clients sign them as they are, some as UTF-8 text.
  const texts = (['latin1', 'utf8'] as const).map((encoding) => {
    const hash = createHash('sha256').update(canonical, encoding).digest('hex');
    return [ALGORITHM, credentials.timestamp, scope, hash].join('\n');
  });
  if (!texts.some((text) => sameText(hmacHex(signingKey, text), credentials.signature)))
    throw signatureDoesNotMatch({
      AWSAccessKeyId: credentials.accessKeyId,
      SignatureProvided: credentials.signature,
      StringToSign: texts[0] ?? '',
      CanonicalRequest: canonical,
    });
  const seed = credentials.signature;
  return {
    principal,
    payloadHash: credentials.payloadHash,
    chain: { signingKey, timestamp: credentials.timestamp, scope, seed },
  };
}

function principalOf(service: Service, accessKeyId: string): Principal {
  const principal = service.principals.get(accessKeyId);
  if (principal) return principal;
  throw new S3Error(
    403,
    'InvalidAccessKeyId',
    'The AWS Access Key Id you provided does not exist in our records.',
    { AWSAccessKeyId: accessKeyId },
  );
}

function oldPresigned(request: S3Request, service: Service): Signed {
  const principal = principalOf(service, request.query.get('AWSAccessKeyId') ?? '');
  verifyOldPresigned(request, principal, service.checksSkew ? Date.now() : undefined);
  return { principal, payloadHash: 'UNSIGNED-PAYLOAD' };
}

function checkScope(credentials: Credentials, region: string): void {
  if (credentials.region !== region)
    throw new S3Error(
      400,
      'AuthorizationHeaderMalformed',
      `The authorization header is malformed; the region '${credentials.region}' is wrong; expecting '${region}'`,
      { Region: region },
    );
}

function checkTime(credentials: Credentials, now: number): void {
  if (credentials.expires !== undefined) {
    if (credentials.time > now + SKEW_MS) throw accessDenied('Request is not yet valid');
    const end = credentials.time + credentials.expires * 1000;
    if (now > end)
      throw new S3Error(403, 'AccessDenied', 'Request has expired', {
        'X-Amz-Expires': String(credentials.expires),
        Expires: new Date(end).toISOString(),
        ServerTime: new Date(now).toISOString(),
      });
    return;
  }
  if (Math.abs(now - credentials.time) > SKEW_MS)
    throw new S3Error(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
      {
        RequestTime: credentials.timestamp,
        ServerTime: new Date(now).toISOString(),
        MaxAllowedSkewMilliseconds: String(SKEW_MS),
      },
    );
}

// Unsigned x-amz headers would let whoever carries the request change what it does, a bypass for instance.
function checkSignedHeaders(request: S3Request, credentials: Credentials): void {
  const signed = new Set(credentials.signedHeaders);
  const free = new Set(credentials.expires === undefined ? [] : ['x-amz-content-sha256']);
  const unsigned = Object.keys(request.headers).filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signed.has(name) && !free.has(name),
  );
  if (unsigned.length > 0)
    throw new S3Error(
      403,
      'AccessDenied',
      'There were headers present in the request which were not signed',
      {
        HeadersNotSigned: unsigned.join(', '),
      },
    );
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

// Four HMACs per request would cost more than the rest of a small request; a key lives for a day.
const signingKeys = new Map<string, Buffer>();
const KEPT_KEYS = 1000;

function signingKeyOf(principal: Principal, date: string, region: string): Buffer {
  const name = [principal.accessKeyId, principal.secretAccessKey, date, region].join('\n');
  const known = signingKeys.get(name);
  if (known) return known;
  const key = [region, 's3', 'aws4_request'].reduce(hmac, hmac(`AWS4${principal.secretAccessKey}`, date));
  if (signingKeys.size >= KEPT_KEYS) signingKeys.clear();
  signingKeys.set(name, key);
  return key;
}
