/** Matters put together for a test: a real ledger, real rolls and a real store; queues and time in the test's hands. */
import { GetObjectLegalHoldCommand, PutObjectLegalHoldCommand, type S3Client } from '@aws-sdk/client-s3';
import { type Access, ACCESS, type Caller } from '../../lib/app/caller.ts';
import { type MatterApi } from '../../lib/app/matter-api.ts';
import { type ArrivalDeps, ensureOnRoll, neededBy } from '../../lib/app/matters/arrivals.ts';
import { Coverage } from '../../lib/app/matters/coverage.ts';
import { handleHoldMessage } from '../../lib/app/matters/hold-message.ts';
import { readCustody, readMatter } from '../../lib/app/matters/ledger-items.ts';
import { OpenMatters } from '../../lib/app/matters/open-matters.ts';
import { type ApiDeps, createMatterApi } from '../../lib/app/matters/service.ts';
import { type AuditRecord } from '../../lib/audit/record.ts';
import { ObjectLedger } from '../../lib/aws/object-ledger.ts';
import { S3BucketSurvey } from '../../lib/aws/s3-bucket-survey.ts';
import { S3Documents } from '../../lib/aws/s3-documents.ts';
import { S3HoldClearer } from '../../lib/aws/s3-hold-clearer.ts';
import { S3RollStore } from '../../lib/aws/s3-roll-store.ts';
import { S3VersionListing } from '../../lib/aws/s3-version-listing.ts';
import { type Instant, instantOf } from '../../lib/lock/instant.ts';
import { type Custody } from '../../lib/matters/custody.ts';
import { type Matter } from '../../lib/matters/matter.ts';
import { type RollEntry } from '../../lib/matters/roll.ts';
import { entriesOf } from '../../lib/app/matters/pages.ts';
import { type Ledger } from '../../lib/ports/ledger.ts';
import { type VersionRef } from '../../lib/ports/lock-store.ts';
import { makeBucket } from './bucket.ts';
import { testDeps } from './deps.ts';
import { type Embedded, startEmbedded } from './embedded.ts';
import { sha256 } from './plan.ts';

export const MINUTE = 60_000;

/** A policy that asks for nothing. */
export const SILENT =
  'version: 1\nrules: [{ name: none, match: { bucket: nothing }, lock: { mode: GOVERNANCE, for: P1D } }]\n';

/** The time of a test. It begins a little ahead, since requests are signed by the clock of this machine. */
export class TestTime {
  private moment = Date.now() + 60 * MINUTE;

  readonly now = (): Instant => instantOf(this.moment);

  pass(milliseconds: number): void {
    this.moment += milliseconds;
  }
}

/** A message of the queue of holds. */
export interface Delivery {
  readonly body: string;
  readonly task: string;
  readonly due: number;
  readonly receives: number;
}

export type HoldsDeps = ApiDeps & ArrivalDeps;
/** The ports that a test may put something else in place of, before the use cases are composed. */
export type Ports = Pick<
  HoldsDeps,
  'store' | 'ledger' | 'rolls' | 'clearer' | 'audit' | 'documents' | 'holds' | 'later' | 'listing'
>;

export interface HoldsOptions {
  readonly policy?: string;
  readonly ledger?: Ledger;
  /** Who works: one of the principals of the embedded S3. */
  readonly principal?: string;
  readonly wrap?: (ports: Ports) => Partial<Ports>;
  /** The buckets that are managed; all of them, when left out. */
  readonly manages?: readonly string[];
  /** Another deployment, whose ledger, records and rolls are shared. */
  readonly beside?: Holds;
}

export interface Holds {
  readonly deps: HoldsDeps;
  readonly api: MatterApi;
  readonly time: TestTime;
  readonly buckets: { readonly audit: string; readonly config: string };
  /** Messages that wait, and those that were delivered in vain too often. */
  readonly queue: Delivery[];
  readonly dead: Delivery[];
  readonly records: AuditRecord[];
  readonly foundOff: number[];
  /** Delivers a message as the queue would: once more later, where it failed. */
  readonly deliver: (message: Delivery) => Promise<void>;
  /** Delivers what is due, and lets time pass until nothing waits, or the condition holds. */
  readonly pump: (until?: () => boolean | Promise<boolean>) => Promise<void>;
  readonly custody: (ref: VersionRef) => Promise<Custody | undefined>;
  readonly matter: (id: string) => Promise<Matter>;
  /** The entries of the roll of a matter, or of one of its scopes. */
  readonly roll: (id: string, scope?: string) => Promise<RollEntry[]>;
  /** The outcomes of the records about a version. */
  readonly outcomes: (ref: VersionRef) => string[];
}

/** An embedded S3 whose clock is that of the test. */
export async function startTimed(
  denied: Readonly<Record<string, readonly string[]>> = {},
): Promise<{ embedded: Embedded; time: TestTime }> {
  const time = new TestTime();
  return { embedded: await startEmbedded(denied, { clock: time.now }), time };
}

export async function holdsOn(
  { embedded, time }: { readonly embedded: Embedded; readonly time: TestTime },
  { policy = SILENT, principal, wrap, beside, manages, ...options }: HoldsOptions = {},
): Promise<Holds> {
  const all = embedded.clientFor();
  const client = embedded.clientFor(principal);
  const buckets = beside?.buckets ?? {
    audit: await makeBucket(all),
    config: await makeBucket(all, 'versioned'),
  };
  const queue: Delivery[] = beside?.queue ?? [];
  const dead: Delivery[] = beside?.dead ?? [];
  const foundOff: number[] = [];
  const test = testDeps({ client, policy, now: time.now, config: buckets.config });
  const push = (body: string, due: number): void => {
    const { task } = JSON.parse(body) as { readonly task: string };
    queue.push({ body, task, due, receives: 0 });
  };
  const connection = {
    ...{ endpoint: embedded.s3.url, region: embedded.s3.region },
    credentials: { accessKeyId: principal ?? 'owner', secretAccessKey: 'secret' },
  };
  const given: Ports = {
    ...{ store: test.store, audit: test.audit, documents: test.documents },
    ledger: options.ledger ?? beside?.deps.ledger ?? new ObjectLedger(all, buckets.audit),
    rolls: new S3RollStore(all, buckets.audit),
    clearer: new S3HoldClearer({ connection }),
    listing: new S3VersionListing(client),
    holds: {
      send: async (bodies) => {
        for (const body of bodies) push(body, time.now());
      },
    },
    later: {
      sendLater: async (body, seconds) => {
        push(body, time.now() + seconds * 1_000);
      },
    },
  };
  const ports: Ports = { ...given, ...wrap?.(given) };
  const docketFresh = 10_000;
  const clock = {
    now: time.now,
    wait: async (milliseconds: number) => {
      time.pass(milliseconds);
    },
  };
  const base = {
    ...{ ...test, ...ports, clock, hash: sha256, docketFresh },
    coverage: new Coverage(ports.store),
    open: new OpenMatters({ ledger: ports.ledger, clock, fresh: docketFresh }),
    manages: (bucket: string) => manages?.includes(bucket) ?? true,
    epoch: `ledger-${buckets.audit}`,
    onFoundOff: (count: number) => {
      foundOff.push(count);
    },
    marks: (bucket: string) => new S3Documents(all, bucket),
    lifecycle: new S3BucketSurvey(all),
    unprocessed: async () => 0,
    // eslint-disable-next-line @typescript-eslint/no-empty-function -- there are no runs here
    async *allRuns() {},
  };
  const deps: HoldsDeps = {
    ...base,
    clearing: {
      ...base,
      policyHash: test.policy.hash,
      neededBy: async (ref, docket, but, custody) => neededBy(ref, docket, but, custody, deps),
      ensureOnRoll: async (ref, matter, page) => ensureOnRoll(ref, matter, page, deps),
    },
  };
  const world: Holds = {
    ...{ deps, time, buckets, queue, dead, foundOff, records: test.records },
    api: createMatterApi(async () => deps),
    async deliver({ body, task, receives }) {
      try {
        await handleHoldMessage(body, receives + 1, instantOf(time.now() + 14 * MINUTE), deps);
      } catch {
        const failed = { body, task, due: time.now() + 90 * MINUTE, receives: receives + 1 };
        (failed.receives < 6 ? queue : dead).push(failed);
      }
    },
    async pump(until = () => false) {
      for (let delivered = 0; delivered < 5_000; delivered += 1) {
        if (await until()) return;
        const next = queue.toSorted((one, other) => one.due - other.due)[0];
        if (next === undefined) return;
        queue.splice(queue.indexOf(next), 1);
        if (next.due > time.now()) time.pass(next.due - time.now());
        await world.deliver(next);
      }
      throw new Error('the work has no end');
    },
    custody: async (ref) => (await readCustody(ref, deps)).value,
    async matter(id) {
      const held = await readMatter(id, deps);
      if (held === undefined) throw new Error(`there is no matter ${id}`);
      return held.value;
    },
    async roll(id, scope = '') {
      const entries: RollEntry[] = [];
      const prefix = `rolls/${id}/placed/${scope}`;
      for await (const page of deps.rolls.list(prefix))
        for await (const entry of entriesOf(page, deps)) entries.push(entry);
      return entries;
    },
    outcomes: ({ key, versionId }) =>
      test.records.flatMap((record) =>
        record.phase === 'outcome' &&
        record.key === key &&
        record.versionId === versionId &&
        record.outcome !== undefined
          ? [record.outcome]
          : [],
      ),
  };
  return world;
}

/** Somebody who may ask: a member of the group legal with all scopes, unless told otherwise. */
function caller(
  subject: string,
  groups: readonly string[] = ['legal'],
  access: readonly Access[] = ACCESS,
): Caller {
  return { person: { issuer: 'https://issuer.example', subject }, groups, access: new Set(access) };
}

export const ANNA = caller('anna');
export const BEN = caller('ben');

/** The bit of a version, as the store tells it. */
export async function bitOf(client: S3Client, { bucket, key, versionId }: VersionRef): Promise<'ON' | 'OFF'> {
  try {
    const { LegalHold } = await client.send(
      new GetObjectLegalHoldCommand({ Bucket: bucket, Key: key, VersionId: versionId }),
    );
    return LegalHold?.Status === 'ON' ? 'ON' : 'OFF';
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'NoSuchObjectLockConfiguration') return 'OFF';
    throw cause;
  }
}

/** What an outsider does to the bit of a version. */
export async function setBit(
  client: S3Client,
  { bucket, key, versionId }: VersionRef,
  Status: 'ON' | 'OFF',
): Promise<void> {
  await client.send(
    new PutObjectLegalHoldCommand({ Bucket: bucket, Key: key, VersionId: versionId, LegalHold: { Status } }),
  );
}

/** A port with some of its methods replaced. */
export function withMethods<T extends object>(port: T, more: Partial<T>): T {
  return new Proxy(port, {
    get: (target, name) => {
      const own: unknown = Reflect.get(more, name);
      if (own !== undefined) return own;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

/** Asks for the release of a matter, approves it as somebody else, and does all the work that it leads to. */
export async function releaseFully(id: string, { api, pump }: Holds): Promise<void> {
  await api.askRelease(id, 'settled', ANNA);
  await api.approveRelease(id, BEN);
  await pump();
}

/** Opens a matter over what lies below a prefix, and does all the work that it leads to. */
export async function openFully(
  bucket: string,
  prefix: string,
  { api, pump }: Pick<Holds, 'api' | 'pump'>,
  more: Partial<Parameters<MatterApi['open']>[0]> = {},
): Promise<string> {
  const request = {
    title: 'Doe v. Example',
    reason: 'served',
    scope: { selector: { bucket, prefix } },
    ...more,
  };
  const { matter } = await api.open(request, undefined, ANNA);
  await pump();
  return matter.id;
}
