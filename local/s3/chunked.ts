import { createHash } from 'node:crypto';
import { invalidRequest, S3Error } from './errors.ts';
import { hmacHex, sameText, signatureDoesNotMatch } from './secrets.ts';
import type { SignatureChain } from './signature.ts';

/** A body without its aws-chunked framing, and the headers that came after it. */
export interface Dechunked {
  readonly data: Buffer;
  readonly trailers: ReadonlyMap<string, string>;
}

/** How a chunked body is framed: chunks signed or not, a trailer or none. */
export interface ChunkedForm {
  readonly signed: boolean;
  readonly trailer: boolean;
}

const FORMS: Readonly<Record<string, ChunkedForm>> = {
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { signed: true, trailer: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': { signed: true, trailer: true },
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { signed: false, trailer: true },
};

/** The framing a payload hash announces, if any. */
export const chunkedForm = (payloadHash: string): ChunkedForm | undefined => FORMS[payloadHash];

const LINE_LIMIT = 8192;
const EMPTY_HASH = createHash('sha256').digest('hex');

const incomplete = (): S3Error =>
  new S3Error(400, 'IncompleteBody', 'The request body terminated unexpectedly');

const malformedTrailer = (): S3Error =>
  new S3Error(
    400,
    'MalformedTrailerError',
    'The request contained trailing data that was not well-formed or did not conform to our published schema.',
  );

/** Takes aws-chunked framing off a body, verifying each chunk's and the trailer's signature. */
export function dechunk(body: Buffer, form: ChunkedForm, chain: SignatureChain): Dechunked {
  const reader = new LineReader(body);
  const chunks: Buffer[] = [];
  let previous = chain.seed;
  for (;;) {
    const [size = '', ...extensions] = reader.line().split(';');
    if (!/^[0-9a-f]{1,12}$/i.test(size.trim())) throw invalidRequest('The chunk size is not valid.');
    const length = Number.parseInt(size.trim(), 16);
    const chunk = reader.bytes(length);
    if (form.signed) previous = verifyChunk(chunk, extensions, previous, chain);
    if (length === 0) break;
    reader.lineBreak();
    chunks.push(chunk);
  }
  const trailers = form.trailer ? readTrailers(reader, form, previous, chain) : new Map<string, string>();
  return { data: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks), trailers };
}

function verifyChunk(
  chunk: Buffer,
  extensions: readonly string[],
  previous: string,
  chain: SignatureChain,
): string {
  const stated =
    extensions.map((each) => /^\s*chunk-signature=(\S+)\s*$/.exec(each)?.[1]).find(Boolean) ?? '';
  const hash = createHash('sha256').update(chunk).digest('hex');
  const text = ['AWS4-HMAC-SHA256-PAYLOAD', chain.timestamp, chain.scope, previous, EMPTY_HASH, hash].join(
    '\n',
  );
  if (!sameText(hmacHex(chain.signingKey, text), stated)) throw signatureDoesNotMatch();
  return stated;
}

function readTrailers(
  reader: LineReader,
  form: ChunkedForm,
  previous: string,
  chain: SignatureChain,
): Map<string, string> {
  const trailers = new Map<string, string>();
  while (!reader.atEnd) {
    const line = reader.line();
    if (line === '') continue;
    const colon = line.indexOf(':');
    if (colon < 1) throw malformedTrailer();
    trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const stated = trailers.get('x-amz-trailer-signature');
  trailers.delete('x-amz-trailer-signature');
  if (!form.signed) return trailers;
  const canonical = [...trailers].map(([name, value]) => `${name}:${value}\n`).join('');
  const hash = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256-TRAILER', chain.timestamp, chain.scope, previous, hash].join('\n');
  if (!sameText(hmacHex(chain.signingKey, text), stated ?? '')) throw signatureDoesNotMatch();
  return trailers;
}

class LineReader {
  readonly #body: Buffer;
  #at = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  get atEnd(): boolean {
    return this.#at >= this.#body.length;
  }

  line(): string {
    const end = this.#body.indexOf('\n', this.#at);
    if (end < 0 || end - this.#at > LINE_LIMIT) throw incomplete();
    const line = this.#body.toString('latin1', this.#at, end);
    this.#at = end + 1;
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  }

  bytes(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#body.length) throw incomplete();
    const bytes = this.#body.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  lineBreak(): void {
    if (this.line() !== '') throw incomplete();
  }
}
