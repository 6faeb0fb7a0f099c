import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc32c } from '@aws-crypto/crc32c';
import { Crc64Nvme } from '@aws-sdk/crc64-nvme';

/** The checksum algorithms S3 takes. */
export type Algorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256';

/** Whether a checksum covers the bytes or the checksums of the parts. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

/** A checksum as S3 stores it. */
export interface Checksum {
  readonly algorithm: Algorithm;
  /** Base64; a composite one ends in `-` and the number of parts. */
  readonly value: string;
  readonly type: ChecksumType;
}

const LENGTHS: Readonly<Record<Algorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

/** All algorithms. */
export const ALGORITHMS = Object.keys(LENGTHS) as readonly Algorithm[];

/** The algorithm a header names, in any case. */
export const algorithmNamed = (name: string): Algorithm | undefined =>
  ALGORITHMS.find((each) => each === name.toUpperCase());

/** The header, and trailer, that carries a checksum. */
export const checksumHeader = (algorithm: Algorithm): string => `x-amz-checksum-${algorithm.toLowerCase()}`;

/** The XML element that carries a checksum. */
export const checksumElement = (algorithm: Algorithm): string => `Checksum${algorithm}`;

const wordBytes = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

/** The raw digest of some bytes. */
export async function digest(algorithm: Algorithm, data: Uint8Array): Promise<Buffer> {
  switch (algorithm) {
    case 'CRC32':
      return wordBytes(crc32(data));
    case 'CRC32C':
      return wordBytes(new Crc32c().update(data).digest());
    case 'CRC64NVME': {
      const crc = new Crc64Nvme();
      crc.update(data);
      return Buffer.from(await crc.digest());
    }
    case 'SHA1':
      return createHash('sha1').update(data).digest();
    case 'SHA256':
      return createHash('sha256').update(data).digest();
  }
}

/** The checksum of a whole object. */
export async function fullChecksum(algorithm: Algorithm, data: Uint8Array): Promise<Checksum> {
  return { algorithm, value: (await digest(algorithm, data)).toString('base64'), type: 'FULL_OBJECT' };
}

/** The checksum of the parts' checksums. */
export async function compositeChecksum(algorithm: Algorithm, parts: readonly Checksum[]): Promise<Checksum> {
  const joined = Buffer.concat(parts.map((part) => Buffer.from(part.value, 'base64')));
  const value = (await digest(algorithm, joined)).toString('base64');
  return { algorithm, value: `${value}-${parts.length}`, type: 'COMPOSITE' };
}

/** Whether a value can be such a checksum at all: canonical base64 of the right length. */
export function isWellFormed(algorithm: Algorithm, value: string): boolean {
  const bytes = Buffer.from(value, 'base64');
  return bytes.length === LENGTHS[algorithm] && bytes.toString('base64') === value;
}
