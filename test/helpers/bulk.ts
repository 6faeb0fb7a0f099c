/** An embedded S3 with Batch Operations beside it, and plans to be carried out on them. */
import {
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  type ObjectLockRetention,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { instantOf } from '../../lib/lock/instant.ts';
import { type S3ControlClient } from '@aws-sdk/client-s3-control';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApplyDeps } from '../../lib/app/apply-plan.ts';
import { type JobDeps } from '../../lib/app/run-job.ts';
import { decodedKey } from '../../lib/aws/inventory-csv.ts';
import { groupFile } from '../../lib/aws/plan-folder.ts';
import { RunFolder } from '../../lib/aws/run-folder.ts';
import { s3ControlClient } from '../../lib/aws/s3-control-client.ts';
import { S3JobControl } from '../../lib/aws/s3-job-control.ts';
import { type Group, type Plan } from '../../lib/plan/plan.ts';
import { type VersionRef } from '../../lib/ports/lock-store.ts';
import { newRun, type Run } from '../../lib/runs/run.ts';
import { type ControlOptions, type RunningControl, startControl } from '../../local/control/index.ts';
import { type S3Event, type S3Options } from '../../local/s3/types.ts';
import { makeBucket, upload } from './bucket.ts';
import { type TestDeps } from './deps.ts';
import { type Embedded, startEmbedded } from './embedded.ts';

export const ACCOUNT = '123456789012';
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/holdfast-batch`;
/** A key with everything that CSV, URLs and XML could stumble over. */
export const HOSTILE = 'a+b %25 "q",\n😀';

/** What no job may do, whoever asks for it. */
const BATCH = { batch: ['s3:BypassGovernanceRetention', 's3:DeleteObject*'] };

export interface Bulk extends Embedded {
  readonly client: S3Client;
  /** The retentions that the store took, by version, in their order. */
  readonly taken: S3Event[];
  /** S3 Batch Operations on this store, with a client of it; ended with the store. */
  control(options?: Partial<ControlOptions>): Promise<{ control: RunningControl; client: S3ControlClient }>;
  retention(ref: VersionRef): Promise<ObjectLockRetention | undefined>;
  hold(ref: VersionRef): Promise<string | undefined>;
}

export async function startBulk(
  denied: Readonly<Record<string, readonly string[]>> = {},
  options: S3Options = {},
): Promise<Bulk> {
  const taken: S3Event[] = [];
  const notify = (event: S3Event): void => {
    options.notify?.(event);
    if (event.name === 'ObjectRetention:Put') taken.push(event);
  };
  const embedded = await startEmbedded({ ...BATCH, ...denied }, { ...options, notify });
  const client = embedded.clientFor();
  const open: { close: () => Promise<void> | void }[] = [];
  return {
    ...embedded,
    client,
    taken,
    async control(more = {}) {
      const control = await startControl({
        s3Url: embedded.s3.url,
        role: { arn: ROLE, accessKeyId: 'batch', secretAccessKey: 'secret' },
        principals: [{ accessKeyId: 'owner', secretAccessKey: 'secret' }],
        ...(options.clock && { clock: options.clock }),
        ...more,
      });
      const credentials = { accessKeyId: 'owner', secretAccessKey: 'secret' };
      const controlClient = s3ControlClient({ endpoint: control.url, credentials });
      open.push(control, {
        close: () => {
          controlClient.destroy();
        },
      });
      return { control, client: controlClient };
    },
    async retention({ bucket: Bucket, key: Key, versionId: VersionId }) {
      const input = { Bucket, Key, VersionId };
      try {
        return (await client.send(new GetObjectRetentionCommand(input))).Retention;
      } catch (cause) {
        if (cause instanceof Error && cause.name === 'NoSuchObjectLockConfiguration') return undefined;
        throw cause;
      }
    },
    async hold({ bucket: Bucket, key: Key, versionId: VersionId }) {
      const input = { Bucket, Key, VersionId };
      try {
        return (await client.send(new GetObjectLegalHoldCommand(input))).LegalHold?.Status;
      } catch (cause) {
        if (cause instanceof Error && cause.name === 'NoSuchObjectLockConfiguration') return undefined;
        throw cause;
      }
    },
    async close() {
      for (const each of open) await each.close();
      await embedded.close();
    },
  };
}

/** A bucket that got Object Lock when objects lay in it already: their versions have the id `null`. */
export async function makeOldBucket(
  client: S3Client,
  ...keys: readonly string[]
): Promise<{ bucket: string; refs: VersionRef[] }> {
  const bucket = await makeBucket(client, 'plain');
  const refs = await Promise.all(keys.map(async (key) => upload(client, bucket, key)));
  const VersioningConfiguration = { Status: 'Enabled' as const };
  await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
  const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled' as const };
  await client.send(new PutObjectLockConfigurationCommand({ Bucket: bucket, ObjectLockConfiguration }));
  return { bucket, refs };
}

export interface GroupParts extends Partial<Omit<Group, 'id' | 'versions' | 'bytes'>> {
  readonly refs: readonly VersionRef[];
  /** A date for each version. */
  readonly dates?: readonly string[];
}

export interface MadePlan {
  readonly plan: Plan;
  readonly folder: string;
}

/** A plan of these groups in a folder, as far as whoever carries it out asks for it. */
export function madePlan(groups: readonly GroupParts[], tolerance = 86_400_000): MadePlan {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-plan-'));
  mkdirSync(join(folder, 'groups'));
  const made = groups.map(({ refs, dates, ...parts }, at): Group => {
    const id = `g${String(at + 1).padStart(3, '0')}`;
    const lines = refs.map(
      ({ bucket, key, versionId }, row) =>
        `${bucket},${encodeURIComponent(key)},${versionId}${dates === undefined ? '' : `,${dates[row] ?? ''}`}\n`,
    );
    writeFileSync(groupFile(folder, id), lines.join(''));
    const bucket = refs[0]?.bucket ?? '';
    return {
      ...{ id, bucket, to: 'GOVERNANCE', route: 'plain', engine: 'direct' },
      ...{ versions: refs.length, bytes: refs.length },
      ...parts,
    };
  });
  const plan: Plan = {
    ...{ version: 1, id: 'plan-0123456789abcdef', goodUntil: '2027-01-01T00:00:00Z', tolerance },
    policy: { hash: 'policy-hash' },
    listing: { kind: 'inventory', source: 'manifest.json', asOf: '2026-11-18T00:00:00Z', fingerprint: 'f' },
    totals: {
      ...{ rows: 0, bytes: 0, markers: 0, unreadable: 0 },
      ...{ satisfied: 0, unmatched: 0, termOver: 0, stuck: 0, sizeless: 0 },
    },
    ...{ lines: [], groups: made, staysWrong: [] },
    changes: {
      ...{ versions: 0, bytes: 0 },
      newlyCompliance: { versions: 0, bytes: 0 },
      largestShare: { bucket: '', share: 0 },
    },
    cost: { requests: 0, jobs: 0, usd: 0, prices: { source: '', date: '' } },
  };
  return { plan, folder };
}

export function runOf({ plan }: MadePlan): Run {
  return newRun(plan, { started: '2026-11-20T12:00:00Z', by: 'test', state: 'approved', waitsFor: [] });
}

export function jobDepsOf(
  deps: TestDeps,
  options: { client: S3Client; control: S3ControlClient; bucket: string; functionArn?: string },
): JobDeps {
  const { client, control, bucket, functionArn } = options;
  return {
    ...deps,
    // What happens meanwhile happens elsewhere: the loop goes round.
    clock: {
      now: () => deps.clock.now(),
      wait: async () => new Promise((resolve) => setImmediate(resolve)),
    },
    jobs: new S3JobControl({ control, s3: client, account: ACCOUNT, role: ROLE, bucket }),
    pollEvery: 30_000,
    ...(functionArn !== undefined && { functionArn }),
    hash: (text) => createHash('sha256').update(text).digest('hex'),
    decodeKey: decodedKey,
    latest: async () => Promise.resolve(instantOf(Date.UTC(2200, 0, 1))),
  };
}

export function applyDepsOf({ folder }: MadePlan, deps: TestDeps, jobs?: JobDeps, most = 8): ApplyDeps {
  return {
    ...deps,
    ...{ runs: new RunFolder(folder), most, fileOf: (group) => groupFile(folder, group) },
    ...(jobs && { jobs }),
  };
}
