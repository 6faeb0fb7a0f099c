/** How the event holds of a decision are placed: a store knows one hold for each version, in one mode. */
import { activeRetention, type LockState } from '../lock/state.ts';
import { earliestEnd, longerOf } from '../lock/duration.ts';
import { type Instant } from '../lock/instant.ts';
import { type EventHoldWish, type PlainWish, type Residual, type Wish } from '../lock/change.ts';
import { type Decision, type EventHold } from './decide.ts';

export interface Placing {
  /** All that is wanted of the store, the event hold before the dates. */
  readonly wishes: readonly Wish[];
  /** The event hold that the store itself keeps; the rules that wait for the same event share it. */
  readonly native?: EventHold;
  /** What a legal hold must stand in for. */
  readonly claims: readonly EventHold[];
  /** What a rule asks for and does not get, since the event hold is stricter. */
  readonly residuals: readonly Residual[];
}

/**
 * Shares the event holds of a decision out.
 *
 * The strictest mode decides here as well: an event hold of a weaker mode than the strictest rule is left to a
 * legal hold, which has no mode, and so is one that waits for another event.
 *
 * @param knows - whether the store has event holds.
 */
export function placingOf(
  { wishes, eventHolds = [], decidedBy }: Decision,
  lock: LockState,
  knows: boolean,
  now: Instant,
): Placing {
  if (!knows || eventHolds.length === 0) return { wishes, claims: eventHolds, residuals: [] };
  const modes = [...eventHolds, ...wishes].map((one) => ('mode' in one ? one.mode : undefined));
  const strictest = modes.includes('COMPLIANCE') ? 'COMPLIANCE' : 'GOVERNANCE';
  const first = eventHolds.find(({ mode }) => mode === strictest);
  if (first === undefined) return { wishes, claims: eventHolds, residuals: [] };

  const isShared = ({ mode, event }: EventHold): boolean => mode === strictest && event === first.event;
  const duration = eventHolds
    .filter(isShared)
    .map((hold) => hold.duration)
    .reduce(longerOf);
  const held: EventHoldWish = { kind: 'event-hold', mode: strictest, duration };
  const stored = activeRetention(lock.retention, now);
  // Once there is GOVERNANCE, nothing raises it, and its dates can be met all the same.
  const isMet = (wish: PlainWish): boolean =>
    wish.kind === 'hold' ||
    wish.mode === strictest ||
    (stored.state === 'locked' && stored.mode === wish.mode);
  const end = earliestEnd(duration, now);
  const residuals = wishes
    .filter((wish) => !isMet(wish))
    .flatMap((wish): Residual[] =>
      wish.kind === 'retention' && wish.until > end
        ? [
            {
              ...{ mode: wish.mode, from: end, until: wish.until, because: 'outranked' },
              ...(decidedBy !== undefined && { rule: decidedBy }),
            },
          ]
        : [],
    );
  return {
    wishes: [held, ...wishes.filter(isMet)],
    native: { ...first, duration },
    claims: eventHolds.filter((hold) => !isShared(hold)),
    residuals,
  };
}
