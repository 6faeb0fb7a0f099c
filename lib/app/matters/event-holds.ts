/** An event that rules wait for: reported, it lets go and fixes the date; undone, it holds again. */
import { type OutcomeCode, OUTCOMES } from '../../audit/outcome.ts';
import { earliestEnd } from '../../lock/duration.ts';
import { formatInstant, type Instant } from '../../lock/instant.ts';
import { type EventAnswer } from '../../matters/messages.ts';
import { type Rule } from '../../policy/compile.ts';
import { placingOf } from '../../policy/place-events.ts';
import { type ObjectRef, type StoredVersion } from '../../ports/lock-store.ts';
import { afterClaim, isOver, REPORTED, withRetention } from '../place-events.ts';
import { eventClaims, noteHeldAgain, placeClaim } from './event-claims.ts';
import { type End, type EventDeps, lookAt, type Seen, wishAndRecord } from './event-look.ts';
import { releaseClaim } from './release-claim.ts';
import { releaseNative } from './release-native.ts';

export type { EventDeps } from './event-look.ts';

export interface ReportedEvent {
  readonly event: string;
  /** When it was reported: a later delivery of the same report counts from then too. */
  readonly at?: Instant;
  /** The id of the report; records name it. */
  readonly cause?: string;
}

/** How one version followed an event. */
export type EventResult = EventAnswer['results'][number] & { readonly outcome: OutcomeCode };

/**
 * Tells one version that an event has happened: whatever holds it until then lets go, and its date is fixed.
 *
 * Where the store keeps the hold, the store fixes the date. Where a legal hold stands in for it, the date comes
 * first, is read back, and only then the legal hold is released, which stays ON where others need it.
 * What cannot be done leaves the hold ON. Doing it twice does it once.
 *
 * @throws HoldfastError `throttled` or `unreachable` when the store gave no verdict: ask again.
 */
export async function releaseEvent(
  ref: ObjectRef,
  { event, at, cause = `event:${event}` }: ReportedEvent,
  deps: EventDeps,
): Promise<EventResult> {
  const seen = await lookAt(ref, event, cause, deps);
  if ('outcome' in seen) return seen;
  const reported = at ?? deps.clock.now();
  const ends: End[] = [];
  let { version } = seen;
  const native = await releaseNative(seen, event, deps);
  if (native !== undefined) {
    ends.push(native);
    version = { ...version, lock: native.after };
  }
  // The strictest first: a GOVERNANCE date could never become COMPLIANCE.
  const rules = seen.claimed.toSorted((one, other) => rank(one) - rank(other));
  for (const rule of rules) {
    const end = await releaseClaim({ ...seen, version }, rule, event, reported, deps);
    ends.push(end);
    version = { ...version, lock: end.after };
  }
  if (ends.length === 0) ends.push(await releaseNothing(seen, reported, deps));
  return answerOf(version, ends);
}

/**
 * Tells one version that an event is undone: it is held again until the event is reported once more.
 *
 * @throws HoldfastError `throttled` or `unreachable` when the store gave no verdict: ask again.
 */
export async function reholdEvent(
  ref: ObjectRef,
  { event, cause = `event:${event}` }: ReportedEvent,
  deps: EventDeps,
): Promise<EventResult> {
  const seen = await lookAt(ref, event, cause, deps);
  if ('outcome' in seen) return seen;
  const { scribe, decision } = seen;
  const ends: End[] = [];
  let { version } = seen;
  const knows = deps.store.capabilities.eventHolds === 'native';
  const { native, wishes, claims } = placingOf(decision, version.lock, knows, deps.clock.now());
  const held = wishes.find(({ kind }) => kind === 'event-hold');
  if (native?.event === event && held !== undefined) {
    const end = await wishAndRecord({ ...seen, version }, held, deps);
    if (OUTCOMES[end.outcome].covered) await noteHeldAgain(version, native, [], deps);
    ends.push(end);
    version = { ...version, lock: end.after };
  }
  for (const hold of claims.filter((one) => one.event === event)) {
    const placed = await placeClaim(version, hold, deps, true);
    version = afterClaim(version, placed);
    const { outcome, ...details } = placed;
    await scribe.ended(outcome, version.lock, { wanted: [{ kind: 'hold' }], ...details });
    ends.push({ ...placed, after: version.lock });
  }
  // Its rules do not cover it any more, and what they claimed is still held.
  if (ends.length === 0) {
    await scribe.ended('unmatched', version.lock);
    ends.push({ outcome: 'unmatched', after: version.lock });
  }
  return answerOf(version, ends);
}

/** Nothing waits: it was reported before, or never held the version. */
async function releaseNothing(seen: Seen, reported: Instant, deps: EventDeps): Promise<End> {
  const { waiting, scribe } = seen;
  const version = await withRetention(seen.version, deps);
  const { retention } = version.lock;
  const claims = { eventHolds: eventClaims(deps) };
  let isDone = waiting.length > 0;
  for (const hold of waiting) {
    const isLong = retention.state === 'locked' && retention.until >= earliestEnd(hold.duration, reported);
    isDone &&= isLong || (await isOver(version, hold, claims));
  }
  const { outcome, detail = '' } = isDone ? REPORTED : { outcome: 'no-event-hold' as const };
  const more = detail === '' ? {} : { detail };
  await scribe.ended(outcome, version.lock, more);
  return { outcome, after: version.lock, ...more };
}

function rank({ mode }: Rule): number {
  return mode === 'COMPLIANCE' ? 0 : 1;
}

/** One answer for a version: what went wrong, where something did. */
function answerOf({ ref, lock }: StoredVersion, ends: readonly End[]): EventResult {
  const [first] = ends;
  const end = ends.find(({ outcome }) => !OUTCOMES[outcome].covered) ?? ends.at(-1) ?? first;
  const { bucket, key, versionId } = ref;
  const { retention } = lock;
  return {
    ...{ bucket, key, versionId, outcome: end?.outcome ?? 'unmatched' },
    ...(retention.state === 'locked' && { until: formatInstant(retention.until) }),
    ...(end?.detail !== undefined && { detail: end.detail }),
  };
}
