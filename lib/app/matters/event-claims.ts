/** Legal holds that stand in for event holds: claimed in the custody of a version, and put on a roll of their own. */
import { type OutcomeCode } from '../../audit/outcome.ts';
import { formatInstant, instantOf, parseInstant } from '../../lock/instant.ts';
import { EVENT_CLAIM } from '../../matters/custody.ts';
import {
  ARRIVALS,
  arrivalName,
  countsOf,
  type RollEnd,
  type RollEntry,
  releasedName,
} from '../../matters/roll.ts';
import { type EventHold } from '../../policy/decide.ts';
import { type StoredVersion } from '../../ports/lock-store.ts';
import { type ClaimPlaced, type EventClaims } from '../event-claims.ts';
import { type HoldDeps } from './deps.ts';
import { readCustody } from './ledger-items.ts';
import { headOf, putPage, putPlaced, putReleased } from './pages.ts';
import { placeHold } from './place-hold.ts';

export type ClaimDeps = Pick<
  HoldDeps,
  'ledger' | 'rolls' | 'store' | 'clock' | 'brake' | 'hash' | 'audit' | 'actor' | 'newId'
>;

/** What a hold waits for, and by which rule. */
type Waiting = Pick<EventHold, 'rule' | 'event'>;

export function claimantOf(rule: string): string {
  return `${EVENT_CLAIM}${rule}`;
}

/** @example lockVersion(ref, cause, { ...deps, eventHolds: eventClaims(deps) }); */
export function eventClaims(deps: ClaimDeps): EventClaims {
  return {
    place: async (version, hold) => placeClaim(version, hold, deps),
    isReported: async (version, hold) => isReported(version, hold, deps),
  };
}

/**
 * Claims the legal hold of a version for a rule, places it, and puts it on the roll of that rule and its event.
 *
 * @param anew - the event had been reported, and is undone: the roll says so by a newer entry.
 */
export async function placeClaim(
  { ref, created, size, lock }: StoredVersion,
  hold: Waiting,
  deps: ClaimDeps,
  anew = false,
): Promise<ClaimPlaced> {
  const page = pageOf({ ref, created }, hold, deps);
  const isWritten = async (name: string): Promise<boolean> => (await headOf(name, deps)) !== undefined;
  const known = { ref, created, ...(size !== 'unknown' && { size }) };
  // What was sent by an earlier delivery may still land.
  const claiming = { claimant: claimantOf(hold.rule), page, again: true, isWritten };
  const entry = await placeHold(known, claiming, deps);
  if (entry === undefined) return { outcome: 'found-in-place' };
  if (anew) await noteHeldAgain({ ref, created }, hold, [entry], deps);
  else if (!(await isWritten(page))) await putPlaced(page, headFor(hold), [entry], deps);
  const { requestId, detail } = entry;
  return {
    outcome: outcomeOf(entry, lock.hold === 'on'),
    ...(requestId !== undefined && { requestId }),
    ...(detail !== undefined && { detail }),
  };
}

function outcomeOf({ outcome }: RollEntry, wasOn: boolean): OutcomeCode {
  switch (outcome) {
    case 'on':
      return wasOn ? 'found-in-place' : 'held';
    case 'no-verdict':
      return 'not-confirmed';
    default:
      return outcome;
  }
}

/** Whether the last word on a page is that its version was released. */
async function isReleased(page: string, deps: Pick<ClaimDeps, 'rolls'>): Promise<boolean> {
  const [placed, released] = await Promise.all([headOf(page, deps), headOf(releasedName(page), deps)]);
  if (released === undefined) return false;
  return placed === undefined || parseInstant(released.at) > parseInstant(placed.at);
}

/** Whether an event was reported for a version; a rule that claims it again waits again. */
export async function isReported(
  { ref, created }: Pick<StoredVersion, 'ref' | 'created'>,
  hold: Waiting,
  deps: Pick<ClaimDeps, 'ledger' | 'rolls' | 'hash'>,
): Promise<boolean> {
  const { value: custody } = await readCustody(ref, deps);
  if (custody?.claims[claimantOf(hold.rule)] !== undefined) return false;
  return isReleased(pageOf({ ref, created }, hold, deps), deps);
}

/** Notes that an event was reported for a version, so that nothing holds it for that anew. */
export async function noteReported(
  version: Pick<StoredVersion, 'ref' | 'created'>,
  hold: Waiting,
  end: RollEnd,
  deps: ClaimDeps,
): Promise<void> {
  await putReleased(pageOf(version, hold, deps), headFor(hold), [end], deps);
}

/**
 * Notes that an event was undone for a version: whatever was reported before counts no more.
 *
 * @param entries - none where the store holds it, and no legal hold.
 */
export async function noteHeldAgain(
  version: Pick<StoredVersion, 'ref' | 'created'>,
  hold: Waiting,
  entries: readonly RollEntry[],
  deps: ClaimDeps,
): Promise<void> {
  const page = pageOf(version, hold, deps);
  const released = await headOf(releasedName(page), deps);
  if (released === undefined || !(await isReleased(page, deps))) return;
  // Whoever reported it may have had a clock ahead of this one.
  const at = formatInstant(instantOf(Math.max(deps.clock.now(), parseInstant(released.at) + 1)));
  await putPage(page, { ...headFor(hold), at, counts: { ...countsOf(entries) } }, entries, deps);
}

/** Pages name who claims: a lost ledger can be built again by that. */
function headFor({ rule }: Waiting): { readonly matter: string; readonly scope: string } {
  return { matter: claimantOf(rule), scope: ARRIVALS };
}

/** Rules and events are named by people; the name of a file has letters and digits. */
function rollOf({ rule, event }: Waiting, { hash }: Pick<ClaimDeps, 'hash'>): string {
  return `event-${hash(JSON.stringify([rule, event])).slice(0, 16)}`;
}

function pageOf(
  { ref, created }: Pick<StoredVersion, 'ref' | 'created'>,
  hold: Waiting,
  deps: Pick<ClaimDeps, 'hash'>,
): string {
  const { bucket, key, versionId } = ref;
  const id = deps.hash(JSON.stringify([bucket, key, versionId]));
  return arrivalName(rollOf(hold, deps), formatInstant(created), id);
}
