/** What the checks of a policy say, and what they measure rules against. */
import { type Instant } from '../lock/instant.ts';
import { parsePeriod, type Period } from './period.ts';

export interface Remark {
  readonly severity: 'error' | 'warning';
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export type Say = (severity: Remark['severity'], path: readonly PropertyKey[], message: string) => void;

/** What the rules are measured against. */
export interface Limits {
  readonly maximum: Period;
  readonly minimum: Period | undefined;
  readonly horizon: readonly Period[];
  /** When the policy is checked; without it, fixed dates are not judged. */
  readonly now: Instant | undefined;
}

/** A buffer bridges a backup chain; what is longer belongs into the period, where the cap counts it. */
export const LONGEST_BUFFER = parsePeriod('P90D');

export function tooLongABuffer(buffer: string): string {
  return `a buffer of ${buffer} is longer than ${LONGEST_BUFFER.text}: put the rest into the period, where the maximum counts it`;
}
