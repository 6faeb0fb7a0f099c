/** Work on matters as lib/compose/holds.ts puts it together, without Lambda and SQS, on servers of the benchmark. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { CreateBucketCommand, PutObjectLockConfigurationCommand, type S3Client } from '@aws-sdk/client-s3';
import { AuditWriter } from '../lib/app/audit-writer.ts';
import { type Caller } from '../lib/app/caller.ts';
import { type ArrivalDeps, ensureOnRoll, neededBy } from '../lib/app/matters/arrivals.ts';
import { Coverage } from '../lib/app/matters/coverage.ts';
import { OpenMatters } from '../lib/app/matters/open-matters.ts';
import { type ServiceDeps } from '../lib/app/matters/service-deps.ts';
import { S3AuditStore } from '../lib/aws/s3-audit-store.ts';
import { S3BucketSurvey } from '../lib/aws/s3-bucket-survey.ts';
import { S3RollStore } from '../lib/aws/s3-roll-store.ts';
import { s3Client } from '../lib/aws/s3-client.ts';
import { S3Documents } from '../lib/aws/s3-documents.ts';
import { S3HoldClearer } from '../lib/aws/s3-hold-clearer.ts';
import { S3LockStore } from '../lib/aws/s3-lock-store.ts';
import { S3VersionListing } from '../lib/aws/s3-version-listing.ts';
import { type SearchableCopy } from '../lib/ports/audit-store.ts';
import { type Ledger } from '../lib/ports/ledger.ts';
import { providerNamed } from '../lib/providers/index.ts';
import { type HoldPump } from './hold-pump.ts';
import { policyOf } from './rules.ts';
import { CREDENTIALS } from './services.ts';

export const CASES = 'bench-cases';
const CONFIG = 'bench-config';

/** Short, so that the waiting for caches counts little (milliseconds). */
const FRESH = 1;
/** The one ledger that all of them pretend to be: a bucket with holds of another one would be refused. */
const EPOCH = 'ledger-of-the-benchmark';
const POLICY = policyOf([
  { name: 'cases', match: { bucket: CASES }, lock: { mode: 'GOVERNANCE', for: 'P1Y' } },
]);

/** Who asks; another subject is another person. */
export function callerOf(subject: string): Caller {
  return {
    person: { issuer: 'https://issuer.example', subject },
    groups: ['legal'],
    access: new Set(['matters:read', 'matters:write', 'matters:approve']),
  };
}

/** What the functions of one deployment share. */
export interface World {
  readonly endpoint: string;
  /** The bucket of records and rolls. */
  readonly audit: string;
  readonly pump: HoldPump;
  /** @param control - the client of the buckets of Holdfast's own. */
  readonly ledger: (control: S3Client) => Ledger;
  readonly copy?: SearchableCopy;
  /** Told of the clients that are made. */
  readonly onClient?: (client: S3Client) => void;
  readonly unprocessed?: () => Promise<number>;
}

export interface HoldFunction {
  readonly deps: ServiceDeps & ArrivalDeps;
  /** The client of the managed buckets. */
  readonly managed: S3Client;
  /** Waits until the searchable copy has every record. */
  readonly copied: (atMost: Promise<unknown>) => Promise<void>;
  close(): void;
}

/** A client as everybody uses it. */
export function clientOf(endpoint: string): S3Client {
  return s3Client({ endpoint, credentials: CREDENTIALS });
}

export async function makeBuckets(client: S3Client): Promise<void> {
  for (const Bucket of [CASES, CONFIG])
    await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: Bucket === CASES }));
}

/** A new bucket for records and rolls; answers its name. */
export async function makeAudit(client: S3Client): Promise<string> {
  const Bucket = `bench-audit-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  const Rule = { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } } as const;
  const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled', Rule } as const;
  await client.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
  return Bucket;
}

/** One function with clients of its own, as every execution environment of Lambda has them. */
export function holdFunction(world: World): HoldFunction {
  const { endpoint, audit: bucket, pump, copy, onClient } = world;
  const [managed, control] = [clientOf(endpoint), clientOf(endpoint)];
  onClient?.(managed);
  onClient?.(control);
  const fail = (cause: unknown): never => {
    throw cause;
  };
  const audit = new AuditWriter({
    store: new S3AuditStore({ client: control, bucket }),
    ...(copy && { copy }),
    newWriter: randomUUID,
    onCopyFailed: fail,
  });
  const ledger = world.ledger(control);
  const { clock, holds, later } = pump;
  const store = new S3LockStore({ client: managed, provider: providerNamed('aws') });
  const open = new OpenMatters({ ledger, clock, fresh: FRESH });
  const base = {
    ...{ audit, clock, actor: 'bench', newId: () => randomBytes(6).toString('hex') },
    ...{ store, ledger, open, holds, later, policy: POLICY, coverage: new Coverage(store) },
    brake: { pausedBecause: async () => undefined, admit: async () => undefined },
    hash: (text: string) => createHash('sha256').update(text).digest('hex'),
    rolls: new S3RollStore(control, bucket),
    clearer: new S3HoldClearer({ connection: { endpoint, credentials: CREDENTIALS } }),
  };
  const deps: ServiceDeps & ArrivalDeps = {
    ...base,
    ...{ docketFresh: FRESH, epoch: EPOCH, onFoundOff: () => fail(new Error('a hold was taken off')) },
    listing: new S3VersionListing(managed),
    clearing: {
      ...base,
      policyHash: POLICY.hash,
      neededBy: async (ref, docket, but, custody) => neededBy(ref, docket, but, custody, deps),
      ensureOnRoll: async (ref, matter, page) => ensureOnRoll(ref, matter, page, deps),
    },
    documents: new S3Documents(control, CONFIG),
    marks: (name) => new S3Documents(managed, name),
    manages: (name) => name === CASES,
    lifecycle: new S3BucketSurvey(managed),
    unprocessed: world.unprocessed ?? (async () => 0),
  };
  return {
    ...{ deps, managed },
    copied: async (atMost) => audit.copied(atMost),
    close: () => {
      managed.destroy();
      control.destroy();
    },
  };
}
