/** What the acts of the tour play on: a cloud, a client as any user has, and the records as they arrive. */
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import type { Cloud } from '../cloud.ts';

/** A record of the audit log, as far as the tour shows it. */
export interface SeenRecord {
  readonly phase: 'intent' | 'outcome';
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
  readonly outcome?: string;
  readonly decidedBy?: string;
  readonly before?: SeenLock;
  readonly after?: SeenLock;
  readonly reports?: readonly { readonly detail: string }[];
  readonly next?: string;
}

export interface SeenLock {
  readonly mode: string;
  readonly until?: string;
}

export interface Stage {
  readonly cloud: Cloud;
  readonly client: S3Client;
  readonly bucket: string;
  /** True when the store sends no events, so that the tour makes them from the store's answers. */
  readonly outside: boolean;
  /** Waits for the next outcome about a version of a key; `undefined` when none came in time. */
  outcomeOf(
    key: string,
    versionId: string | undefined,
    milliseconds: number,
  ): Promise<SeenRecord | undefined>;
}

export async function buildStage(cloud: Cloud, bucket: string, outside: boolean): Promise<Stage> {
  const { url: endpoint, region, credentials } = cloud;
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));

  const waiting = new Set<{
    key: string;
    versionId: string | undefined;
    settle: (record: SeenRecord) => void;
  }>();
  cloud.output.on('record', (raw) => {
    const record = raw as unknown as SeenRecord;
    if (record.phase !== 'outcome' || record.bucket !== bucket) return;
    for (const wish of waiting) {
      if (wish.key !== record.key) continue;
      if (wish.versionId !== undefined && wish.versionId !== record.versionId) continue;
      waiting.delete(wish);
      wish.settle(record);
    }
  });
  return {
    cloud,
    client,
    bucket,
    outside,
    async outcomeOf(key, versionId, milliseconds) {
      return new Promise((resolve) => {
        const wish = { key, versionId, settle };
        const timer = setTimeout(() => {
          waiting.delete(wish);
          resolve(undefined);
        }, milliseconds);
        function settle(record: SeenRecord): void {
          clearTimeout(timer);
          resolve(record);
        }
        waiting.add(wish);
      });
    },
  };
}

/** The event that S3 would have sent for a change, made from the store's answer to it. */
export function eventFor(stage: Stage, type: string, key: string, versionId: string | undefined): void {
  stage.cloud.publish({
    id: randomUUID(),
    source: 'aws.s3',
    'detail-type': type,
    detail: {
      bucket: { name: stage.bucket },
      object: { key, ...(versionId !== undefined && { 'version-id': versionId }) },
    },
  });
}
