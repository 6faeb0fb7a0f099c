import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { chunkedForm, dechunk } from './chunked.ts';
import { headerNotImplemented, invalidArgument, S3Error } from './errors.ts';
import { header, type S3Request } from './request.ts';
import type { Signed } from './signature.ts';

/** The bytes an operation works on, and the headers that followed them. */
export interface Body {
  readonly data: Buffer;
  readonly trailers: ReadonlyMap<string, string>;
}

const NO_TRAILERS: ReadonlyMap<string, string> = new Map();

const tooLarge = (limit: number): S3Error =>
  new S3Error(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
    MaxSizeAllowed: String(limit),
  });

const missingLength = (): S3Error =>
  new S3Error(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');

/** Collects a request's bytes up to a limit. */
export async function collect(message: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(message.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    // The rest is read and forgotten: a client that is still sending would not hear the refusal.
    if (size <= limit) chunks.push(chunk);
  }
  if (size > limit) throw tooLarge(limit);
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size);
}

/** The body behind its framing; throws when its bytes are not those that were signed. */
export function openBody(request: S3Request, signed: Signed, raw: Buffer): Body {
  const form = chunkedForm(signed.payloadHash);
  if (form && signed.chain) return checkLength(request, dechunk(raw, form, signed.chain));
  if (signed.payloadHash === 'UNSIGNED-PAYLOAD') return { data: raw, trailers: NO_TRAILERS };
  if (!/^[0-9a-f]{64}$/.test(signed.payloadHash))
    throw invalidArgument(
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.',
      'x-amz-content-sha256',
      signed.payloadHash,
    );
  const computed = createHash('sha256').update(raw).digest('hex');
  if (computed !== signed.payloadHash)
    throw new S3Error(
      400,
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
      { ClientComputedContentSHA256: signed.payloadHash, S3ComputedContentSHA256: computed },
    );
  return { data: raw, trailers: NO_TRAILERS };
}

function checkLength(request: S3Request, body: Body): Body {
  const stated = header(request, 'x-amz-decoded-content-length');
  if (stated === undefined) throw missingLength();
  if (!/^\d+$/.test(stated))
    throw invalidArgument('The decoded content length is not valid.', 'x-amz-decoded-content-length', stated);
  if (Number(stated) !== body.data.length)
    throw new S3Error(
      400,
      'IncompleteBody',
      'You did not provide the number of bytes specified by the Content-Length HTTP header',
      { NumberBytesExpected: stated, NumberBytesProvided: String(body.data.length) },
    );
  return body;
}

/** Uploads state their length: S3 takes plain chunked transfer only around aws-chunked. */
export function requireLength(request: S3Request): void {
  if (header(request, 'x-amz-decoded-content-length') !== undefined) return;
  if (header(request, 'transfer-encoding') !== undefined) throw headerNotImplemented('Transfer-Encoding');
  if (header(request, 'content-length') === undefined) throw missingLength();
}
