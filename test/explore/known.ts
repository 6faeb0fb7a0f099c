/**
 * What the code is known not to keep, by what breaks and where that shows. A scenario fails when it breaks anything
 * else, and also when it breaks nothing of this any more: then its line goes.
 *
 * - `I1 cleared in force`: two clearings can bear the same `landsBefore`, and the answer to one is taken for the answer
 *   to both; a hold that is placed again while its page is looked at again counts, though it `settles`.
 * - `I1 counted while OFF`: whether a clearing may still land is asked when the bit has been read, not before.
 * - `I2`, `I6`: a clearing without an answer stays noted for ever, and makes the next hold of anybody ours.
 * - `I3 blamed on us`: the same note hides what an outsider clears.
 * - `I3 blamed on somebody`: a note that was taken away by the answer is missed by whoever was to wait for it.
 * - `I3 claimed and on no roll`: whoever claims for another matter while clearing, and stops, never writes its page.
 * - `I4`: late settings are looked for only where their time is not over when a release is counted up; those of a
 *   recheck are noted nowhere; a recheck may set what was released since it looked; and of two clearings of one page
 *   the last to end writes what it saw, though the other saw more.
 */
import { type Broken } from './invariants.ts';

const KNOWN: Readonly<Partial<Record<Broken, readonly string[]>>> = {
  'I1 cleared in force': ['… twice', '… and reconciled', '… and an event needs it'],
  'I1 counted while OFF': [
    '… and time passes',
    'B is placed while A is cleared, late',
    '… in small steps of time',
    '… after a crash',
    '… twice',
    '… and rechecked',
    '… and reconciled',
    'an event needs what A is released from',
  ],
  'I2 foreign hold cleared': ['somebody else sets it after A was cleared'],
  'I3 blamed on somebody': [
    'B opens while A is released',
    '… and a task crashes',
    '… and an answer is lost',
    '… and an outsider clears',
    '… and an outsider sets',
    '… and B is rechecked',
    '… and time passes',
    'B is placed while A is cleared, late',
    '… in small steps of time',
    '… after a crash',
    '… twice',
    '… and rechecked',
    '… and rechecked, late',
    '… and cleared by an outsider',
    '… and reconciled',
    '… and an event needs it',
    'A is released while it is rechecked',
    'A is rechecked, set late, and released',
    'an event needs what A is released from',
    'two versions',
  ],
  'I3 blamed on us': [
    '… and a task crashes',
    '… and an answer is lost',
    '… and an outsider clears',
    'B is placed while A is cleared, late',
    '… in small steps of time',
    '… after a crash',
    '… and cleared by an outsider',
    '… and reconciled',
    'an event needs what A is released from',
  ],
  'I3 claimed and on no roll': [
    'a matter covers it by its selector',
    '… and a task crashes, where it is covered',
  ],
  'I4 left ON and not listed': [
    '… and crashes',
    '… and is set late',
    '… and its piece comes again after the release',
    'A is released while it is rechecked',
    'A is released while it is reconciled',
    '… and a task crashes, of these',
    'A is rechecked, set late, and released',
  ],
  'I6 not idempotent': ['somebody else sets it after A was cleared', '… and a task crashes, of these'],
};

/** What a scenario is known to break. */
export function knownOf(scenario: string): string[] {
  return Object.entries(KNOWN)
    .filter(([, names]) => names.includes(scenario))
    .map(([broken]) => broken)
    .toSorted();
}

/** What random ways may break: a few of them need not find it. */
export const AT_RANDOM: readonly string[] = Object.keys(KNOWN);
