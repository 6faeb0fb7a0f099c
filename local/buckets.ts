/** Makes the buckets of the stack in the embedded S3, with their versions and their lock. */
import {
  CreateBucketCommand,
  type ObjectLockRetentionMode,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { StackBucket } from './stack.ts';

export async function makeBuckets(
  endpoint: string,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
  buckets: readonly StackBucket[],
): Promise<void> {
  const client = new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true });
  for (const { name: Bucket, lock } of buckets) {
    await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: lock !== undefined }));
    if (lock === undefined) {
      const VersioningConfiguration = { Status: 'Enabled' as const };
      await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
      continue;
    }
    const DefaultRetention = {
      Mode: lock.mode as ObjectLockRetentionMode,
      Days: lock.days,
      Years: lock.years,
    };
    const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled' as const, Rule: { DefaultRetention } };
    await client.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
  }
  client.destroy();
}
