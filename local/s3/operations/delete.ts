import type { Bucket } from '../bucket.ts';
import { bucketOf, headerOf, keyOf, may, type Answer, type Call } from '../call.ts';
import { checkDeletePrecondition } from '../conditions.ts';
import { bypasses, createMarker } from '../create.ts';
import {
  accessDenied,
  invalidArgument,
  malformedXml,
  noSuchVersion,
  protectedByLock,
  S3Error,
} from '../errors.ts';
import { raiseChange } from '../events.ts';
import { requireProof } from '../integrity.ts';
import { mayDestroy } from '../lock.ts';
import { invalidVersionId, isVersionId, versionIdOf } from '../lookup.ts';
import { NULL_VERSION } from '../version-id.ts';
import { branch, childrenNamed, leaf, readXml, textOf, xmlDocument, type XmlNode } from '../xml.ts';

/** What a deletion did. */
interface Deleted {
  /** The version removed, or the marker put. */
  readonly versionId?: string | undefined;
  readonly isMarker: boolean;
}

/** DeleteObject. */
export function deleteObject(call: Call): Answer {
  const bucket = bucketOf(call);
  checkBypass(call, bucket);
  const key = keyOf(call);
  const versionId = versionIdOf(call);
  if (versionId !== undefined && !isVersionId(call, bucket, versionId)) throw invalidVersionId(versionId);
  checkDeletePrecondition(headerOf(call, 'if-match'), bucket, key);
  const deleted = versionId === undefined ? hide(call, bucket, key) : destroy(call, bucket, key, versionId);
  return {
    status: 204,
    headers: {
      'x-amz-delete-marker': deleted.isMarker ? 'true' : undefined,
      'x-amz-version-id': bucket.versioning === 'Unversioned' ? undefined : deleted.versionId,
    },
  };
}

const BYPASS = 'x-amz-bypass-governance-retention';

// Even `false` is refused where there is nothing to bypass.
function checkBypass(call: Call, bucket: Bucket): void {
  if (headerOf(call, BYPASS) !== undefined && !bucket.objectLock)
    throw invalidArgument(`${BYPASS} is only applicable to Object Lock enabled buckets.`, BYPASS);
}

/** A deletion that names no version: a marker where versions are kept, and the end of the null version elsewhere. */
function hide(call: Call, bucket: Bucket, key: string): Deleted {
  if (bucket.versioning === 'Unversioned') {
    destroy(call, bucket, key, NULL_VERSION);
    return { isMarker: false };
  }
  const current = bucket.current(key);
  if (current && call.service.lies.has('marker')) bucket.remove(current);
  const marker = createMarker(call, bucket, key);
  raiseChange(call, bucket, 'ObjectRemoved:DeleteMarkerCreated', marker);
  return { isMarker: true, versionId: marker.versionId };
}

/** A deletion for good; one of a version that is gone already succeeds again. */
function destroy(call: Call, bucket: Bucket, key: string, versionId: string): Deleted {
  const version = bucket.history(key)?.get(versionId);
  if (!version) return { isMarker: false, versionId };
  // Any serial and code will do: there is no device here.
  if (bucket.mfaDelete && headerOf(call, 'x-amz-mfa') === undefined)
    throw accessDenied('Mfa Authentication must be used for this request');
  if (
    version.kind === 'object' &&
    !call.service.lies.has('delete') &&
    !mayDestroy(version.lock, call.now, bypasses(call))
  )
    throw protectedByLock();
  bucket.remove(version);
  raiseChange(call, bucket, 'ObjectRemoved:Delete', version);
  return { isMarker: version.kind === 'marker', versionId };
}

const MOST_KEYS = 1000;

/** DeleteObjects: answers 200 and tells of each key by itself. */
export function deleteObjects(call: Call): Answer {
  const bucket = bucketOf(call);
  if (call.body.length === 0) throw malformedXml();
  const document = readXml(call.body, 'Delete');
  requireProof(call.integrity);
  const objects = childrenNamed(document, 'Object');
  if (objects.length === 0 || objects.length > MOST_KEYS) throw malformedXml();
  if (document.children.some(({ name }) => name !== 'Object' && name !== 'Quiet')) throw malformedXml();
  checkBypass(call, bucket);
  const isQuiet = textOf(document, 'Quiet')?.toLowerCase() === 'true';
  const results = objects.map(readTarget).map((target) => deleteOne(call, bucket, target, isQuiet));
  return { status: 200, body: xmlDocument('DeleteResult', ...results) };
}

interface Target {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly etag: string | undefined;
}

function readTarget(node: XmlNode): Target {
  // A key may begin or end with white space.
  const [key] = childrenNamed(node, 'Key');
  if (!key || key.text === '') throw malformedXml();
  const versionId = textOf(node, 'VersionId');
  return { key: key.text, versionId: versionId === '' ? undefined : versionId, etag: textOf(node, 'ETag') };
}

function deleteOne(call: Call, bucket: Bucket, target: Target, isQuiet: boolean): string {
  const { key, versionId } = target;
  try {
    const action = versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion';
    if (!may(call, action, key)) throw accessDenied();
    if (versionId !== undefined && !isVersionId(call, bucket, versionId)) throw noSuchVersion(key, versionId);
    checkDeletePrecondition(target.etag, bucket, key);
    const deleted = versionId === undefined ? hide(call, bucket, key) : destroy(call, bucket, key, versionId);
    if (isQuiet) return '';
    return branch(
      'Deleted',
      leaf('Key', key),
      leaf('VersionId', versionId),
      leaf('DeleteMarker', deleted.isMarker ? true : undefined),
      leaf('DeleteMarkerVersionId', deleted.isMarker ? deleted.versionId : undefined),
    );
  } catch (error) {
    if (!(error instanceof S3Error)) throw error;
    return branch(
      'Error',
      leaf('Key', key),
      leaf('VersionId', versionId),
      leaf('Code', error.code),
      leaf('Message', error.message),
    );
  }
}
