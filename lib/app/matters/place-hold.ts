/** Places the hold that a claimant needs on one version, and says what was seen. */
import { type OutcomeCode } from '../../audit/outcome.ts';
import { formatInstant, type Instant, instantOf } from '../../lock/instant.ts';
import { type Hold } from '../../lock/state.ts';
import {
  claim,
  type Custody,
  LANDING,
  landsBefore,
  markSetting,
  mayBeOurClearing,
  type Saw,
  sawOf,
  seenOn,
} from '../../matters/custody.ts';
import { type Placed, type RollEntry } from '../../matters/roll.ts';
import { type StoredVersion, type VersionRef } from '../../ports/lock-store.ts';
import { applyWish, type WishResult } from '../apply-wish.ts';
import { type HoldDeps } from './deps.ts';
import { busy, type Held, putCustody, readCustody, TRIES } from './ledger-items.ts';

/** What is known of a version from a listing, to be shown on the roll. */
export interface KnownVersion {
  readonly ref: VersionRef;
  readonly created?: Instant;
  readonly size?: number;
  readonly etag?: string;
  readonly checksum?: string;
}

export interface Claiming {
  readonly claimant: string;
  /** The page of the roll that will have the entry. */
  readonly page: string;
  /** Whether an earlier delivery may have tried the same: what it sent may still land. */
  readonly again: boolean;
  /** Whether it may have been claimed before: then its custody is read first. */
  readonly isKnown?: boolean;
  /** Whether a page of the roll is there: its version needs no second entry. */
  readonly isWritten: (page: string) => Promise<boolean>;
  /** The pages of the roll are looked at again afterwards, where it is told that somebody took a hold off. */
  readonly thenRechecked?: boolean;
}

type PlaceDeps = Pick<HoldDeps, 'ledger' | 'store' | 'clock' | 'brake' | 'hash'>;

/**
 * Places a hold for a claimant.
 *
 * 1. Look at the bit, and note the claim in the custody of the version as it was before; again from the start where
 *    somebody else changed it meanwhile.
 * 2. Set the bit unless it is ON, and read it back.
 *
 * The claim is there before the bit is set: whoever is about to clear it finds the claim, or we find the clearing.
 *
 * @returns undefined where another page of the same roll has the version, which is ON then all the same.
 * @throws HoldfastError `throttled` or `unreachable` when there was no verdict: the bit may be set, and is claimed.
 */
export async function placeHold(
  known: KnownVersion,
  { claimant, page, again, isKnown = again, isWritten, thenRechecked = false }: Claiming,
  deps: PlaceDeps,
): Promise<RollEntry | undefined> {
  const { ref } = known;
  // A version that nobody has claimed yet is the common case, and worth saving a read.
  let { value: before, expected }: Held<Custody | undefined> = isKnown
    ? await readCustody(ref, deps)
    : { value: undefined, expected: 'none' };
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const mine = before?.claims[claimant];
    // What may still be cleared after this moment does not count by what is seen now.
    const looked = deps.clock.now();
    const seen = await deps.store.readLock(ref, 'hold');
    const at = deps.clock.now();
    if (seen.kind !== 'seen') return entryOf(known, { saw: 'off', outcome: seen.kind, at });
    const { hold } = seen.lock;
    if (before !== undefined && mine !== undefined) {
      const isOwn = mine.page === page;
      if (thenRechecked && !isOwn && (await isWritten(mine.page))) return undefined;
      const entry = await setHold(
        known,
        before,
        { saw: mine.saw, hold, looked, again: again || isOwn },
        deps,
      );
      if (isOwn) return entry;
      return (await isWritten(mine.page)) ? undefined : { ...entry, claimedOn: mine.page };
    }
    const saw = sawOf(hold);
    const custody = claim(before, ref, { claimant, saw, page, at });
    if ((await putCustody(custody, expected, deps)) !== undefined)
      return setHold(known, custody, { saw, hold, looked, again }, deps);
    ({ value: before, expected } = await readCustody(ref, deps));
  }
  throw busy(`the custody of ${ref.bucket}/${JSON.stringify(ref.key)}`);
}

async function setHold(
  known: KnownVersion,
  custody: Custody,
  { saw, hold, looked, again }: { saw: Saw; hold: Hold; looked: Instant; again: boolean },
  deps: PlaceDeps,
): Promise<RollEntry> {
  const began = deps.clock.now();
  const { outcome, requestId, detail, attempts = 1 } = await switchOn(known.ref, hold, deps, known.created);
  const at = deps.clock.now();
  const settles = landsBefore(custody, looked);
  // A request of ours that nobody heard an answer of could still set the bit after a release.
  const lands = again || attempts > 1 ? instantOf(began + LANDING) : undefined;
  return entryOf(known, {
    saw: saw === 'on' && custody.origin === 'ours' ? 'on-ours' : saw,
    outcome: placedAs(outcome),
    at,
    ...(requestId !== undefined && { requestId }),
    ...(detail !== undefined && { detail }),
    ...(settles !== undefined && { settles }),
    ...(lands !== undefined && { lands }),
  });
}

/** Sets the bit by the law, unless it was seen ON. */
async function switchOn(
  ref: VersionRef,
  hold: Hold,
  deps: PlaceDeps,
  created = instantOf(0),
): Promise<WishResult> {
  const lock = { retention: { state: 'absent' as const }, hold };
  const version: StoredVersion = { ref, created, size: 'unknown', tags: 'unknown', lock };
  // A hold needs no intent: it can be taken off again.
  return applyWish(version, { kind: 'hold' }, deps, async () => undefined);
}

/** A bit that a matter needs, looked at again. */
export type Rechecked =
  | { readonly kind: 'on' }
  /** It had been cleared, and was set again: by a late clearing of ours, or by somebody else. */
  | { readonly kind: 'set-again'; readonly by: 'us' | 'somebody'; readonly requestId?: string }
  | { readonly kind: 'failed'; readonly outcome: Placed; readonly detail?: string }
  /** The claim was withdrawn meanwhile. */
  | { readonly kind: 'not-claimed' };

/**
 * Looks whether a claimed version is still ON, and sets it again where it is not.
 *
 * That it is about to be set is noted in the custody first: a release that comes meanwhile knows that it may land.
 *
 * @returns with `settles` while a clearing may still land.
 */
export async function recheckHold(
  ref: VersionRef,
  claimant: string,
  deps: PlaceDeps,
): Promise<{ readonly found: Rechecked; readonly settles?: Instant }> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const looked = deps.clock.now();
    const { value: before, expected } = await readCustody(ref, deps);
    if (before?.claims[claimant] === undefined) return { found: { kind: 'not-claimed' } };
    const seen = await deps.store.readLock(ref, 'hold');
    const settles = landsBefore(before, looked);
    const more = settles === undefined ? {} : { settles };
    if (seen.kind !== 'seen') return { found: { kind: 'failed', outcome: seen.kind }, ...more };
    const { hold } = seen.lock;
    if (hold === 'on') {
      // Nothing of it can land any more, and nobody need be reminded of it.
      const isNoted = before.clearing !== undefined || before.cleared !== undefined;
      if (isNoted && settles === undefined)
        await putCustody(seenOn(before, deps.clock.now()), expected, deps);
      return { found: { kind: 'on' }, ...more };
    }
    const marked = markSetting(before, sawOf(hold), deps.clock.now());
    if ((await putCustody(marked, expected, deps)) === undefined) continue;
    const { outcome, requestId, detail } = await switchOn(ref, hold, deps);
    const placed = placedAs(outcome);
    const why = detail === undefined ? {} : { detail };
    if (placed !== 'on') return { found: { kind: 'failed', outcome: placed, ...why }, ...more };
    if (hold === 'absent') return { found: { kind: 'on' }, ...more };
    const by = mayBeOurClearing(before, claimant) ? 'us' : 'somebody';
    return { found: { kind: 'set-again', by, ...(requestId !== undefined && { requestId }) }, ...more };
  }
  throw busy(`the custody of ${ref.bucket}/${JSON.stringify(ref.key)}`);
}

function placedAs(outcome: OutcomeCode): Placed {
  switch (outcome) {
    case 'held':
    case 'found-in-place':
    case 'already-right':
      return 'on';
    case 'gone':
    case 'marker':
    case 'no-lock-on-bucket':
    case 'no-permission':
    case 'not-confirmed':
      return outcome;
    default:
      return 'rejected';
  }
}

function entryOf(
  { ref, created, size, etag, checksum }: KnownVersion,
  ended: Pick<RollEntry, 'saw' | 'outcome'> & {
    readonly at: Instant;
    readonly requestId?: string;
    readonly detail?: string;
    readonly settles?: Instant;
    readonly lands?: Instant;
  },
): RollEntry {
  const { at, settles, lands, ...rest } = ended;
  return {
    bucket: ref.bucket,
    key: ref.key,
    versionId: ref.versionId,
    ...(size !== undefined && { size }),
    ...(created !== undefined && { created: formatInstant(created) }),
    ...(etag !== undefined && { etag }),
    ...(checksum !== undefined && { checksum }),
    ...rest,
    at: formatInstant(at),
    ...(settles !== undefined && { settles: formatInstant(settles) }),
    ...(lands !== undefined && { lands: formatInstant(lands) }),
  };
}
