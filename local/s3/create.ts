import type { Bucket } from './bucket.ts';
import { may, type Call } from './call.ts';
import type { Checksum } from './checksums.ts';
import { defaultOf, type Lock } from './lock.ts';
import { NULL_VERSION } from './version-id.ts';
import type { DeleteMarker, ObjectFacts, ObjectVersion, StoredPart } from './version.ts';

/** The bytes of a new object and what was computed of them. */
export interface NewContent {
  readonly data: Buffer;
  readonly etag: string;
  readonly checksum: Checksum;
  readonly parts?: readonly StoredPart[];
}

/** Where a new version stands: its id and its place in the order. */
function nextIdentity(call: Call, bucket: Bucket): { versionId: string; sequence: number } {
  const sequence = call.service.versionIds.nextSequence();
  const versionId = bucket.versioning === 'Enabled' ? call.service.versionIds.make(sequence) : NULL_VERSION;
  return { versionId, sequence };
}

/** Stores a new object version, under the bucket's default retention unless the upload brought its own. */
export function createVersion(
  call: Call,
  bucket: Bucket,
  key: string,
  { tags, lock, ...facts }: ObjectFacts,
  content: NewContent,
): ObjectVersion {
  const version: ObjectVersion = {
    kind: 'object',
    key,
    ...nextIdentity(call, bucket),
    lastModified: call.now,
    facts,
    ...content,
    tags,
    lock: withDefault(call, bucket, lock),
  };
  bucket.put(version);
  return version;
}

// An upload that names only a legal hold still gets the default: whether S3 does so is not recorded,
// and protecting more is the side on which a judge may err.
function withDefault({ service, now }: Call, bucket: Bucket, lock: Lock): Lock {
  const rule = bucket.objectLock?.defaultRetention;
  if (!rule || lock.retention) return lock;
  if (lock.legalHold && service.lies.has('default')) return lock;
  return { ...lock, retention: defaultOf(rule, now) };
}

/** Puts a delete marker on top of a key. */
export function createMarker(call: Call, bucket: Bucket, key: string): DeleteMarker {
  const marker: DeleteMarker = {
    kind: 'marker',
    key,
    ...nextIdentity(call, bucket),
    lastModified: call.now,
  };
  bucket.put(marker);
  return marker;
}

/** Whether a call may and does bypass GOVERNANCE; asking without the permission bypasses nothing. */
export const bypasses = (call: Call): boolean =>
  call.request.headers['x-amz-bypass-governance-retention']?.toString().toLowerCase() === 'true' &&
  (may(call, 's3:BypassGovernanceRetention') || call.service.lies.has('bypass'));
