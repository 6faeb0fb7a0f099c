/** Whether a planned write is still what the policy wants, now that the version has been read once more. */
import { change, type Wish, writeOf } from '../lock/change.ts';
import { formatInstant, type Instant } from '../lock/instant.ts';
import { type LockState, type Mode } from '../lock/state.ts';
import { type Decision } from '../policy/decide.ts';

/** The lock that a plan gives to a version. */
export type Planned =
  | { readonly to: 'hold' }
  | {
      readonly to: Mode;
      readonly until: Instant;
      /** By how much it may be later than its rule asks (milliseconds). */
      readonly tolerance: number;
    };

export type StillWanted =
  | { readonly kind: 'apply'; readonly wish: Wish }
  /** It carries what is wanted already. */
  | { readonly kind: 'in-place'; readonly wish: Wish }
  /** The version, its tags or the time have moved on: what was planned is not written. */
  | { readonly kind: 'moved'; readonly detail: string };

/**
 * Compares a planned write with what the policy decides of the version as it is now.
 *
 * What is written is never more than what was planned, and never longer than the policy wants now by more than the
 * tolerance. Where the policy meanwhile wants a longer lock, the planned one is a step on the way.
 */
export function stillWanted(
  decision: Decision,
  lock: LockState,
  planned: Planned,
  now: Instant,
): StillWanted {
  const wishes = decision.wishes.filter((wish) => (wish.kind === 'hold') === (planned.to === 'hold'));
  const [first] = wishes;
  if (first === undefined)
    return { kind: 'moved', detail: `no rule wants ${planned.to === 'hold' ? 'a hold' : 'a date'} any more` };
  let why = '';
  for (const wish of wishes) {
    const write = writeOf(change(lock, wish, now));
    if (write === undefined) continue;
    if (wish.kind === 'hold' || write.kind === 'hold-on' || planned.to === 'hold')
      return { kind: 'apply', wish };
    if (write.mode !== planned.to) why = `${write.mode} is wanted now, and ${planned.to} was planned`;
    else if (planned.until > write.until + planned.tolerance || planned.until > wish.notAfter) {
      why = `a lock until ${formatInstant(write.until)} is wanted now, and ${formatInstant(planned.until)} was planned`;
    } else return { kind: 'apply', wish: { ...wish, until: planned.until } };
  }
  if (why !== '') return { kind: 'moved', detail: why };
  const changes = wishes.map((wish) => change(lock, wish, now));
  if (changes.every(({ kind }) => kind === 'nothing')) return { kind: 'in-place', wish: first };
  // The law answers with a gap: applying names it.
  return { kind: 'apply', wish: first };
}
