/** The pass over a listing: every version is compared with the policy, what the listing does not tell is read. */
import { HoldfastError } from '../errors.ts';
import { type Difference, Differ, type Missing, type PlannedChange } from '../plan/difference.ts';
import { type PlanRow } from '../plan/row.ts';
import { type Place, Tally } from '../plan/tally.ts';
import { type Policy } from '../policy/compile.ts';
import { type Listing, type Unreadable } from '../ports/listing.ts';
import { type LockStore, type VersionRef, versionIdOf } from '../ports/lock-store.ts';

/** How far a pass has come. */
export interface PassProgress {
  readonly rows: number;
  /** The part of the listing that was read, from 0 to 1, where it is known. */
  readonly done?: number;
}

/** Facts that must be read, version by version, before a plan is possible. */
export interface Reads {
  /** Locks of versions: one request each. */
  locks: number;
  tags: number;
  /** Whether a version is the current one of its key. */
  current: number;
}

export interface PassOptions {
  readonly listing: Listing;
  readonly policy: Policy;
  /** By how much a lock may end later than its rule asks (milliseconds). */
  readonly tolerance: number;
  /** Only what lies under it; all when left out. */
  readonly prefix?: string;
  /** The share of rows that may be unreadable before the plan fails, from 0 to 1. */
  readonly unreadableShare: number;
  readonly onProgress?: (progress: PassProgress) => void;
  /** Told of each change, for whoever writes manifests. */
  readonly onChange?: (row: PlanRow, change: PlannedChange, place: Place) => void;
  /** Waited for after each batch: whoever writes what it was told may be slower than the listing. */
  readonly drained?: () => Promise<void>;
}

export interface Pass {
  readonly tally: Tally;
  /** What would have to be read; nothing after a pass that read. */
  readonly reads: Reads;
  /** Versions that were listed and are not there any more. */
  readonly gone: number;
  /** Some of the lines that could not be read. */
  readonly unreadable: readonly Unreadable[];
}

/** Rows that are read from the store at once. */
const AT_ONCE = 32;
const NAMED = 20;

/**
 * Counts what a policy changes over a listing.
 *
 * @param store - reads what the listing does not tell; left out, such versions are counted in `reads` and not judged.
 * @throws HoldfastError `bad-input` where more rows could not be read than allowed.
 */
export async function passOver(
  options: PassOptions,
  store?: Pick<LockStore, 'readLock' | 'readTags' | 'readCurrent'>,
): Promise<Pass> {
  const { listing, policy, tolerance, prefix = '', onProgress, onChange, drained } = options;
  const { asOf, tellsEventHolds } = listing;
  const differ = new Differ({ policy, asOf, tellsEventHolds });
  const tally = new Tally(tolerance);
  const reads: Reads = { locks: 0, tags: 0, current: 0 };
  const unreadable: Unreadable[] = [];
  let gone = 0;
  let listed = 0;

  const count = (row: PlanRow, difference: Difference): void => {
    tally.add(row, difference);
    if (onChange === undefined) return;
    for (const change of difference.changes) if (!change.observed) onChange(row, change, tally.place(change));
  };

  for await (const batch of listing.batches()) {
    const open: PlanRow[] = [];
    listed += batch.rows.length;
    for (const row of batch.rows) {
      if (!row.key.startsWith(prefix)) continue;
      const difference = differ.of(row);
      if (difference.needs === undefined) count(row, difference);
      else if (store === undefined) foresee(row, difference.needs, reads);
      else open.push(row);
    }
    if (store !== undefined) {
      const learnt = await learnAll(open, differ, store);
      gone += open.length - learnt.length;
      for (const { row, difference } of learnt) count(row, difference);
    }
    tally.totals.markers += batch.markers;
    tally.totals.unreadable += batch.unreadable.length;
    if (unreadable.length < NAMED) unreadable.push(...batch.unreadable.slice(0, NAMED - unreadable.length));
    onProgress?.({ rows: listed, ...(batch.done !== undefined && { done: batch.done }) });
    await drained?.();
  }
  refuseTooMany(tally, listed, unreadable, options);
  return { tally, reads, gone, unreadable };
}

/** What one version would cost: a lock, and the tags where a rule asks for them before it can be decided. */
function foresee(row: PlanRow, needs: Missing, reads: Reads): void {
  if (needs === 'tags') reads.tags += 1;
  else if (needs === 'current') reads.current += 1;
  // Whose tags decide may need its lock as well: that it does is the safe guess.
  if (row.lock.retention.state === 'absent') reads.locks += 1;
  if (needs === 'hold') reads.locks += 1;
}

/** Reads what is missing of many versions; those that are not there any more are left out. */
export async function learnAll(
  rows: readonly PlanRow[],
  differ: Differ,
  store: Pick<LockStore, 'readLock' | 'readTags' | 'readCurrent'>,
): Promise<{ readonly row: PlanRow; readonly difference: Difference }[]> {
  const all: { row: PlanRow; difference: Difference }[] = [];
  for (let at = 0; at < rows.length; at += AT_ONCE) {
    const some = await Promise.all(
      rows.slice(at, at + AT_ONCE).map(async (row) => learn(row, differ, store)),
    );
    for (const found of some) if (found !== undefined) all.push(found);
  }
  return all;
}

/** Reads what is missing until the version can be judged; undefined where it is not there any more. */
async function learn(
  listed: PlanRow,
  differ: Differ,
  store: Pick<LockStore, 'readLock' | 'readTags' | 'readCurrent'>,
): Promise<{ row: PlanRow; difference: Difference } | undefined> {
  const asked = new Set<Missing>();
  let row = listed;
  for (;;) {
    const difference = differ.of(row, asked);
    const { needs } = difference;
    if (needs === undefined) return { row, difference };
    asked.add(needs);
    const ref: VersionRef = { bucket: row.bucket, key: row.key, versionId: versionIdOf(row.versionId) };
    switch (needs) {
      case 'tags':
        row = { ...row, tags: await store.readTags(ref) };
        break;
      case 'current':
        row = { ...row, current: await store.readCurrent(ref) };
        break;
      case 'retention':
      case 'hold': {
        const answer = await store.readLock(ref, needs);
        if (answer.kind === 'gone' || answer.kind === 'marker') return undefined;
        if (answer.kind === 'no-lock-on-bucket') {
          throw new HoldfastError('no-lock-on-bucket', {
            what: `the bucket ${row.bucket} has no Object Lock, so nothing in it can be locked`,
            next: `enable it with holdfast bucket enable ${row.bucket}, or leave the bucket out`,
          });
        }
        row = { ...row, lock: { ...row.lock, [needs]: answer.lock[needs] } };
        break;
      }
      case 'size':
        break;
    }
  }
}

function refuseTooMany(
  { totals }: Tally,
  listed: number,
  named: readonly Unreadable[],
  { unreadableShare, listing }: PassOptions,
): void {
  const all = listed + totals.markers + totals.unreadable;
  if (totals.unreadable === 0 || totals.unreadable <= all * unreadableShare) return;
  const lines = named.slice(0, 5).map(({ where, why }) => `${where}: ${why}`);
  throw new HoldfastError('bad-input', {
    what: `${totals.unreadable} of ${all} rows of ${listing.source} could not be read:\n  ${lines.join('\n  ')}\n`,
    next: 'mend the listing, or allow a larger share with --unreadable; a version that cannot be read is not covered by the plan',
  });
}
