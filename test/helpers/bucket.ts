/** What tests do to a store as any user would, with the plain SDK. */
import {
  CreateBucketCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { type VersionRef, versionIdOf } from '../../lib/ports/lock-store.ts';

/** A new bucket: with Object Lock, with versions only, or with neither. */
export async function makeBucket(
  client: S3Client,
  kind: 'locked' | 'versioned' | 'plain' = 'locked',
): Promise<string> {
  const Bucket = `t-${randomBytes(6).toString('hex')}`;
  await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: kind === 'locked' }));
  if (kind === 'versioned') {
    const VersioningConfiguration = { Status: 'Enabled' as const };
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  }
  return Bucket;
}

export async function upload(
  client: S3Client,
  bucket: string,
  key: string,
  more: Partial<PutObjectCommandInput> = {},
): Promise<VersionRef> {
  const { VersionId } = await client.send(
    new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'body', ...more }),
  );
  return { bucket, key, versionId: versionIdOf(VersionId ?? 'null') };
}

/** A 256-bit key of the uploader's own, as SSE-C wants it. */
export function customerKey(): Pick<PutObjectCommandInput, 'SSECustomerAlgorithm' | 'SSECustomerKey'> {
  return { SSECustomerAlgorithm: 'AES256', SSECustomerKey: randomBytes(32).toString('base64') };
}
