import { createHash, randomBytes } from 'node:crypto';
import type { Bucket } from '../bucket.ts';
import { bucketOf, headerOf, keyOf, queryOf, type Answer, type Call } from '../call.ts';
import {
  algorithmNamed,
  checksumElement,
  checksumHeader,
  fullChecksum,
  type Algorithm,
  type Checksum,
  type ChecksumType,
} from '../checksums.ts';
import { copyRangeOf } from '../conditions.ts';
import { isoSeconds } from '../dates.ts';
import { encryptionHeaders } from '../encryption.ts';
import { invalidArgument, invalidRequest, noSuchUpload } from '../errors.ts';
import { versionHeader } from '../lookup.ts';
import type { Upload, UploadedPart } from '../upload.ts';
import { checkLockable, checkTarget, factsOf, requireUploadProof } from '../upload-headers.ts';
import { leaf, xmlDocument } from '../xml.ts';
import { copySourceOf } from './copy-source.ts';

/** CreateMultipartUpload: keeps everything but the bytes for the completion. */
export function createMultipartUpload(call: Call): Answer {
  const key = keyOf(call);
  checkTarget(call, key);
  const facts = factsOf(call);
  const algorithm = uploadAlgorithm(call);
  const checksumType = uploadChecksumType(call, algorithm);
  const bucket = bucketOf(call);
  const upload: Upload = {
    id: randomBytes(48).toString('base64url'),
    key,
    initiated: call.now,
    sequence: call.service.versionIds.nextSequence(),
    facts,
    algorithm,
    checksumType,
    needsIntegrity: checkLockable(bucket, facts.lock).needsIntegrity,
    parts: new Map(),
    keyDeleted: false,
  };
  bucket.uploads.set(upload.id, upload);
  return {
    status: 200,
    headers: {
      ...encryptionHeaders(facts.encryption),
      'x-amz-checksum-algorithm': algorithm,
      'x-amz-checksum-type': algorithm && checksumType,
    },
    body: xmlDocument(
      'InitiateMultipartUploadResult',
      leaf('Bucket', bucket.name),
      leaf('Key', key),
      leaf('UploadId', upload.id),
    ),
  };
}

function uploadAlgorithm(call: Call): Algorithm | undefined {
  const named = headerOf(call, 'x-amz-checksum-algorithm');
  if (named === undefined) return undefined;
  const algorithm = algorithmNamed(named);
  if (algorithm) return algorithm;
  throw invalidRequest(
    'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
  );
}

// A SHA cannot be put together from parts, and CRC64NVME is never anything else.
const TYPES: Readonly<Record<Algorithm, readonly ChecksumType[]>> = {
  CRC32: ['COMPOSITE', 'FULL_OBJECT'],
  CRC32C: ['COMPOSITE', 'FULL_OBJECT'],
  CRC64NVME: ['FULL_OBJECT'],
  SHA1: ['COMPOSITE'],
  SHA256: ['COMPOSITE'],
};

function uploadChecksumType(call: Call, algorithm: Algorithm | undefined): ChecksumType {
  const stated = headerOf(call, 'x-amz-checksum-type');
  if (stated === undefined) return algorithm ? (TYPES[algorithm][0] ?? 'COMPOSITE') : 'FULL_OBJECT';
  if (algorithm === undefined)
    throw invalidRequest(
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    );
  const type = (['COMPOSITE', 'FULL_OBJECT'] as const).find((each) => each === stated);
  if (!type) throw invalidRequest('Value for x-amz-checksum-type header is invalid.');
  if (!TYPES[algorithm].includes(type))
    throw invalidRequest(
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  return type;
}

/** The upload a call names. */
export function uploadOf(call: Call, bucket: Bucket): Upload {
  const id = queryOf(call, 'uploadId') ?? '';
  const upload = bucket.uploads.get(id);
  if (upload?.key !== keyOf(call)) throw noSuchUpload(id);
  return upload;
}

function partNumberOf(call: Call): number {
  const stated = queryOf(call, 'partNumber') ?? '';
  const number = Number(stated);
  if (!/^\d+$/.test(stated) || number < 1 || number > 10_000)
    throw invalidArgument(
      'Part number must be an integer between 1 and 10000, inclusive',
      'partNumber',
      stated,
    );
  return number;
}

/** UploadPart. */
export function uploadPart(call: Call): Answer {
  const bucket = bucketOf(call);
  const number = partNumberOf(call);
  const upload = uploadOf(call, bucket);
  requireUploadProof(call, upload.needsIntegrity);
  const { checksum } = call.integrity;
  if (upload.algorithm && checksum?.algorithm !== upload.algorithm)
    throw invalidRequest(
      `Checksum Type mismatch occurred, expected checksum Type: ${upload.algorithm.toLowerCase()}, actual checksum Type: ${checksum?.algorithm.toLowerCase() ?? 'null'}`,
    );
  const part = storePart(call, upload, number, call.body, checksum);
  return {
    status: 200,
    headers: {
      ...encryptionHeaders(upload.facts.encryption),
      ETag: `"${part.etag}"`,
      ...(checksum ? { [checksumHeader(checksum.algorithm)]: checksum.value } : {}),
    },
  };
}

function storePart(
  call: Call,
  upload: Upload,
  number: number,
  data: Buffer,
  checksum: Checksum | undefined,
): UploadedPart {
  const md5 = createHash('md5').update(data).digest();
  const part = { number, data, md5, etag: md5.toString('hex'), checksum, lastModified: call.now };
  upload.parts.set(number, part);
  return part;
}

/** UploadPartCopy: a part out of an object that is already there. */
export async function uploadPartCopy(call: Call): Promise<Answer> {
  const bucket = bucketOf(call);
  const number = partNumberOf(call);
  const upload = uploadOf(call, bucket);
  const source = copySourceOf(call);
  const range = copyRangeOf(headerOf(call, 'x-amz-copy-source-range'), source.version.data.length);
  const data = range ? source.version.data.subarray(range.first, range.last + 1) : source.version.data;
  const checksum = upload.algorithm && (await fullChecksum(upload.algorithm, data));
  const part = storePart(call, upload, number, data, checksum);
  return {
    status: 200,
    headers: {
      ...encryptionHeaders(upload.facts.encryption),
      'x-amz-copy-source-version-id': versionHeader(source.bucket, source.version),
    },
    body: xmlDocument(
      'CopyPartResult',
      leaf('LastModified', isoSeconds(part.lastModified)),
      leaf('ETag', `"${part.etag}"`),
      checksum ? leaf(checksumElement(checksum.algorithm), checksum.value) : '',
    ),
  };
}

/** AbortMultipartUpload. */
export function abortMultipartUpload(call: Call): Answer {
  const bucket = bucketOf(call);
  bucket.uploads.delete(uploadOf(call, bucket).id);
  return { status: 204 };
}
