/** The act of the tour in which older versions are planned from an inventory and locked by bulk jobs. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type ApplyResult, carryOut } from '../lib/app/apply-plan.ts';
import { AuditWriter } from '../lib/app/audit-writer.ts';
import { passOver } from '../lib/app/plan-changes.ts';
import { type RecordDeps } from '../lib/app/record-deps.ts';
import { BucketSource } from '../lib/aws/byte-source.ts';
import { decodedKey } from '../lib/aws/inventory-csv.ts';
import { InventoryListing } from '../lib/aws/inventory-listing.ts';
import { readManifest } from '../lib/aws/inventory-manifest.ts';
import { loadPolicy } from '../lib/aws/load-policy.ts';
import { groupFile, PlanWriter, sha256 } from '../lib/aws/plan-folder.ts';
import { RunFolder } from '../lib/aws/run-folder.ts';
import { S3AuditStore } from '../lib/aws/s3-audit-store.ts';
import { s3Client } from '../lib/aws/s3-client.ts';
import { s3ControlClient } from '../lib/aws/s3-control-client.ts';
import { S3JobControl } from '../lib/aws/s3-job-control.ts';
import { S3LockStore } from '../lib/aws/s3-lock-store.ts';
import { systemClock } from '../lib/aws/system-clock.ts';
import { formatInstant, instantOf } from '../lib/lock/instant.ts';
import { noWeaker } from '../lib/lock/state.ts';
import { makePlan } from '../lib/plan/make-plan.ts';
import { type Plan } from '../lib/plan/plan.ts';
import { AWS_PRICES } from '../lib/plan/price.ts';
import { type PlanRow } from '../lib/plan/row.ts';
import { type Policy } from '../lib/policy/compile.ts';
import { latestOf } from '../lib/policy/latest.ts';
import { providerNamed } from '../lib/providers/index.ts';
import { newRun } from '../lib/runs/run.ts';
import type { Cloud } from '../local/cloud.ts';
import { type Act, OLDER, type OlderVersions, uploadOlder } from '../local/tour/tour.ts';
import { count } from './plan-text.ts';

export interface BulkRow {
  readonly found: string;
  readonly versions: number;
  readonly before: string;
  readonly after: string;
  readonly must: string;
  readonly ok: boolean;
}

/** No events of this bucket are listened to: its versions are older than Holdfast. */
export const ARCHIVE = 'archive';

const POLICY = resolve(import.meta.dirname, '../local/tour/policy-older.yaml');
const WEEK = 7 * 86_400_000;
/** The local cloud need not be spared (milliseconds). */
const POLL = 50;

export async function bulkAct(cloud: Cloud): Promise<Act<BulkRow>> {
  await uploadOlder(cloud, ARCHIVE);
  const policy = loadPolicy(POLICY, {});
  const client = s3Client({ endpoint: cloud.url, credentials: cloud.credentials, isSlow: true });
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-tour-'));
  try {
    const listing = await inventoryOf(cloud, client);
    const before = await rowsOf(listing);
    const plan = await planOf(listing, policy, folder);
    const result = await applied(plan, policy, folder, cloud, client);
    const after = await rowsOf(await inventoryOf(cloud, client));
    const again = await passOver({
      listing: await inventoryOf(cloud, client),
      policy,
      tolerance: WEEK,
      unreadableShare: 0,
    });
    const left = [...again.tally.series.values()].flatMap(({ cells }) => [...cells.values()]);
    const jobs = Object.values(result.run.groups).filter(({ jobId }) => jobId !== undefined).length;
    const directly = result.counts.succeeded - (result.counts.byOutcome['by-job'] ?? 0);
    const rows: BulkRow[] = [
      ...OLDER.map((group) => rowOf(group, before, after)),
      {
        found: 'all of them, planned from an inventory',
        versions: plan.totals.rows,
        before: `${count(plan.changes.versions)} to change`,
        after: `${count(result.counts.byOutcome['by-job'] ?? 0)} by ${jobs} bulk jobs, ${count(directly)} direct`,
        must: 'each as planned',
        ok: result.run.state === 'done',
      },
      {
        found: 'planned once more',
        versions: after.length,
        before: `${count(plan.changes.versions)} to change`,
        after: `${count(left.reduce((sum, { versions }) => sum + versions, 0))} to change`,
        must: 'nothing left to change',
        ok: left.length === 0,
      },
    ];
    return {
      name: 'uploaded before Holdfast came, planned and locked in bulk',
      rows,
      ok: rows.every(({ ok }) => ok),
    };
  } finally {
    client.destroy();
    await rm(folder, { recursive: true, force: true });
  }
}

type Client = ReturnType<typeof s3Client>;

async function inventoryOf(cloud: Cloud, client: Client): Promise<InventoryListing> {
  const { bucket, key } = await cloud.inventory(ARCHIVE, { id: randomUUID(), rowsPerFile: 2_000 });
  const source = new BucketSource(client, bucket);
  return new InventoryListing(source, key, await readManifest(source, key));
}

async function rowsOf(listing: InventoryListing): Promise<PlanRow[]> {
  const rows: PlanRow[] = [];
  for await (const batch of listing.batches()) rows.push(...batch.rows);
  return rows;
}

async function planOf(listing: InventoryListing, policy: Policy, folder: string): Promise<Plan> {
  const writer = await PlanWriter.begin(folder);
  const { tally } = await passOver({
    listing,
    policy,
    tolerance: WEEK,
    unreadableShare: 0,
    onChange: (row, change, place) => {
      writer.add(row, change, place);
    },
    drained: async () => writer.drained(),
  });
  const { plan, assignment } = makePlan(tally, {
    policy: { hash: policy.hash },
    listing: {
      kind: listing.kind,
      source: listing.source,
      asOf: formatInstant(listing.asOf),
      fingerprint: listing.fingerprint(),
    },
    goodUntil: instantOf(listing.asOf + WEEK),
    prices: AWS_PRICES,
    choice: 'batch',
    hasBatch: true,
    hash: sha256,
  });
  await writer.finish(plan, assignment);
  return plan;
}

async function applied(
  plan: Plan,
  policy: Policy,
  folder: string,
  cloud: Cloud,
  client: Client,
): Promise<ApplyResult> {
  const recording: RecordDeps = {
    audit: new AuditWriter({
      store: new S3AuditStore({ client, bucket: cloud.bucketOf('AuditBucket') }),
      newWriter: () => `tour-${randomUUID()}`,
      onCopyFailed: () => undefined, // there is no copy here
    }),
    clock: systemClock,
    actor: 'tour',
    newId: randomUUID,
  };
  const store = new S3LockStore({ client, provider: providerNamed('aws') });
  const { url: endpoint, accountId: account, roleArn: role } = cloud.batch;
  const jobs = new S3JobControl({
    control: s3ControlClient({ endpoint, credentials: cloud.credentials }),
    s3: client,
    account,
    role,
    bucket: cloud.bucketOf('ConfigBucket'),
  });
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  const run = newRun(plan, {
    started: formatInstant(systemClock.now()),
    by: 'tour',
    state: 'approved',
    waitsFor: [],
  });
  return carryOut(
    plan,
    run,
    {
      ...recording,
      store,
      policy,
      brake: { pausedBecause: async () => undefined, admit: async () => undefined },
      runs: new RunFolder(folder),
      most: 32,
      fileOf: (group) => groupFile(folder, group),
      jobs: {
        ...recording,
        jobs,
        store,
        pollEvery: POLL,
        hash,
        decodeKey: decodedKey,
        latest: async () => latestOf(policy, systemClock.now()),
      },
    },
    () => undefined,
  );
}

function rowOf(
  { prefix, versions, what, must }: OlderVersions,
  before: readonly PlanRow[],
  after: readonly PlanRow[],
): BulkRow {
  const [was, is] = [before, after].map((rows) => rows.filter(({ key }) => key.startsWith(prefix)));
  const [had, has] = [lockText(was ?? []), lockText(is ?? [])];
  const isKept = (is ?? []).every((row) => isNoWeaker(row, was ?? []));
  const isLeft = must.startsWith('left');
  const ok = was?.length === versions && is?.length === versions && isKept && (had === has) === isLeft;
  return { found: what, versions, before: had, after: has, must, ok };
}

function isNoWeaker({ key, lock }: PlanRow, before: readonly PlanRow[]): boolean {
  const was = before.find((row) => row.key === key);
  return was !== undefined && noWeaker(was.lock, lock, systemClock.now());
}

/** The locks of versions that are alike: their modes, and their first and last day. */
function lockText(rows: readonly PlanRow[]): string {
  const texts = new Map<string, string[]>();
  for (const { lock } of rows) {
    const { retention } = lock;
    const mode = retention.state === 'locked' ? retention.mode : 'none';
    const days = texts.get(mode) ?? [];
    texts.set(mode, days);
    if (retention.state === 'locked') days.push(formatInstant(retention.until).slice(0, 10));
  }
  return [...texts]
    .map(([mode, days]) => {
      const [first, last] = [days.toSorted()[0], days.toSorted().at(-1)];
      return first === undefined
        ? mode
        : first === last
          ? `${mode} ${first}`
          : `${mode} ${first} to ${last ?? ''}`;
    })
    .join(', ');
}
