/** Event holds put together for a test: a real store, ledger and rolls on one embedded S3 whose clock is the test's. */
import {
  DeleteObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  type ObjectLockRetention,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type HoldDeps } from '../../lib/app/matters/deps.ts';
import { type EventDeps } from '../../lib/app/matters/event-holds.ts';
import { claimantOf, eventClaims } from '../../lib/app/matters/event-claims.ts';
import { readCustody } from '../../lib/app/matters/ledger-items.ts';
import { ObjectLedger } from '../../lib/aws/object-ledger.ts';
import { S3RollStore } from '../../lib/aws/s3-roll-store.ts';
import { S3HoldClearer } from '../../lib/aws/s3-hold-clearer.ts';
import { type Custody } from '../../lib/matters/custody.ts';
import { type VersionRef } from '../../lib/ports/lock-store.ts';
import { type Fault, type S3Options } from '../../local/s3/types.ts';
import { makeBucket } from './bucket.ts';
import { testDeps, type TestDeps } from './deps.ts';
import { type Embedded, startEmbedded } from './embedded.ts';
import { sha256 } from './plan.ts';

export interface EventWorld {
  readonly client: S3Client;
  /** Where versions are held. */
  readonly bucket: string;
  /** What the store answers instead, by operation; cleared by the test. */
  readonly faults: Record<string, Fault[]>;
  /** Every operation that was asked for. */
  readonly calls: string[];
  readonly now: () => number;
  pass(milliseconds: number): void;
  with(policy: string, provider?: string): TestDeps & EventDeps & Pick<HoldDeps, 'clearer'>;
  retentionOf(ref: VersionRef): Promise<ObjectLockRetention | undefined>;
  /** Whether the legal hold is ON. */
  isOn(ref: VersionRef): Promise<boolean>;
  custodyOf(ref: VersionRef, deps: EventDeps): Promise<Custody | undefined>;
  close(): Promise<void>;
}

/** @param dialect - how the store differs from S3. */
export async function startEventWorld(dialect?: S3Options['dialect']): Promise<EventWorld> {
  // Requests are signed by the clock of this machine, and a date must lie ahead of both.
  let moment = Date.now() + 60_000;
  const faults: Record<string, Fault[]> = {};
  const calls: string[] = [];
  const embedded: Embedded = await startEmbedded(
    {},
    {
      clock: () => moment,
      ...(dialect && { dialect }),
      fault: ({ operation }) => {
        calls.push(operation);
        return faults[operation]?.shift();
      },
    },
  );
  const client = embedded.clientFor();
  const [bucket, audit] = [await makeBucket(client), await makeBucket(client)];
  const ledger = new ObjectLedger(client, audit);
  const rolls = new S3RollStore(client, audit);
  const connection = {
    ...{ endpoint: embedded.s3.url, region: embedded.s3.region },
    credentials: { accessKeyId: 'owner', secretAccessKey: 'secret' },
  };
  const clearer = new S3HoldClearer({ connection });
  return {
    ...{ client, bucket, faults, calls },
    now: () => moment,
    pass(milliseconds) {
      moment += milliseconds;
    },
    with(policy, provider = 'aws') {
      const test = testDeps({ client, policy, provider, now: () => moment });
      const base = { ...test, ledger, rolls, clearer, hash: sha256 };
      const clearing = {
        ...base,
        policyHash: test.policy.hash,
        neededBy: async () => undefined,
        ensureOnRoll: async () => false,
      };
      return { ...base, clearing, eventHolds: eventClaims(base) };
    },
    async retentionOf({ bucket: Bucket, key: Key, versionId: VersionId }) {
      try {
        return (await client.send(new GetObjectRetentionCommand({ Bucket, Key, VersionId }))).Retention;
      } catch {
        return undefined;
      }
    },
    async isOn({ bucket: Bucket, key: Key, versionId: VersionId }) {
      try {
        const { LegalHold } = await client.send(new GetObjectLegalHoldCommand({ Bucket, Key, VersionId }));
        return LegalHold?.Status === 'ON';
      } catch {
        return false;
      }
    },
    custodyOf: async (ref, deps) => (await readCustody(ref, deps)).value,
    close: async () => embedded.close(),
  };
}

/** The claim of a rule on the legal hold of a version. */
export function claimOf(custody: Custody | undefined, rule: string): object | undefined {
  return custody?.claims[claimantOf(rule)];
}

/** Whether the store lets the version be destroyed. */
export async function isDestroyable(
  client: S3Client,
  { bucket: Bucket, key: Key, versionId: VersionId }: VersionRef,
): Promise<boolean> {
  try {
    await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    return true;
  } catch {
    return false;
  }
}

/** A policy whose rules are named after what they say. */
export function eventPolicy(rules: Readonly<Record<string, string>>, settings = ''): string {
  const lines = Object.entries(rules).map(
    ([name, lock]) => `  - name: ${name}\n    match: { bucket: "**" }\n    lock: ${lock}\n`,
  );
  return `version: 1\n${settings}rules:\n${lines.join('')}`;
}
