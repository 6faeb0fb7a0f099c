import { createHash } from 'node:crypto';
import type { Bucket } from '../bucket.ts';
import { bucketOf, headerOf, keyOf, queryOf, type Answer, type Call } from '../call.ts';
import {
  ALGORITHMS,
  checksumElement,
  checksumHeader,
  compositeChecksum,
  fullChecksum,
  type Checksum,
} from '../checksums.ts';
import { checkWritePreconditions } from '../conditions.ts';
import { createVersion } from '../create.ts';
import type { CompletedUpload } from '../service.ts';
import { badDigest, invalidRequest, malformedXml, S3Error } from '../errors.ts';
import { raiseChange } from '../events.ts';
import type { Upload, UploadedPart } from '../upload.ts';
import type { ObjectFacts } from '../version.ts';
import { childrenNamed, leaf, readXml, textOf, xmlDocument, type XmlNode } from '../xml.ts';
import { uploadOf } from './multipart.ts';
import { creationHeaders } from './put-object.ts';

const SMALLEST_PART = 5 * 1024 ** 2;
const KEPT_ANSWERS = 10_000;

/** CompleteMultipartUpload; repeated, it answers what it answered. */
export async function completeMultipartUpload(call: Call): Promise<Answer> {
  const bucket = bucketOf(call);
  const repeated = repeatedAnswer(call, bucket);
  if (repeated) return repeated;
  const upload = uploadOf(call, bucket);
  const parts = chosenParts(call, upload);
  const data = Buffer.concat(parts.map((part) => part.data));
  const checksum = await uploadChecksum(upload, parts, data);
  checkStatedWhole(call, checksum, data.length);
  checkConditions(call, bucket, upload);
  // Another completion may have won while the checksum was computed.
  if (!bucket.uploads.delete(upload.id)) return repeatedAnswer(call, bucket) ?? { status: 200 };
  const md5 = createHash('md5')
    .update(Buffer.concat(parts.map((part) => part.md5)))
    .digest('hex');
  const etag = `${md5}-${parts.length}`;
  const version = createVersion(call, bucket, upload.key, factsKept(call, upload), {
    data,
    etag,
    checksum,
    parts: parts.map((part) => ({ number: part.number, size: part.data.length, checksum: part.checksum })),
  });
  raiseChange(call, bucket, 'ObjectCreated:CompleteMultipartUpload', version);
  const headers = definedOnly(creationHeaders(bucket, version));
  const body = xmlDocument(
    'CompleteMultipartUploadResult',
    leaf(
      'Location',
      `http://${headerOf(call, 'host') ?? ''}/${bucket.name}/${encodeURIComponent(upload.key)}`,
    ),
    leaf('Bucket', bucket.name),
    leaf('Key', upload.key),
    leaf('ETag', `"${etag}"`),
    leaf(checksumElement(checksum.algorithm), checksum.value),
    leaf('ChecksumType', checksum.type),
  );
  remember(call, upload, { bucket: bucket.name, key: upload.key, body, headers });
  return { status: 200, headers, body };
}

const factsKept = (call: Call, { facts }: Upload): ObjectFacts =>
  call.service.lies.has('headers') ? { ...facts, lock: {} } : facts;

const definedOnly = (headers: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );

function repeatedAnswer(call: Call, bucket: Bucket): Answer | undefined {
  const done = call.service.completed.get(queryOf(call, 'uploadId') ?? '');
  if (done?.bucket !== bucket.name || done.key !== keyOf(call)) return undefined;
  return { status: 200, headers: done.headers, body: done.body };
}

function remember(call: Call, upload: Upload, done: CompletedUpload): void {
  const { completed } = call.service;
  const [oldest] = completed.keys();
  if (completed.size >= KEPT_ANSWERS && oldest !== undefined) completed.delete(oldest);
  completed.set(upload.id, done);
}

const invalidPart = (upload: Upload, number: number, etag: string): S3Error =>
  new S3Error(
    400,
    'InvalidPart',
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    { UploadId: upload.id, PartNumber: String(number), ETag: etag },
  );

function chosenParts(call: Call, upload: Upload): UploadedPart[] {
  if (call.body.length === 0) throw invalidRequest('You must specify at least one part');
  const nodes = childrenNamed(readXml(call.body, 'CompleteMultipartUpload'), 'Part');
  if (nodes.length === 0) throw malformedXml();
  let previous = 0;
  const parts = nodes.map((node) => {
    const number = Number(textOf(node, 'PartNumber') ?? Number.NaN);
    if (!Number.isInteger(number)) throw malformedXml();
    if (number <= previous)
      throw new S3Error(
        400,
        'InvalidPartOrder',
        'The list of parts was not in ascending order. Parts must be ordered by part number.',
        { UploadId: upload.id },
      );
    previous = number;
    return chosenPart(node, upload, number);
  });
  for (const part of parts.slice(0, -1))
    if (part.data.length < SMALLEST_PART)
      throw new S3Error(
        400,
        'EntityTooSmall',
        'Your proposed upload is smaller than the minimum allowed size',
        {
          ProposedSize: String(part.data.length),
          MinSizeAllowed: String(SMALLEST_PART),
          PartNumber: String(part.number),
          ETag: part.etag,
        },
      );
  return parts;
}

function chosenPart(node: XmlNode, upload: Upload, number: number): UploadedPart {
  const etag = (textOf(node, 'ETag') ?? '').replaceAll('"', '');
  const part = upload.parts.get(number);
  if (part?.etag !== etag) throw invalidPart(upload, number, etag);
  for (const algorithm of ALGORITHMS) {
    const stated = textOf(node, checksumElement(algorithm));
    const isRight = part.checksum?.algorithm === algorithm && part.checksum.value === stated;
    if (stated !== undefined && !isRight) throw invalidPart(upload, number, etag);
    if (stated === undefined && algorithm === upload.algorithm && upload.checksumType === 'COMPOSITE')
      throw invalidRequest(
        `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
      );
  }
  return part;
}

// A key that changed while the upload was under way can no longer meet its condition.
function checkConditions(call: Call, bucket: Bucket, upload: Upload): void {
  checkWritePreconditions(call, bucket, upload.key);
  const current = bucket.current(upload.key);
  const isNewer = current !== undefined && current.sequence > upload.sequence;
  if (headerOf(call, 'if-match') !== undefined && (isNewer || upload.keyDeleted))
    throw conflict('If-Match', upload.key);
  if (headerOf(call, 'if-none-match') !== undefined && (isNewer || upload.keyDeleted))
    throw conflict('If-None-Match', upload.key);
}

const conflict = (condition: string, key: string): S3Error =>
  new S3Error(
    409,
    'ConditionalRequestConflict',
    'The conditional request cannot succeed due to a conflicting operation against this resource.',
    { Condition: condition, Key: key },
  );

async function uploadChecksum(
  upload: Upload,
  parts: readonly UploadedPart[],
  data: Buffer,
): Promise<Checksum> {
  if (!upload.algorithm) return fullChecksum('CRC64NVME', data);
  if (upload.checksumType === 'FULL_OBJECT') return fullChecksum(upload.algorithm, data);
  return compositeChecksum(
    upload.algorithm,
    parts.flatMap((part) => part.checksum ?? []),
  );
}

function checkStatedWhole(call: Call, checksum: Checksum, size: number): void {
  const type = headerOf(call, 'x-amz-checksum-type');
  if (type !== undefined && type !== checksum.type)
    throw invalidRequest(
      `The upload was created using the ${checksum.type} checksum mode. The complete request must use the same checksum mode.`,
    );
  const stated = headerOf(call, checksumHeader(checksum.algorithm));
  // A composite value is accepted with and without the number of parts.
  if (stated !== undefined && stated !== checksum.value && stated !== checksum.value.replace(/-\d+$/, ''))
    throw badDigest(`The ${checksum.algorithm} you specified did not match the calculated checksum.`);
  const statedSize = headerOf(call, 'x-amz-mp-object-size');
  if (statedSize !== undefined && Number(statedSize) !== size)
    throw invalidRequest(
      `The provided 'x-amz-mp-object-size' header value ${statedSize} does not match what was computed: ${size}`,
    );
}
