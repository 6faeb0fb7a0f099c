/** The last date that any rule of a policy may ask for. */
import { type Instant } from '../lock/instant.ts';
import { type Policy } from './compile.ts';

/** Law 5 for whoever cannot look at a version: no version was created after `now`, so no cap lies beyond this. */
export function latestOf({ rules }: Policy, now: Instant): Instant {
  return Math.max(now, ...rules.map(({ capAfter }) => capAfter(now))) as Instant;
}
