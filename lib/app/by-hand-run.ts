/** Many versions by hand: a bounded number at once, and an early end where going on is of no use. */
import { type HandResult, isAsWanted } from './by-hand.ts';
import { type VersionRef } from '../ports/lock-store.ts';

export interface HandRun {
  readonly results: readonly HandResult[];
  /** Why the rest was not tried. */
  readonly stopped?: string;
  /** What made it stop, where going on was forbidden: nothing is done without a record. */
  readonly failure?: unknown;
}

const AT_ONCE = 16;

/**
 * Does the work on every version.
 *
 * It ends early when the bucket turns out to have no Object Lock, and when the store has given no verdict for as
 * many versions in a row as are worked on at once. What the work throws ends it too, after what was under way.
 *
 * @param onDone - told after each version how many are done.
 */
export async function runByHand(
  refs: readonly VersionRef[],
  work: (ref: VersionRef) => Promise<HandResult>,
  onDone: (done: number) => void = () => undefined,
): Promise<HandRun> {
  const results = new Map<number, HandResult>();
  const failures: unknown[] = [];
  const queue = refs.entries();
  let stopped: string | undefined;
  let silent = 0;
  const worker = async (): Promise<void> => {
    // All workers draw on one iterator, so each version is drawn once.
    for (const [at, ref] of queue) {
      try {
        const result = await work(ref);
        results.set(at, result);
        silent = result.outcome === 'no-verdict' ? silent + 1 : 0;
        if (result.outcome === 'no-lock-on-bucket') stopped ??= 'the bucket has no Object Lock';
        if (silent >= AT_ONCE) stopped ??= `the store gave no verdict ${AT_ONCE} times in a row`;
      } catch (cause) {
        failures.push(cause);
        stopped ??= 'its record could not be stored, or something else broke';
      }
      onDone(results.size);
      if (stopped !== undefined) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, refs.length) }, worker));
  const inOrder = Array.from(results).sort(([one], [other]) => one - other);
  return {
    results: inOrder.map(([, result]) => result),
    ...(stopped !== undefined && { stopped }),
    ...(failures.length > 0 && { failure: failures[0] }),
  };
}

/** How many versions ended in which way. */
export function countsOf(results: readonly HandResult[]): Partial<Record<HandResult['outcome'], number>> {
  const counts: Partial<Record<HandResult['outcome'], number>> = {};
  for (const { outcome } of results) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

const REFUSED = new Set<HandResult['outcome']>([
  'refused-by-lock',
  'mode-weaker',
  'mode-stricter',
  'event-held',
]);

/** How a run ended as a whole: one name where all that went wrong went wrong in the same way. */
export type RunVerdict =
  | 'done'
  | 'refused-by-lock'
  | 'no-permission'
  | 'unreachable'
  | 'bad-input'
  | 'partly-failed';

export function verdictOf({ results, stopped }: HandRun): RunVerdict {
  const wrong = results.filter((result) => !isAsWanted(result));
  if (wrong.length === 0) return stopped === undefined ? 'done' : 'partly-failed';
  const kinds = new Set(wrong.map(kindOf));
  const [kind] = kinds;
  return wrong.length === results.length && kinds.size === 1 && kind !== undefined ? kind : 'partly-failed';
}

function kindOf({ outcome }: HandResult): RunVerdict {
  if (REFUSED.has(outcome)) return 'refused-by-lock';
  switch (outcome) {
    case 'no-permission':
      return outcome;
    case 'no-verdict':
      return 'unreachable';
    case 'no-lock-on-bucket':
    case 'gone':
    case 'marker':
    case 'over-cap':
    case 'term-over':
      return 'bad-input';
    default:
      return 'partly-failed';
  }
}
