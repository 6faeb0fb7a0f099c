import { createHash } from 'node:crypto';
import { bucketOf, demand, headerOf, keyOf, type Answer, type Call } from '../call.ts';
import { algorithmNamed, checksumElement, fullChecksum, type Checksum } from '../checksums.ts';
import { checkWritePreconditions } from '../conditions.ts';
import { createVersion } from '../create.ts';
import { isoSeconds } from '../dates.ts';
import { invalidArgument, invalidRequest } from '../errors.ts';
import { raiseChange } from '../events.ts';
import type { Lock } from '../lock.ts';
import { versionHeader } from '../lookup.ts';
import { checkLockable, checkTarget, factsOf, without } from '../upload-headers.ts';
import type { ObjectFacts, ObjectVersion } from '../version.ts';
import { leaf, xmlDocument } from '../xml.ts';
import { copySourceOf, type CopySource } from './copy-source.ts';
import { creationHeaders } from './put-object.ts';

/** CopyObject: bytes always, metadata and tags by directive, locks never. */
export async function copyObject(call: Call): Promise<Answer> {
  const key = keyOf(call);
  checkTarget(call, key);
  const asked = factsOf(call);
  const bucket = bucketOf(call);
  checkLockable(bucket, asked.lock);
  const source = copySourceOf(call);
  const facts = copiedFacts(call, asked, source.version);
  refuseIdleSelfCopy(call, source);
  const checksum = await copiedChecksum(call, source.version);
  checkWritePreconditions(call, bucket, key);
  const { data } = source.version;
  const etag = createHash('md5').update(data).digest('hex');
  const version = createVersion(call, bucket, key, facts, { data, etag, checksum });
  raiseChange(call, bucket, 'ObjectCreated:Copy', version);
  return {
    status: 200,
    headers: {
      ...creationHeaders(bucket, version),
      'x-amz-copy-source-version-id': versionHeader(source.bucket, source.version),
    },
    body: xmlDocument(
      'CopyObjectResult',
      leaf('LastModified', isoSeconds(version.lastModified)),
      leaf('ETag', `"${etag}"`),
      leaf('ChecksumType', checksum.type),
      leaf(checksumElement(checksum.algorithm), checksum.value),
    ),
  };
}

const REDIRECT = 'x-amz-website-redirect-location';

type Directive = 'COPY' | 'REPLACE';

function directiveOf(call: Call, subject: 'metadata' | 'tagging'): Directive {
  const name = `x-amz-${subject}-directive`;
  const value = headerOf(call, name) ?? 'COPY';
  if (value === 'COPY' || value === 'REPLACE') return value;
  throw invalidArgument(`Unknown ${subject} directive.`, name, value);
}

function copiedFacts(call: Call, asked: ObjectFacts, source: ObjectVersion): ObjectFacts {
  const keepsMetadata = directiveOf(call, 'metadata') === 'COPY';
  const keepsTags = directiveOf(call, 'tagging') === 'COPY';
  if (keepsTags && source.tags.length > 0) demand(call, 's3:PutObjectTagging');
  // A redirect is the one content header that a copy does not take along.
  const redirect = asked.contentHeaders[REDIRECT];
  const contentHeaders = {
    ...without(source.facts.contentHeaders, REDIRECT),
    ...(redirect === undefined ? {} : { [REDIRECT]: redirect }),
  };
  return {
    ...asked,
    ...(keepsMetadata ? { metadata: source.facts.metadata, contentHeaders } : {}),
    tags: keepsTags ? source.tags : asked.tags,
    lock: keptLock(call, asked.lock, source.lock),
  };
}

function keptLock({ service }: Call, asked: Lock, source: Lock): Lock {
  if (service.lies.has('copy')) return source;
  return service.lies.has('copy-hold') ? { ...asked, legalHold: undefined } : asked;
}

const CHANGES = [
  'x-amz-storage-class',
  REDIRECT,
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-checksum-algorithm',
];

// Copying an old version onto its key is how one restores it, so that is never idle.
function refuseIdleSelfCopy(call: Call, source: CopySource): void {
  const isSelf = source.bucket.name === call.request.bucket && source.version.key === keyOf(call);
  const isCurrent = source.bucket.current(source.version.key) === source.version;
  const changes = CHANGES.some((name) => headerOf(call, name) !== undefined);
  if (isSelf && isCurrent && directiveOf(call, 'metadata') === 'COPY' && !changes)
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
}

async function copiedChecksum(call: Call, source: ObjectVersion): Promise<Checksum> {
  const named = headerOf(call, 'x-amz-checksum-algorithm');
  const algorithm = named === undefined ? source.checksum.algorithm : algorithmNamed(named);
  if (algorithm === undefined)
    throw invalidRequest(
      'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
    );
  const isKept = algorithm === source.checksum.algorithm && source.checksum.type === 'FULL_OBJECT';
  return isKept ? source.checksum : fullChecksum(algorithm, source.data);
}
