/** Locks by hand: the versions a person named, each by the law, pinned, and with a record of its own. */
import { type OutcomeCode } from '../audit/outcome.ts';
import { HoldfastError } from '../errors.ts';
import { change, type Change, type Residual, type Wish, type Write, writeOf } from '../lock/change.ts';
import { type LockState } from '../lock/state.ts';
import { type LockStore, type VersionRef } from '../ports/lock-store.ts';
import { applyWish } from './apply-wish.ts';
import { HandScribe } from './by-hand-record.ts';
import { seeFully } from './by-hand-status.ts';
import { type LockDeps } from './deps.ts';
import { type RecordDeps } from './record-deps.ts';
import { withinStore } from './store-limit.ts';

export interface ByHandDeps extends RecordDeps {
  readonly store: LockStore;
  readonly brake: LockDeps['brake'];
}

/** How one version ended; `no-verdict` when the store did not answer. */
export interface HandResult {
  readonly ref: VersionRef;
  readonly outcome: OutcomeCode | 'no-verdict';
  readonly before?: LockState;
  readonly after?: LockState;
  readonly write?: Write;
  readonly residual?: Residual;
  readonly detail?: string;
}

/** The endings with which a version carries what the person asked for. */
const AS_WANTED: ReadonlySet<HandResult['outcome']> = new Set([
  'locked',
  'extended',
  'held',
  'found-in-place',
  'already-right',
] as const);

export function isAsWanted({ outcome }: HandResult): boolean {
  return AS_WANTED.has(outcome);
}

/**
 * Brings one version to what a person wants, and records how that ended.
 *
 * @param run - the id of the run; its records name it.
 * @throws HoldfastError when its record cannot be stored.
 */
export async function lockByHand(
  ref: VersionRef,
  wish: Wish,
  run: string,
  deps: ByHandDeps,
): Promise<HandResult> {
  const scribe = new HandScribe(ref, wish, run, deps);
  const answer = await answered(async () => {
    const read = await deps.store.read(ref);
    if (read.kind !== 'found') {
      const detail = read.kind === 'no-permission' ? { detail: `${read.action} was denied` } : {};
      return { outcome: read.kind, ...detail };
    }
    const { version } = read;
    scribe.found(version);
    const intend = async (write: Write): Promise<void> => scribe.intend(write);
    const result = await applyWish(version, wish, deps, intend);
    return { before: version.lock, ...result };
  });
  if (answer.outcome === 'no-verdict') await scribe.unanswered(answer.detail);
  else await scribe.ended(answer);
  return { ref, ...answer };
}

/** What {@link lockByHand} would do, as far as that can be told; nothing is written and nothing recorded. */
export async function previewByHand(
  ref: VersionRef,
  wish: Wish,
  { store, brake, clock }: Pick<ByHandDeps, 'store' | 'brake' | 'clock'>,
): Promise<HandResult> {
  const answer = await answered(async () => {
    const read = await store.read(ref);
    if (read.kind !== 'found') {
      const detail = read.kind === 'no-permission' ? { detail: `${read.action} was denied` } : {};
      return { outcome: read.kind, ...detail };
    }
    const before = await seeFully(store, read.version, wish.kind === 'hold' ? ['hold'] : ['retention']);
    const made = change(before, withinStore(wish, store.capabilities), clock.now());
    const write = writeOf(made);
    if (write !== undefined) store.requireWritable(write);
    const known = { before, ...(write && { write }), ...('residual' in made && { residual: made.residual }) };
    const paused = write?.kind === 'retention' ? await brake.pausedBecause() : undefined;
    if (paused !== undefined) return { ...known, outcome: 'paused' as const, detail: paused };
    return { ...known, ...foreseen(made, wish) };
  });
  return { ref, ...answer };
}

function foreseen(made: Change, wish: Wish): Pick<HandResult, 'detail'> & { outcome: OutcomeCode } {
  switch (made.kind) {
    case 'nothing':
      return { outcome: 'found-in-place' };
    case 'set':
      return { outcome: 'locked' };
    case 'extend':
      return { outcome: 'extended' };
    case 'hold-on':
      return { outcome: 'held' };
    case 'must-see':
    case 'cannot-tell': {
      const action = wish.kind === 'hold' ? 's3:GetObjectLegalHold' : 's3:GetObjectRetention';
      return { outcome: 'no-permission', detail: `${action} is needed to see the stored lock` };
    }
    case 'refused':
      return { outcome: made.code };
    case 'mode-weaker':
    case 'mode-stricter':
    case 'term-over':
      return { outcome: made.kind };
  }
}

async function answered<T extends object>(
  work: () => Promise<T>,
): Promise<T | { readonly outcome: 'no-verdict'; readonly detail: string }> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof HoldfastError && (cause.code === 'throttled' || cause.code === 'unreachable'))
      return { outcome: 'no-verdict', detail: cause.message };
    throw cause;
  }
}
