import { createHash } from 'node:crypto';
import { bucketOf, keyOf, type Answer, type Call } from '../call.ts';
import { checksumHeader, fullChecksum, type Checksum } from '../checksums.ts';
import { checkWritePreconditions } from '../conditions.ts';
import { createVersion } from '../create.ts';
import { encryptionHeaders } from '../encryption.ts';
import { raiseChange } from '../events.ts';
import { versionHeader } from '../lookup.ts';
import { checkLockable, checkTarget, factsOf, requireUploadProof } from '../upload-headers.ts';
import { NULL_VERSION } from '../version-id.ts';
import type { ObjectVersion } from '../version.ts';
import type { Bucket } from '../bucket.ts';

/** PutObject. */
export async function putObject(call: Call): Promise<Answer> {
  const key = keyOf(call);
  checkTarget(call, key);
  const facts = factsOf(call);
  const checksum = call.integrity.checksum ?? (await fullChecksum('CRC64NVME', call.body));
  // From here on nothing waits: two conditional writers cannot both find the key absent.
  const bucket = bucketOf(call);
  const { needsIntegrity } = checkLockable(bucket, facts.lock);
  requireUploadProof(call, needsIntegrity);
  checkWritePreconditions(call, bucket, key);
  const etag = createHash('md5').update(call.body).digest('hex');
  const version = createVersion(call, bucket, key, facts, { data: call.body, etag, checksum });
  raiseChange(call, bucket, 'ObjectCreated:Put', version);
  return {
    status: 200,
    headers: { ...creationHeaders(bucket, version), ETag: `"${etag}"`, ...checksumHeaders(checksum) },
  };
}

/** The headers every creation answers with; a null version is not named. */
export const creationHeaders = (
  bucket: Bucket,
  version: ObjectVersion,
): Record<string, string | undefined> => ({
  ...encryptionHeaders(version.facts.encryption),
  'x-amz-version-id': version.versionId === NULL_VERSION ? undefined : versionHeader(bucket, version),
});

/** The headers that carry a checksum and say what it covers. */
export const checksumHeaders = (checksum: Checksum): Record<string, string> => ({
  [checksumHeader(checksum.algorithm)]: checksum.value,
  'x-amz-checksum-type': checksum.type,
});
