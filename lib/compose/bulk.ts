/** The composition root of the bulk functions: what plans, counts, steps and locks in pieces. */
import { createHash } from 'node:crypto';
import { type Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type BulkPlanDeps, type FoundInventory } from '../app/bulk-plan.ts';
import { type StepDeps } from '../app/bulk-step.ts';
import { type LockDeps } from '../app/deps.ts';
import { FileAssembly, FileSpool } from '../aws/bulk-files.ts';
import { BucketSource } from '../aws/byte-source.ts';
import { decodedKey } from '../aws/inventory-csv.ts';
import { InventoryListing } from '../aws/inventory-listing.ts';
import { readManifest, requirePast } from '../aws/inventory-manifest.ts';
import { newestInventory } from '../aws/newest-inventory.ts';
import { parseStoredPlan } from '../aws/plan-folder.ts';
import { PATIENCE, s3Client } from '../aws/s3-client.ts';
import { S3BulkStore } from '../aws/s3-bulk-store.ts';
import { s3ControlClient } from '../aws/s3-control-client.ts';
import { S3JobControl } from '../aws/s3-job-control.ts';
import { SqsWorkQueue } from '../aws/sqs-work-queue.ts';
import { HoldfastError } from '../errors.ts';
import { formatInstant } from '../lock/instant.ts';
import { latestOf } from '../policy/latest.ts';
import { addPeriod, parsePeriod, shortestLength } from '../policy/period.ts';
import { type BulkEnvironment, readBulkEnvironment } from './bulk-environment.ts';
import { composeUploads, type Uploads } from './uploads.ts';

export interface Bulk extends Uploads {
  /** Where inventories lie. */
  readonly inventories: readonly string[];
  /** The newest report of a place; undefined where there is none that is new enough. */
  readonly newestInventory: (place: string) => Promise<FoundInventory | undefined>;
  readonly planning: BulkPlanDeps;
  /** What steps need; only where there is a role for jobs. */
  readonly stepping: () => StepDeps;
  /** What locking a planned version needs, with the policy in force now. */
  readonly planned: () => Promise<LockDeps>;
}

/** How often a job is asked for by whoever waits for it; the functions never wait. */
const NEVER = 0;

/** @throws HoldfastError `bad-input` when a variable is missing or wrong. */
export function composeBulk(
  env: NodeJS.ProcessEnv,
  { metrics, logger }: { readonly metrics: Metrics; readonly logger: Logger },
): Bulk {
  const trouble = (metric: string, cause: unknown): void => {
    metrics.addMetric(metric, MetricUnit.Count, 1);
    logger.error(metric, { error: cause instanceof Error ? cause : String(cause) });
  };
  const uploads = composeUploads(env, {
    onPolicyStale: (cause) => {
      trouble('PolicyStale', cause);
    },
    onCopyFailed: (cause) => {
      trouble('AuditCopyFailed', cause);
    },
  });
  const environment = readBulkEnvironment(env);
  const { environment: shared, policies, documents, brake } = uploads;
  const owner = shared.HOLDFAST_BUCKET_OWNER;
  const endpoint = shared.AWS_ENDPOINT_URL_S3;
  const s3 = s3Client({ isSlow: true, ...(endpoint !== undefined && { endpoint }) });
  const sqs = new SQSClient({ requestHandler: PATIENCE });
  const bulk = new S3BulkStore(s3, shared.HOLDFAST_CONFIG_BUCKET, owner);
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  const tolerance = shortestLength(parsePeriod(environment.HOLDFAST_TOLERANCE));
  const reading = `${shared.HOLDFAST_MAXIMUM} ${shared.HOLDFAST_ENFORCE}`;
  const jobs = { environment, s3, bucket: shared.HOLDFAST_CONFIG_BUCKET };

  return {
    ...uploads,
    inventories: environment.HOLDFAST_INVENTORIES.split(',')
      .map((place) => place.trim())
      .filter((place) => place !== ''),
    newestInventory: async (place) => {
      const found = await newestInventory(s3, place);
      if (found === undefined) return undefined;
      const {
        bucket,
        hash: fingerprint,
        created,
        files,
      } = await readManifest(new BucketSource(s3, found.bucket, owner), found.key);
      if (!uploads.manages(bucket)) return undefined;
      requirePast({ created }, uploads.clock.now(), found.key);
      const [, age] = (await policies.current()).settings.horizon;
      const isNew = addPeriod(created, age ?? parsePeriod('P2D')) >= uploads.clock.now();
      return isNew
        ? { ...found, hash: fingerprint, created: formatInstant(created), files: files.length }
        : undefined;
    },
    planning: {
      ...uploads,
      bulk,
      queue: new SqsWorkQueue(sqs, environment.HOLDFAST_COUNT_QUEUE_URL),
      open: async ({ manifest, hash: expected }, part) => {
        const source = new BucketSource(s3, manifest.bucket, owner);
        const read = await readManifest(source, manifest.key);
        if (read.hash !== expected) throw moved(manifest.key);
        return new InventoryListing(source, manifest.key, read, read.files.slice(part, part + 1));
      },
      spool: async () => FileSpool.begin(bulk),
      assembly: async () => FileAssembly.begin(bulk),
      rails: {
        versions: environment.HOLDFAST_MOST_VERSIONS,
        usd: environment.HOLDFAST_MOST_USD,
        share: environment.HOLDFAST_MOST_PERCENT / 100,
        // Nobody can take it back, so nobody is spared the question.
        newlyCompliance: 0,
      },
      tolerance,
      hasBatch: environment.HOLDFAST_BATCH_ROLE !== undefined && shared.HOLDFAST_STORE === 'aws',
      choice: environment.HOLDFAST_ENGINE,
      hash,
      reading,
    },
    stepping: () => ({
      ...uploads,
      bulk,
      hash,
      decodeKey: decodedKey,
      jobs: jobControl(jobs),
      pollEvery: NEVER,
      latest: async () => latestOf(await policies.current(), uploads.clock.now()),
      ...(environment.HOLDFAST_BATCH_FUNCTION !== undefined && {
        functionArn: environment.HOLDFAST_BATCH_FUNCTION,
      }),
      changes: new SqsWorkQueue(sqs, environment.HOLDFAST_CHANGE_QUEUE_URL),
      readPlan: async (folder) => {
        const document = await documents.get(`${folder}/plan.json`);
        return parseStoredPlan(document?.body ?? '', folder);
      },
      pausedBecause: async () => brake.pausedBecause(),
      reading,
    }),
    planned: async () => ({
      ...uploads,
      policy: await policies.current(),
      // What may change was bounded by the guardrails and approved beyond them: the breaker guards uploads.
      brake: { pausedBecause: async () => brake.pausedBecause(), admit: async () => undefined },
    }),
  };
}

function jobControl({
  environment,
  s3,
  bucket,
}: {
  readonly environment: BulkEnvironment;
  readonly s3: ReturnType<typeof s3Client>;
  readonly bucket: string;
}): S3JobControl {
  const role = environment.HOLDFAST_BATCH_ROLE ?? '';
  const endpoint = environment.AWS_ENDPOINT_URL_S3_CONTROL;
  return new S3JobControl({
    control: s3ControlClient(endpoint === undefined ? {} : { endpoint }),
    s3,
    account: /^arn:aws[a-z-]*:iam::(\d{12}):role\//.exec(role)?.[1] ?? '',
    role,
    bucket,
  });
}

function moved(key: string): HoldfastError {
  return new HoldfastError('moved', {
    what: `${key} is not what the plan was begun with`,
    next: 'nothing was planned; the next schedule plans anew',
  });
}
