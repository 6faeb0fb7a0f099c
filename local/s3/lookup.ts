import type { Bucket } from './bucket.ts';
import { keyOf, may, queryOf, type Call } from './call.ts';
import {
  accessDenied,
  invalidArgument,
  methodNotAllowed,
  noSuchKey,
  noSuchVersion,
  type S3Error,
} from './errors.ts';
import { NULL_VERSION } from './version-id.ts';
import type { ObjectVersion, Version } from './version.ts';
import { httpDate } from './dates.ts';

/** The version id parameter; S3 takes an empty one for a mistake. */
export function versionIdOf(call: Call): string | undefined {
  const versionId = queryOf(call, 'versionId');
  if (versionId === '')
    throw invalidArgument('Version id cannot be the empty string', 'versionId', versionId);
  return versionId;
}

/** Whether an id may name a version here: `null`, or one this server made in a bucket that ever had versioning. */
export function isVersionId(call: Call, bucket: Bucket, versionId: string): boolean {
  if (versionId === NULL_VERSION) return true;
  return bucket.versioning !== 'Unversioned' && call.service.versionIds.sequenceOf(versionId) !== undefined;
}

/** The version of that id; throws InvalidArgument for an impossible id, NoSuchVersion for one that is gone. */
export function namedVersion(call: Call, bucket: Bucket, key: string, versionId: string): Version {
  const version = bucket.history(key)?.get(versionId);
  if (version) return version;
  if (!isVersionId(call, bucket, versionId)) throw invalidVersionId(versionId);
  throw hidden(call, noSuchVersion(key, versionId));
}

/** The refusal of an id that S3 never made. */
export const invalidVersionId = (versionId: string): S3Error =>
  invalidArgument('Invalid version id specified', 'versionId', versionId);

// Who may not list must not learn by asking which keys exist.
const hidden = (call: Call, missing: S3Error): S3Error =>
  may(call, 's3:ListBucket') ? missing : accessDenied();

/** The headers that tell of a delete marker. */
const markerHeaders = (version: Version): Record<string, string> => ({
  'x-amz-delete-marker': 'true',
  'x-amz-version-id': version.versionId,
});

/** The object a GET or HEAD reads: a marker on top means "no such key", a marker named by id "not allowed". */
export function readable(call: Call, bucket: Bucket): ObjectVersion {
  const key = keyOf(call);
  const versionId = versionIdOf(call);
  const version = versionId === undefined ? bucket.current(key) : namedVersion(call, bucket, key, versionId);
  if (version?.kind === 'object') return version;
  if (!version) throw hidden(call, noSuchKey(key));
  if (versionId === undefined) throw hidden(call, noSuchKey(key, markerHeaders(version)));
  throw onMarker(call, version);
}

const onMarker = (call: Call, marker: Version): S3Error =>
  methodNotAllowed(call.request.method, 'DeleteMarker', {
    ...markerHeaders(marker),
    Allow: 'DELETE',
    'Last-Modified': httpDate(marker.lastModified),
  });

/** The object whose tags or lock a call is about: there a marker is never allowed, on top or by id. */
export function lockable(call: Call, bucket: Bucket): ObjectVersion {
  const key = keyOf(call);
  const versionId = versionIdOf(call);
  const version = versionId === undefined ? bucket.current(key) : namedVersion(call, bucket, key, versionId);
  if (!version) throw hidden(call, noSuchKey(key));
  if (version.kind === 'marker') throw onMarker(call, version);
  return version;
}

/** The x-amz-version-id of an answer: only buckets that ever had versioning speak of ids. */
export const versionHeader = (bucket: Bucket, version: Version): string | undefined =>
  bucket.versioning === 'Unversioned' ? undefined : version.versionId;
