/** What one version looks like to whoever reports an event for it. */
import { type OutcomeCode } from '../../audit/outcome.ts';
import { type Wish, type Write } from '../../lock/change.ts';
import { type LockState } from '../../lock/state.ts';
import { type Rule } from '../../policy/compile.ts';
import { type Decision, type EventHold } from '../../policy/decide.ts';
import { FACTS } from '../../policy/facts.ts';
import { type ObjectRef, type StoredVersion } from '../../ports/lock-store.ts';
import { applyWish, type WishResult } from '../apply-wish.ts';
import { type LockDeps } from '../deps.ts';
import { decideFully } from '../lock-version.ts';
import { asPlaced } from '../place-events.ts';
import { detailsOf, Scribe } from '../scribe.ts';
import { type ClearDeps } from './clear-hold.ts';
import { claimantOf, type ClaimDeps } from './event-claims.ts';
import { readCustody } from './ledger-items.ts';

export interface EventDeps extends LockDeps, ClaimDeps {
  readonly clearing: ClearDeps;
}

export interface Seen {
  readonly version: StoredVersion;
  readonly decision: Decision;
  readonly scribe: Scribe;
  /** What the rules that cover the version hold it for until the event. */
  readonly waiting: readonly EventHold[];
  /** The rules that wait for the event, and have claimed its legal hold; its tags may have changed since. */
  readonly claimed: readonly Rule[];
  /** The names of all rules that have claimed it, whatever they wait for. */
  readonly claims: ReadonlySet<string>;
}

interface Ended {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly outcome: OutcomeCode;
  readonly detail?: string;
}

/** @returns how it ended, where no rule waits for the event with this version. */
export async function lookAt(
  ref: ObjectRef,
  event: string,
  cause: string,
  deps: EventDeps,
): Promise<Seen | Ended> {
  const scribe = new Scribe(ref, cause, deps);
  const read = await deps.store.read(ref);
  if (read.kind !== 'found') {
    await scribe.unread(read);
    return endedAs(ref, read.kind, read.kind === 'no-permission' ? `${read.action} was denied` : undefined);
  }
  const { version } = read;
  scribe.found(version);
  const { decision } = await decideFully(version, deps);
  const waiting = (decision.eventHolds ?? []).filter((hold) => hold.event === event);
  scribe.decided(asPlaced(decision, { wishes: [], claims: waiting, residuals: [] }));
  const { value: custody } = await readCustody(version.ref, deps);
  const isClaimed = (rule: string): boolean => custody?.claims[claimantOf(rule)] !== undefined;
  const waits = deps.policy.rules.filter(
    ({ term, enforce }) => term.form === 'event' && term.event === event && enforce === 'apply',
  );
  // A clearing that was begun, and had no answer that counts, is gone on with.
  const claimed = waits.filter(({ name }) => isClaimed(name) || custody?.clearing?.by === claimantOf(name));
  const open = decision.undecided.find(({ rule }) => waits.some(({ name }) => name === rule));
  const ended = async (outcome: OutcomeCode, detail?: string): Promise<Ended> => {
    await scribe.ended(outcome, version.lock, detail === undefined ? {} : { detail });
    return endedAs(version.ref, outcome, detail);
  };
  if (open !== undefined) {
    const { name, permission } = FACTS[open.fact];
    return ended('undecided', `${name} could not be read: ${permission} is needed`);
  }
  if (waiting.length === 0 && claimed.length === 0) {
    const isObserved = decision.observed?.eventHolds?.some((hold) => hold.event === event) === true;
    return isObserved
      ? ended('observed')
      : ended('unmatched', `no rule waits for ${JSON.stringify(event)} with this version`);
  }
  const names = deps.policy.rules.map(({ name }) => name).filter(isClaimed);
  return { version, decision, scribe, waiting, claimed, claims: new Set(names) };
}

function endedAs(
  { bucket, key, versionId = '' }: { bucket: string; key: string; versionId?: string },
  outcome: OutcomeCode,
  detail: string | undefined,
): Ended {
  return { bucket, key, versionId, outcome, ...(detail !== undefined && { detail }) };
}

/** How one thing ended that is done to a version for an event. */
export interface End {
  readonly outcome: OutcomeCode;
  readonly after: LockState;
  readonly detail?: string;
}

export async function wishAndRecord(seen: Seen, wish: Wish, deps: EventDeps): Promise<End> {
  const result: WishResult = await applyWish(seen.version, wish, deps, intentBy(seen));
  await seen.scribe.ended(result.outcome, result.after, detailsOf(result, wish));
  return result;
}

export function intentBy({ scribe }: Seen): (write: Write) => Promise<void> {
  return async (write) => scribe.intend(write);
}
