import { demand, headerOf, type Call } from './call.ts';
import { encryptionOf } from './encryption.ts';
import { invalidRequest, S3Error } from './errors.ts';
import { lockHeadersOf } from './lock-headers.ts';
import type { Lock } from './lock.ts';
import { tagsOfHeader } from './tags.ts';
import type { Bucket } from './bucket.ts';
import type { ObjectFacts } from './version.ts';

const CONTENT_HEADERS = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
  'x-amz-website-redirect-location',
];
const STORAGE_CLASSES = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'GLACIER_IR',
  'DEEP_ARCHIVE',
];
const METADATA_PREFIX = 'x-amz-meta-';
const METADATA_LIMIT = 2048;
const KEY_LIMIT = 1024;

/** Everything an upload's headers say of the new object; throws on the first that S3 would refuse. */
export const factsOf = (call: Call): ObjectFacts => ({
  contentHeaders: contentHeadersOf(call),
  metadata: metadataOf(call),
  storageClass: storageClassOf(call),
  encryption: encryptionOf(call),
  tags: uploadTags(call),
  lock: lockHeadersOf(call),
});

/** The object's content headers. */
function contentHeadersOf(call: Call): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of CONTENT_HEADERS) {
    const value = headerOf(call, name);
    if (value !== undefined) headers[name] = value;
  }
  const encoding = headers['content-encoding'];
  if (encoding === undefined) return headers;
  // aws-chunked frames the request, it does not describe the object.
  const own = encoding
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== 'aws-chunked' && each !== '');
  const others = without(headers, 'content-encoding');
  return own.length === 0 ? others : { ...others, 'content-encoding': own.join(',') };
}

/** The headers but one. */
export const without = (headers: Readonly<Record<string, string>>, name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([each]) => each !== name));

/** The object's own metadata. */
function metadataOf(call: Call): Record<string, string> {
  const metadata: Record<string, string> = {};
  let size = 0;
  for (const [name, value] of Object.entries(call.request.headers)) {
    if (!name.startsWith(METADATA_PREFIX) || typeof value !== 'string') continue;
    const own = name.slice(METADATA_PREFIX.length);
    metadata[own] = value;
    size += own.length + value.length;
  }
  if (size > METADATA_LIMIT)
    throw new S3Error(
      400,
      'MetadataTooLarge',
      'Your metadata headers exceed the maximum allowed metadata size',
      {
        Size: String(size),
        MaxSizeAllowed: String(METADATA_LIMIT),
      },
    );
  return metadata;
}

/** The storage class asked for. */
function storageClassOf(call: Call): string {
  const named = headerOf(call, 'x-amz-storage-class') ?? 'STANDARD';
  if (STORAGE_CLASSES.includes(named)) return named;
  throw new S3Error(400, 'InvalidStorageClass', 'The storage class you specified is not valid', {
    StorageClassRequested: named,
  });
}

function uploadTags(call: Call): ObjectFacts['tags'] {
  const tags = tagsOfHeader(headerOf(call, 'x-amz-tagging'));
  if (tags.length > 0) demand(call, 's3:PutObjectTagging');
  return tags;
}

/** Refuses keys longer than S3 stores and access lists, which new buckets do not take. */
export function checkTarget(call: Call, key: string): void {
  const size = Buffer.byteLength(key);
  if (size > KEY_LIMIT)
    throw new S3Error(400, 'KeyTooLongError', 'Your key is too long', {
      Size: String(size),
      MaxSizeAllowed: String(KEY_LIMIT),
    });
  const acl = headerOf(call, 'x-amz-acl') ?? 'private';
  const grants = Object.keys(call.request.headers).some((name) => name.startsWith('x-amz-grant-'));
  if (grants || (acl !== 'private' && acl !== 'bucket-owner-full-control'))
    throw new S3Error(400, 'AccessControlListNotSupported', 'The bucket does not allow ACLs');
}

/** Refuses lock parameters on a bucket without Object Lock, and locked uploads that prove nothing of their bytes. */
export function checkLockable(bucket: Bucket, lock: Lock): { readonly needsIntegrity: boolean } {
  const named = lock.retention !== undefined || lock.legalHold !== undefined;
  if (named && !bucket.objectLock) throw missingLockConfiguration();
  return { needsIntegrity: named || bucket.objectLock?.defaultRetention !== undefined };
}

/** The refusal of any lock operation on a bucket without Object Lock. */
export const missingLockConfiguration = (): S3Error =>
  invalidRequest('Bucket is missing Object Lock Configuration');

/** Refuses an upload under lock that carries neither Content-MD5 nor a checksum. */
export function requireUploadProof(call: Call, needed: boolean): void {
  if (needed && !call.integrity.proven)
    throw invalidRequest(
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    );
}
