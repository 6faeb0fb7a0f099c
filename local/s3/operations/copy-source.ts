import type { Bucket } from '../bucket.ts';
import { bucketNamed, headerOf, type Call } from '../call.ts';
import { checkReadPreconditions } from '../conditions.ts';
import { checkCustomerKey } from '../encryption.ts';
import { accessDenied, invalidArgument, invalidRequest, noSuchKey } from '../errors.ts';
import { namedVersion } from '../lookup.ts';
import { isAllowed, requireAction } from '../permissions.ts';
import type { ObjectVersion } from '../version.ts';

/** What a copy reads. */
export interface CopySource {
  readonly bucket: Bucket;
  readonly version: ObjectVersion;
}

const NAME = 'x-amz-copy-source';

/** Finds the source of a copy and checks the conditions on it. */
export function copySourceOf(call: Call): CopySource {
  const { bucketName, key, versionId } = readSource(headerOf(call, NAME) ?? '');
  const action = versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion';
  requireAction(call.service, call.principal, { action, bucket: bucketName, key });
  const bucket = bucketNamed(call.service, bucketName, headerOf(call, 'x-amz-source-expected-bucket-owner'));
  const version = versionId === undefined ? bucket.current(key) : namedVersion(call, bucket, key, versionId);
  if (version?.kind === 'marker' && versionId !== undefined)
    throw invalidRequest(
      'The source of a copy request may not specifically refer to a delete marker by version id.',
    );
  if (version?.kind !== 'object')
    throw isAllowed(call.service, call.principal, { action: 's3:ListBucket', bucket: bucketName })
      ? noSuchKey(key)
      : accessDenied();
  checkCustomerKey(call, version.facts.encryption, true);
  checkReadPreconditions(call, version, 'x-amz-copy-source-');
  return { bucket, version };
}

interface SourceName {
  readonly bucketName: string;
  readonly key: string;
  readonly versionId: string | undefined;
}

function readSource(header: string): SourceName {
  // The version is a query of the encoded path; a `?` of the key itself comes escaped.
  const [path = '', versionId] = header.split(/\?versionId=/, 2);
  const decoded = decode(path, header).replace(/^\//, '');
  const slash = decoded.indexOf('/');
  if (slash < 1 || slash === decoded.length - 1)
    throw invalidArgument('Invalid copy source object key', NAME, header);
  const id = versionId === undefined ? undefined : decode(versionId, header);
  if (id === '') throw invalidArgument('Version id cannot be the empty string', 'versionId', id);
  return { bucketName: decoded.slice(0, slash), key: decoded.slice(slash + 1), versionId: id };
}

function decode(text: string, header: string): string {
  try {
    // Header bytes beyond ASCII are a client's unescaped UTF-8.
    return decodeURIComponent(Buffer.from(text, 'latin1').toString('utf8'));
  } catch {
    throw invalidArgument('Invalid copy source encoding.', NAME, header);
  }
}
