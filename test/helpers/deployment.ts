/** A deployment's configuration bucket with what plans and steps runs in it, and messages in the hands of the test. */
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type S3ControlClient } from '@aws-sdk/client-s3-control';
import {
  type BulkPlanDeps,
  type FoundInventory,
  handlePlanMessage,
  messageSchema,
  type PlanMessage,
  startPlan,
} from '../../lib/app/bulk-plan.ts';
import { getRun, putRun } from '../../lib/app/bulk-runs.ts';
import { type Chunk, chunkSchema, type ChunkDeps } from '../../lib/app/bulk-change.ts';
import { type StepDeps } from '../../lib/app/bulk-step.ts';
import { type DeedRecord } from '../../lib/audit/record.ts';
import { FileAssembly, FileSpool } from '../../lib/aws/bulk-files.ts';
import { BucketSource } from '../../lib/aws/byte-source.ts';
import { InventoryListing } from '../../lib/aws/inventory-listing.ts';
import { readManifest } from '../../lib/aws/inventory-manifest.ts';
import { parseStoredPlan } from '../../lib/aws/plan-folder.ts';
import { S3BulkStore } from '../../lib/aws/s3-bulk-store.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { formatInstant } from '../../lib/lock/instant.ts';
import { SCHEDULED } from '../../lib/plan/guardrails.ts';
import { type Policy } from '../../lib/policy/compile.ts';
import { parsePolicy } from '../../lib/policy/parse.ts';
import { type Run } from '../../lib/runs/run.ts';
import { writeInventory } from '../../local/inventory/index.ts';
import { makeBucket } from './bucket.ts';
import { type Bulk, jobDepsOf } from './bulk.ts';
import { testDeps, type TestDeps } from './deps.ts';
import { sha256 } from './plan.ts';

/** Every plan may go ahead. */
export const FREE = { versions: Infinity, usd: Infinity, share: 1, newlyCompliance: Infinity };

export interface DeploymentOptions {
  readonly policy: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly planning?: Partial<Pick<BulkPlanDeps, 'choice' | 'hasBatch' | 'rails' | 'tolerance'>>;
}

export interface Deployment {
  readonly config: string;
  readonly deps: TestDeps;
  readonly planning: BulkPlanDeps;
  /** Messages to the functions that count, in the order of their sending; whoever delivers them takes them out. */
  readonly messages: PlanMessage[];
  /** Pieces for the functions of the direct engine. */
  readonly pieces: Chunk[];
  readonly deeds: () => DeedRecord[];
  readonly actions: () => string[];
  /** Another policy comes into force. */
  activate(text: string, hash: string): void;
  pause(why: string | undefined): void;
  inventory(bucket: string, rowsPerFile?: number): Promise<FoundInventory>;
  text(name: string): Promise<string | undefined>;
  names(prefix: string): Promise<string[]>;
  put(name: string, body: string): Promise<void>;
  /** Plans a bucket: every message delivered once, in its order. */
  plan(bucket: string): Promise<Run>;
  deliver(message: PlanMessage | undefined): Promise<Run | undefined>;
  run(id: string): Promise<Run>;
  approve(id: string): Promise<void>;
  stepping(control: S3ControlClient, more?: Partial<StepDeps>): StepDeps;
  changing(): ChunkDeps;
}

export async function deploymentOn(
  { client }: Pick<Bulk, 'client'> & { client: S3Client },
  { policy, now, planning: more = {} }: DeploymentOptions,
): Promise<Deployment> {
  const [config, lists] = await Promise.all([makeBucket(client, 'versioned'), makeBucket(client, 'plain')]);
  const deps = testDeps({ client, policy, now, config });
  const bulk = new S3BulkStore(client, config);
  const messages: PlanMessage[] = [];
  const pieces: Chunk[] = [];
  let inForce: Policy = deps.policy;
  let paused: string | undefined;
  const policies = { current: async () => inForce };
  const planning: BulkPlanDeps = {
    ...deps,
    policies,
    bulk,
    queue: {
      send: async (bodies) => {
        messages.push(...bodies.map((body) => messageSchema.parse(JSON.parse(body))));
      },
    },
    open: async ({ manifest, hash }, part) => {
      const source = new BucketSource(client, manifest.bucket);
      const read = await readManifest(source, manifest.key);
      if (read.hash !== hash) throw new HoldfastError('moved', { what: manifest.key, next: 'plan anew' });
      return new InventoryListing(source, manifest.key, read, read.files.slice(part, part + 1));
    },
    spool: async () => FileSpool.begin(bulk),
    assembly: async () => FileAssembly.begin(bulk),
    rails: SCHEDULED,
    tolerance: 86_400_000,
    hasBatch: true,
    choice: 'auto',
    hash: sha256,
    reading: 'P12Y apply',
    ...more,
  };
  const deeds = (): DeedRecord[] => deps.records.filter((record) => record.phase === 'deed');
  const brake = { pausedBecause: async () => paused, admit: async () => undefined };
  const deployment: Deployment = {
    ...{ config, deps, planning, messages, pieces, deeds },
    actions: () => deeds().map(({ action }) => action),
    activate(text, hash) {
      const parsed = parsePolicy(text, { hash });
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
      inForce = parsed.policy;
    },
    pause(why) {
      paused = why;
    },
    async inventory(bucket, rowsPerFile = 3) {
      const { bucket: held, key } = await writeInventory({
        ...{ source: client, bucket, destinationBucket: lists, rowsPerFile, now: now() },
      });
      const read = await readManifest(new BucketSource(client, held), key);
      return {
        bucket: held,
        key,
        hash: read.hash,
        created: formatInstant(read.created),
        files: read.files.length,
      };
    },
    text: async (name) => (await deps.documents.get(name))?.body,
    async names(prefix) {
      const names: string[] = [];
      for await (const name of bulk.list(prefix)) names.push(name);
      return names;
    },
    async put(Key, Body) {
      await client.send(new PutObjectCommand({ Bucket: config, Key, Body }));
    },
    async plan(bucket) {
      await startPlan(await deployment.inventory(bucket), planning);
      for (let next = messages.shift(); next !== undefined; next = messages.shift()) {
        const run = await handlePlanMessage(next, planning);
        if (run !== undefined) return run;
      }
      throw new Error('no run came of it');
    },
    deliver: async (message) => (message === undefined ? undefined : handlePlanMessage(message, planning)),
    async run(id) {
      const held = await getRun(id, deps.documents);
      if (held === undefined) throw new Error(`there is no run ${id}`);
      return held.run;
    },
    async approve(id) {
      const held = await getRun(id, deps.documents);
      if (held === undefined) throw new Error(`there is no run ${id}`);
      await putRun({ ...held.run, state: 'approved', approvedBy: 'somebody' }, held, deps.documents);
    },
    stepping: (control, rest = {}) => ({
      ...jobDepsOf(deps, { client, control, bucket: config }),
      ...{ documents: deps.documents, bulk, policies },
      changes: {
        send: async (bodies) => {
          pieces.push(...bodies.map((body) => chunkSchema.parse(JSON.parse(body))));
        },
      },
      readPlan: async (folder) =>
        parseStoredPlan((await deployment.text(`${folder}/plan.json`)) ?? '', folder),
      pausedBecause: async () => paused,
      manages: deps.manages,
      reading: 'P12Y apply',
      ...rest,
    }),
    changing: () => ({ ...deps, policy: inForce, brake, bulk, mostTolerance: planning.tolerance }),
  };
  return deployment;
}
