/**
 * What the code is known not to keep, by what breaks and where that shows. A scenario fails when it breaks anything
 * else, and also when it breaks nothing of this any more: then its line goes.
 *
 * - `I3 blamed on somebody`: a bit that is looked at again while it is being placed, between its claim and its setting,
 *   is found OFF and blamed on an outsider. The product looks at what is on a page, which is written after the setting.
 */
import { type Broken } from './invariants.ts';

const KNOWN: Readonly<Partial<Record<Broken, readonly string[]>>> = {
  'I3 blamed on somebody': ['… and B is rechecked', '… and rechecked', '… and rechecked, late'],
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
