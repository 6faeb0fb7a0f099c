/** What all checks together say, in plain words. */
import { type Check, type Gravity } from './check.ts';

export interface Verdict {
  /** True only where nothing that was tried failed, and all that shows whether locks hold was tried. */
  readonly enforces: boolean;
  readonly verdict: string;
  /** The ids of what failed. */
  readonly exceptions: readonly string[];
}

export const NO_OBJECT_LOCK = 'lock-bucket';

/** @param gravityOf - what a failure of each check says of the store. */
export function judge(checks: readonly Check[], gravityOf: ReadonlyMap<string, Gravity>): Verdict {
  const exceptions = checks.filter(({ ok }) => !ok).map(({ id }) => id);
  const isCore = ({ id }: Check): boolean => (gravityOf.get(id) ?? 'exception') !== 'exception';
  const open = checks.filter((check) => !check.tried && isCore(check)).map(({ id }) => id);
  const of = (gravity: Gravity): string[] => exceptions.filter((id) => gravityOf.get(id) === gravity);
  return {
    enforces: exceptions.length === 0 && open.length === 0,
    verdict: words(exceptions, open, of),
    exceptions,
  };
}

function words(
  failing: readonly string[],
  open: readonly string[],
  of: (gravity: Gravity) => string[],
): string {
  if (failing.includes(NO_OBJECT_LOCK)) return 'this store does not offer Object Lock';
  const named = (ids: readonly string[]): string => `(${ids.join(', ')})`;
  const [deleted, weakened, unkept] = [of('deleted'), of('weakened'), of('unkept')];
  if (deleted.length > 0) return `this store accepted a lock and let the object be deleted ${named(deleted)}`;
  if (weakened.length > 0) return `this store accepted a lock and let it be weakened ${named(weakened)}`;
  if (unkept.length > 0) return `this store does not keep the locks it is asked for ${named(unkept)}`;
  if (open.length > 0) return `no verdict: what shows whether locks hold could not be tried ${named(open)}`;
  if (failing.length === 0) return 'this store enforces Object Lock';
  return `this store enforces Object Lock, with these exceptions: ${failing.join(', ')}`;
}
