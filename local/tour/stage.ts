/** What the acts of the tour play on: a cloud, a client as any user has, and the records as they arrive. */
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import type { Cloud } from '../cloud.ts';

/** A record of the audit log, as far as the tour shows it. */
export interface SeenRecord {
  readonly id: string;
  readonly phase: 'intent' | 'outcome' | 'deed';
  readonly bucket?: string;
  readonly key?: string;
  readonly versionId?: string;
  readonly outcome?: string;
  readonly action?: string;
  readonly decidedBy?: string;
  readonly before?: SeenLock;
  readonly after?: SeenLock;
  readonly reports?: readonly { readonly detail: string }[];
  readonly detail?: string;
  readonly next?: string;
}

export interface SeenLock {
  readonly mode: string;
  readonly until?: string;
}

export interface Stage {
  readonly cloud: Cloud;
  readonly client: S3Client;
  /** With Object Lock. */
  readonly bucket: string;
  /** With versions, and without Object Lock. */
  readonly openBucket: string;
  /** True when the store sends no events, so that the tour makes them from the store's answers. */
  readonly outside: boolean;
  /** Waits for the next record that is wanted; `undefined` when none came in time. */
  nextRecord(wanted: (record: SeenRecord) => boolean): Promise<SeenRecord | undefined>;
  /** Waits for the next outcome about a key of the bucket with Object Lock. */
  outcomeOf(key: string): Promise<SeenRecord | undefined>;
}

const PATIENCE = 15_000;

export async function buildStage(cloud: Cloud, bucket: string, outside: boolean): Promise<Stage> {
  const { url: endpoint, region, credentials } = cloud;
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  const openBucket = `${bucket}-without-lock`;
  await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
  await client.send(new CreateBucketCommand({ Bucket: openBucket }));
  const VersioningConfiguration = { Status: 'Enabled' as const };
  await client.send(new PutBucketVersioningCommand({ Bucket: openBucket, VersioningConfiguration }));

  const nextRecord: Stage['nextRecord'] = async (wanted) =>
    new Promise((resolve) => {
      const onRecord = (raw: object): void => {
        const record = raw as SeenRecord;
        if (!wanted(record)) return;
        clearTimeout(timer);
        cloud.output.off('record', onRecord);
        resolve(record);
      };
      const timer = setTimeout(() => {
        cloud.output.off('record', onRecord);
        resolve(undefined);
      }, PATIENCE);
      cloud.output.on('record', onRecord);
    });
  return {
    cloud,
    client,
    bucket,
    openBucket,
    outside,
    nextRecord,
    outcomeOf: async (key) =>
      nextRecord((record) => record.phase === 'outcome' && record.bucket === bucket && record.key === key),
  };
}

/** The event that S3 would have sent for a change, made from the store's answer to it. */
export function publishEvent(
  { cloud, bucket: stageBucket }: Stage,
  type: 'Object Created' | 'Object Tags Added',
  key: string,
  versionId: string | undefined,
  bucket = stageBucket,
): void {
  cloud.publish({
    id: randomUUID(),
    source: 'aws.s3',
    'detail-type': type,
    detail: {
      bucket: { name: bucket },
      object: { key, ...(versionId !== undefined && { 'version-id': versionId }) },
    },
  });
}
