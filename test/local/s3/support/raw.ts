import { createHash, createHmac } from 'node:crypto';
import http from 'node:http';

/** A request made by hand: nothing in it is normalised, so a test can send what no SDK would. */
export interface RawRequest {
  readonly method?: string;
  /** As it goes on the wire, escaped already. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** What is signed as the payload hash; the body's SHA-256 unless given. */
  readonly payloadHash?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly region?: string;
  readonly time?: number;
  /** Headers added after signing. */
  readonly unsigned?: Readonly<Record<string, string>>;
}

/** What came back. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** The error code of an XML error body. */
  readonly code: string | undefined;
}

const hash = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

/** Escapes every byte but the unreserved ones, as SigV4 asks. */
const escapeAll = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** Escapes a key for a path, slashes kept. */
export const keyPath = (key: string): string => key.split('/').map(escapeAll).join('/');

/** The signature of a string and the key it is made with. */
export interface Signing {
  readonly key: Buffer;
  readonly timestamp: string;
  readonly scope: string;
}

/** The day's signing key and scope. */
export function signingOf(request: Pick<RawRequest, 'secretAccessKey' | 'region' | 'time'>): Signing {
  const { secretAccessKey = 'holdfast-secret', region = 'us-east-1', time = Date.now() } = request;
  const timestamp = new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
  const date = timestamp.slice(0, 8);
  const key = [region, 's3', 'aws4_request'].reduce(hmac, hmac(`AWS4${secretAccessKey}`, date));
  return { key, timestamp, scope: `${date}/${region}/s3/aws4_request` };
}

const queryString = (query: Readonly<Record<string, string>>): string =>
  Object.entries(query)
    .map(([name, value]) => `${escapeAll(name)}=${escapeAll(value)}`)
    .sort()
    .join('&');

function signatureOf(
  signing: Signing,
  parts: {
    method: string;
    path: string;
    query: string;
    headers: Record<string, string>;
    payloadHash: string;
  },
): { signature: string; signedHeaders: string } {
  const names = Object.keys(parts.headers).sort();
  const lines = names.map((name) => `${name}:${parts.headers[name] ?? ''}\n`).join('');
  const signedHeaders = names.join(';');
  const canonical = [parts.method, parts.path, parts.query, lines, signedHeaders, parts.payloadHash].join(
    '\n',
  );
  const text = ['AWS4-HMAC-SHA256', signing.timestamp, signing.scope, hash(canonical)].join('\n');
  return { signature: hmac(signing.key, text).toString('hex'), signedHeaders };
}

/** Signs a request with headers and tells the signature, from which chunk signatures go on. */
export function sign(
  base: string,
  request: RawRequest,
): { headers: Record<string, string>; signature: string; query: string } {
  const {
    method = 'GET',
    path,
    query = {},
    body = '',
    payloadHash = hash(body),
    accessKeyId = 'holdfast',
  } = request;
  const signing = signingOf(request);
  const own = Object.entries(request.headers ?? {}).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  const headers: Record<string, string> = {
    ...Object.fromEntries(own),
    host: new URL(base).host,
    'x-amz-content-sha256': payloadHash,
    'x-amz-date': signing.timestamp,
  };
  const canonicalQuery = queryString(query);
  const { signature, signedHeaders } = signatureOf(signing, {
    method,
    path,
    query: canonicalQuery,
    headers,
    payloadHash,
  });
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${signing.scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
  return { headers: { ...headers, authorization }, signature, query: canonicalQuery };
}

/** Signs and sends a request. */
export function send(base: string, request: RawRequest): Promise<RawAnswer> {
  const { headers, query } = sign(base, request);
  const path = query === '' ? request.path : `${request.path}?${query}`;
  return transmit(
    base,
    request.method ?? 'GET',
    path,
    { ...headers, ...request.unsigned },
    request.body ?? '',
  );
}

/** A presigned path with its query. */
export function presign(base: string, request: RawRequest & { readonly expires: number }): string {
  const { method = 'GET', path, accessKeyId = 'holdfast' } = request;
  const signing = signingOf(request);
  const headers = { host: new URL(base).host };
  const query = queryString({
    ...request.query,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${accessKeyId}/${signing.scope}`,
    'X-Amz-Date': signing.timestamp,
    'X-Amz-Expires': String(request.expires),
    'X-Amz-SignedHeaders': 'host',
  });
  const { signature } = signatureOf(signing, {
    method,
    path,
    query,
    headers,
    payloadHash: 'UNSIGNED-PAYLOAD',
  });
  return `${path}?${query}&X-Amz-Signature=${signature}`;
}

/** Sends bytes as they are. */
export function transmit(
  base: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer = '',
): Promise<RawAnswer> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const length = Buffer.byteLength(body);
    const isSized =
      !('transfer-encoding' in headers) && (length > 0 || method === 'PUT' || method === 'POST');
    const sized = isSized ? { 'content-length': String(length) } : {};
    const outgoing = http.request(
      { hostname, port, method, path, headers: { ...sized, ...headers } },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const received = Buffer.concat(chunks);
          const text = received.toString();
          const code = /<Error>.*?<Code>(.*?)<\/Code>/s.exec(text)?.[1];
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: received,
            text,
            code,
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** The Content-MD5 of a body. */
export const md5 = (body: string | Buffer): string => createHash('md5').update(body).digest('base64');
