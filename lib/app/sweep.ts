/** The safety net under the events: finds versions whose event never came, and sends them to the queue. */
import * as z from 'zod';
import { HoldfastError } from '../errors.ts';
import { change, type Change, writeOf } from '../lock/change.ts';
import { addPeriod, parsePeriod } from '../policy/period.ts';
import { formatInstant, type Instant, instantOf, parseInstant } from '../lock/instant.ts';
import { type Policy } from '../policy/compile.ts';
import { placingOf } from '../policy/place-events.ts';
import { type Documents } from '../ports/documents.ts';
import { type LockStore } from '../ports/lock-store.ts';
import { type ListedVersion, type Marker, type VersionListing } from '../ports/version-listing.ts';
import { type MessageDeps } from './deps.ts';
import { isOver } from './place-events.ts';
import { recordDeed } from './record-deed.ts';
import { type RecordDeps } from './record-deps.ts';
import { decideFully } from './lock-version.ts';

export interface SweepDeps extends RecordDeps {
  readonly listing: VersionListing;
  readonly store: LockStore;
  readonly documents: Documents;
  readonly queue: MessageDeps['queue'];
}

export interface SweepResult {
  readonly looked: number;
  readonly sent: number;
  /** False when time ran out: the next sweep goes on from there. */
  readonly finished: boolean;
}

const stateSchema = z.object({
  /** Every version created before this has been looked at. */
  since: z.string(),
  /** A sweep that ran out of time. */
  running: z
    .object({
      started: z.string(),
      key: z.string(),
      versionId: z.string().optional(),
      sent: z.number(),
      looked: z.number(),
    })
    .optional(),
});
type State = z.infer<typeof stateSchema>;

/** The first sweep of a bucket looks back so far; older versions are the business of the bulk plan. */
const FIRST_LOOK = 86_400_000;
/** Clocks differ and listings lag: each sweep looks a little behind the one before. */
const OVERLAP = 15 * 60_000;
/** Events of the last minutes may still be on their way. */
const YOUNG = parsePeriod('PT5M');
/** A version uploaded in parts may be dated from the day its upload began. */
const SLOW_UPLOAD = 7 * 86_400_000;
const AT_ONCE = 16;

/**
 * Sweeps all buckets, each with its share of the time that is left, beginning with another one each hour: neither
 * a bucket that is too large nor one that fails keeps the others from being looked at.
 *
 * @param onFailed - told of every bucket that could not be swept.
 */
export async function sweepAll(
  buckets: readonly string[],
  policy: Policy,
  deadline: Instant,
  deps: SweepDeps,
  onFailed: (bucket: string, cause: unknown) => void,
): Promise<Readonly<Record<string, SweepResult>>> {
  const results: Record<string, SweepResult> = {};
  const first = buckets.length === 0 ? 0 : Math.floor(deps.clock.now() / 3_600_000) % buckets.length;
  const rotated = [...buckets.slice(first), ...buckets.slice(0, first)];
  for (const [at, bucket] of rotated.entries()) {
    const now = deps.clock.now();
    const share = instantOf(now + Math.max(deadline - now, 0) / (rotated.length - at));
    try {
      results[bucket] = await sweepBucket(bucket, policy, share, deps);
    } catch (cause) {
      onFailed(bucket, cause);
    }
  }
  return results;
}

/**
 * Sweeps one bucket: every version created since the last sweep that does not carry the lock its rules want is
 * sent to the upload queue, as an event of our own.
 *
 * @param deadline - when to stop and remember the place.
 */
export async function sweepBucket(
  bucket: string,
  policy: Policy,
  deadline: Instant,
  deps: SweepDeps,
): Promise<SweepResult> {
  const name = `sweep/${bucket}.json`;
  const document = await deps.documents.get(name);
  const now = deps.clock.now();
  const state: State =
    document === undefined
      ? { since: formatInstant(instantOf(Math.max(now - FIRST_LOOK, 0))) }
      : stateOf(name, document.body);
  const started = state.running?.started ?? formatInstant(now);
  const from = parseInstant(state.since) - OVERLAP;
  let { looked, sent } = state.running ?? { looked: 0, sent: 0 };
  let marker: Marker | undefined = state.running && markerOf(state.running);

  for (;;) {
    const page = await deps.listing.page(bucket, marker);
    const due = page.versions.filter(
      ({ created, multipart }) =>
        created >= (multipart ? from - SLOW_UPLOAD : from) && addPeriod(created, YOUNG) <= now,
    );
    looked += due.length;
    for (let at = 0; at < due.length; at += AT_ONCE) {
      const results = await Promise.all(
        due.slice(at, at + AT_ONCE).map(async (version) => {
          const state = await coverageOf(version, policy, deps);
          // An upload in parts is looked at for days, and its gap need not be told every hour.
          const isSent = state === 'lacks' || (state === 'gap' && version.created >= from);
          if (isSent) await send(version.ref, deps);
          return state === 'lacks';
        }),
      );
      sent += results.filter(Boolean).length;
    }
    marker = page.next;
    if (marker === undefined) break;
    if (deps.clock.now() < deadline) continue;
    const running = { started, looked, sent, ...marker };
    await deps.documents.put(name, JSON.stringify({ since: state.since, running }), 'any');
    return { looked, sent, finished: false };
  }
  await deps.documents.put(name, JSON.stringify({ since: started }), 'any');
  const detail = `${bucket}: ${looked} versions created since ${state.since}, ${sent} without their lock sent to the queue`;
  await recordDeed({ action: 'swept', policy: policy.hash, detail }, deps);
  return { looked, sent, finished: true };
}

/**
 * Whether the version `lacks` what can still be written; or has a `gap` that nothing can be written over, which
 * the function that locks records with its reason: its event may never have come.
 */
async function coverageOf(
  { ref }: ListedVersion,
  policy: Policy,
  deps: SweepDeps,
): Promise<'covered' | 'lacks' | 'gap'> {
  const read = await deps.store.read(ref);
  // What cannot be read here is not called covered: the function that locks says why.
  if (read.kind === 'no-permission') return 'lacks';
  if (read.kind === 'no-lock-on-bucket') return 'gap';
  if (read.kind !== 'found') return 'covered';
  const { facts, decision } = await decideFully(read.version, { ...deps, policy });
  const now = deps.clock.now();
  const knowsEventHolds = deps.store.capabilities.eventHolds === 'native';
  const placing = placingOf(decision, facts.lock, knowsEventHolds, now);
  const isReported = placing.native !== undefined && (await isOver(read.version, placing.native, {}));
  const wishes = isReported ? placing.wishes.filter(({ kind }) => kind !== 'event-hold') : placing.wishes;
  const changes = wishes.map((wish) => change(facts.lock, wish, now));
  if (decision.undecided.length > 0 || changes.some(lacks)) return 'lacks';
  const isGap =
    changes.some(({ kind }) => GAPS.has(kind)) ||
    // Whether a legal hold stands in for it is noted in the ledger, which is not asked here.
    placing.claims.length > 0 ||
    decision.reports.some(({ code }) => code === 'over-cap');
  return isGap ? 'gap' : 'covered';
}

/** Something can be written, as far as can be told without another request. */
function lacks(made: Change): boolean {
  return made.kind === 'must-see' || writeOf(made) !== undefined;
}

/** What the law answers where a wish stays unmet and nothing may be written. */
const GAPS: ReadonlySet<Change['kind']> = new Set(['mode-weaker', 'mode-stricter', 'refused'] as const);

async function send({ bucket, key, versionId }: ListedVersion['ref'], deps: SweepDeps): Promise<void> {
  const event = {
    id: `sweep-${deps.newId()}`,
    source: 'aws.s3',
    'detail-type': 'Object Created',
    detail: { bucket: { name: bucket }, object: { key, 'version-id': versionId }, reason: 'Sweep' },
  };
  await deps.queue.sendLater(JSON.stringify(event), 0, 0);
}

function stateOf(name: string, body: string): State {
  try {
    return stateSchema.parse(JSON.parse(body));
  } catch (cause) {
    throw new HoldfastError('bad-input', {
      what: `${name}, where the sweep remembers its place, cannot be read`,
      next: 'restore its last good version, or delete it: the sweep then looks back one day',
      cause,
    });
  }
}

function markerOf({ key, versionId }: NonNullable<State['running']>): Marker {
  return versionId === undefined ? { key } : { key, versionId };
}
