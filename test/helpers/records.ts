/** Records for tests, written as the functions write them. */
import { PutObjectLockConfigurationCommand, type S3Client } from '@aws-sdk/client-s3';
import { AuditWriter } from '../../lib/app/audit-writer.ts';
import { type DeedRecord, type VersionRecord } from '../../lib/audit/record.ts';
import { type AuditStore } from '../../lib/ports/audit-store.ts';
import { makeBucket } from './bucket.ts';

/** A bucket as a deployment makes it for records: each object is locked by a default rule. */
export async function makeAuditBucket(client: S3Client): Promise<string> {
  const Bucket = await makeBucket(client, 'locked');
  await client.send(
    new PutObjectLockConfigurationCommand({
      Bucket,
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } },
      },
    }),
  );
  return Bucket;
}

export function writerTo(store: AuditStore, name: string): AuditWriter {
  let writers = 0;
  return new AuditWriter({
    store,
    newWriter: () => `${name}-${(writers += 1)}`,
    onCopyFailed: () => undefined,
  });
}

export function deed(time: string, more: Partial<DeedRecord> = {}): DeedRecord {
  return { id: `${time}-id`, time, actor: 'test', phase: 'deed', action: 'swept', ...more };
}

/** The record of a version for which the rule `invoices` counts, before anything was done. */
export function intent(time: string, key: string, more: Partial<VersionRecord> = {}): VersionRecord {
  return {
    id: `${time}-id`,
    time,
    actor: 'test',
    phase: 'intent',
    bucket: 'acme-docs',
    key,
    versionId: 'v1',
    rules: ['invoices'],
    policy: 'hash',
    wanted: [{ kind: 'retention', mode: 'COMPLIANCE', until: '2037-01-01T00:00:00Z' }],
    ...more,
  };
}

/** The record of a version that was locked by the rule `invoices`. */
export function locked(time: string, key: string, more: Partial<VersionRecord> = {}): VersionRecord {
  return intent(time, key, {
    phase: 'outcome',
    decidedBy: 'invoices',
    after: { mode: 'COMPLIANCE', until: '2037-01-01T00:00:00Z', hold: 'none' },
    outcome: 'locked',
    ...more,
  });
}

export async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
