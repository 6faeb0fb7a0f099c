/** Content-MD5 in place of the checksums of the SDK, for stores that know no other. */
import { createHash } from 'node:crypto';
import { type S3Client } from '@aws-sdk/client-s3';

interface Outgoing {
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/** Sends Content-MD5 with every body that the SDK would send a checksum of another kind with. */
export function sendContentMd5(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      if (isOutgoing(args.request)) replaceChecksum(args.request);
      return next(args);
    },
    // After the checksum of the SDK is there, and before the request is signed.
    { step: 'build', priority: 'low', name: 'holdfastContentMd5' },
  );
}

function replaceChecksum({ headers, body }: Outgoing): void {
  const checksums = Object.keys(headers).filter((name) => /^x-amz-(sdk-)?checksum-/.test(name));
  if (checksums.length === 0) return;
  if (!(typeof body === 'string' || body instanceof Uint8Array))
    throw new TypeError('a store that wants Content-MD5 takes no streams: their sum is not known beforehand');
  for (const name of checksums) Reflect.deleteProperty(headers, name);
  headers['content-md5'] = createHash('md5').update(body).digest('base64');
}

function isOutgoing(request: unknown): request is Outgoing {
  return typeof request === 'object' && request !== null && 'headers' in request && 'body' in request;
}
