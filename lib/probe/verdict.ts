/** What all checks together say, in plain words. */
import { type Check, type Gravity } from './check.ts';

export interface Verdict {
  /** True only where nothing that was tried failed. */
  readonly enforces: boolean;
  readonly verdict: string;
  /** The ids of what failed. */
  readonly exceptions: readonly string[];
}

export const NO_OBJECT_LOCK = 'lock-bucket';

/** @param gravityOf - what a failure of each check says of the store. */
export function judge(checks: readonly Check[], gravityOf: ReadonlyMap<string, Gravity>): Verdict {
  const exceptions = checks.filter(({ ok }) => !ok).map(({ id }) => id);
  const worst = (gravity: Gravity): string[] => exceptions.filter((id) => gravityOf.get(id) === gravity);
  return { enforces: exceptions.length === 0, verdict: words(exceptions, worst), exceptions };
}

function words(failing: readonly string[], of: (gravity: Gravity) => string[]): string {
  if (failing.length === 0) return 'this store enforces Object Lock';
  if (failing.includes(NO_OBJECT_LOCK)) return 'this store does not offer Object Lock';
  const deleted = of('deleted');
  if (deleted.length > 0)
    return `this store accepted a lock and let the object be deleted (${deleted.join(', ')})`;
  const weakened = of('weakened');
  if (weakened.length > 0) return `this store accepted a lock and let it be weakened (${weakened.join(', ')})`;
  return `this store enforces Object Lock, with these exceptions: ${failing.join(', ')}`;
}
