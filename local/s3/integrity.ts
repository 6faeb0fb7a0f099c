import { createHash } from 'node:crypto';
import type { Body } from './body.ts';
import {
  ALGORITHMS,
  algorithmNamed,
  checksumHeader,
  digest,
  isWellFormed,
  type Algorithm,
  type Checksum,
} from './checksums.ts';
import { badDigest, invalidRequest, S3Error } from './errors.ts';
import { header, type S3Request } from './request.ts';

/** What a request proved about its body. */
export interface Integrity {
  /** Whether Content-MD5 or a checksum came with the body; the signature's payload hash does not count. */
  readonly proven: boolean;
  readonly checksum?: Checksum | undefined;
}

/** Checks Content-MD5 and checksum headers or trailers against the body; throws when they do not match it. */
export async function verifyIntegrity(request: S3Request, body: Body): Promise<Integrity> {
  const md5 = header(request, 'content-md5');
  if (md5 !== undefined) verifyMd5(md5, body.data);
  const stated = statedChecksum(request, body);
  if (!stated) return { proven: md5 !== undefined };
  const computed = (await digest(stated.algorithm, body.data)).toString('base64');
  if (computed !== stated.value)
    throw badDigest(`The ${stated.algorithm} you specified did not match the calculated checksum.`);
  return { proven: true, checksum: { ...stated, type: 'FULL_OBJECT' } };
}

function verifyMd5(stated: string, data: Buffer): void {
  const bytes = Buffer.from(stated, 'base64');
  if (bytes.length !== 16 || bytes.toString('base64') !== stated)
    throw new S3Error(400, 'InvalidDigest', 'The Content-MD5 you specified was invalid.', {
      'Content-MD5': stated,
    });
  const computed = createHash('md5').update(data).digest();
  if (!computed.equals(bytes))
    throw badDigest('The Content-MD5 you specified did not match what we received.', {
      ExpectedDigest: stated,
      CalculatedDigest: computed.toString('base64'),
    });
}

interface Stated {
  readonly algorithm: Algorithm;
  readonly value: string;
}

function statedChecksum(request: S3Request, body: Body): Stated | undefined {
  const fromHeaders = statedIn((name) => header(request, name));
  const announced = header(request, 'x-amz-trailer');
  const fromTrailers = announced === undefined ? [] : announcedTrailers(announced, body);
  const all = [...fromHeaders, ...fromTrailers];
  if (all.length > 1)
    throw invalidRequest(
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  const [stated] = all;
  if (stated && !isWellFormed(stated.algorithm, stated.value))
    throw invalidRequest(`Value for ${checksumHeader(stated.algorithm)} header is invalid.`);
  checkNamedAlgorithm(request, stated);
  return stated;
}

const statedIn = (read: (name: string) => string | undefined): Stated[] =>
  ALGORITHMS.flatMap((algorithm) => {
    const value = read(checksumHeader(algorithm));
    return value === undefined ? [] : [{ algorithm, value }];
  });

function announcedTrailers(announced: string, body: Body): Stated[] {
  const names = announced.split(',').map((name) => name.trim().toLowerCase());
  for (const name of names) {
    if (algorithmNamed(name.replace('x-amz-checksum-', '')) === undefined)
      throw invalidRequest('The value specified in the x-amz-trailer header is not supported');
    if (!body.trailers.has(name))
      throw new S3Error(
        400,
        'MalformedTrailerError',
        'The request contained trailing data that was not well-formed or did not conform to our published schema.',
      );
  }
  return statedIn((name) => body.trailers.get(name));
}

function checkNamedAlgorithm(request: S3Request, stated: Stated | undefined): void {
  const named = header(request, 'x-amz-sdk-checksum-algorithm');
  if (named === undefined) return;
  const algorithm = algorithmNamed(named);
  if (algorithm === undefined)
    throw invalidRequest(
      'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
    );
  if (!stated)
    throw invalidRequest(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  if (algorithm !== stated.algorithm)
    throw invalidRequest('Value for x-amz-sdk-checksum-algorithm header is invalid.');
}

/** Refuses a document that came without proof of its bytes, as S3 does for locks, tags and multi-deletes. */
export function requireProof(integrity: Integrity): void {
  if (!integrity.proven)
    throw invalidRequest('Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
}
