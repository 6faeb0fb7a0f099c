/** Says how the locks of many versions ended: while they are under way, in words, and as JSON. */
import { type HandResult, isAsWanted } from '../lib/app/by-hand.ts';
import { countsOf, type HandRun } from '../lib/app/by-hand-run.ts';
import { wantedInRecord } from '../lib/audit/record.ts';
import { type Wish } from '../lib/lock/change.ts';
import { type VersionRef } from '../lib/ports/lock-store.ts';
import { meaningOf, resultJson, resultLines } from './by-hand-text.ts';
import { paint, print, printJson } from './output.ts';

export interface Found {
  readonly refs: readonly VersionRef[];
  readonly bytes: number;
  readonly markers: number;
}

/** So many versions are named one by one; of more, only those that did not end as wanted. */
const NAMED = 20;
const NAMED_IN_JSON = 1_000;

/** Shows the progress of long work where somebody watches. */
export function progressOf(total: number): { show: (done: number) => void; clear: () => void } {
  let shownAt = 0;
  if (!process.stderr.isTTY || total <= NAMED) return { show: () => undefined, clear: () => undefined };
  return {
    show: (done) => {
      if (Date.now() - shownAt < 200) return;
      shownAt = Date.now();
      process.stderr.write(`\r${done.toLocaleString('en')} of ${total.toLocaleString('en')} versions`);
    },
    clear: () => process.stderr.write('\r\u001b[K'),
  };
}

export function sayRun(run: HandRun, { refs, markers }: Found, dryRun: boolean): void {
  const { results, stopped } = run;
  const wrong = results.filter((result) => !isAsWanted(result));
  const named = refs.length <= NAMED ? results : wrong.slice(0, NAMED);
  for (const line of named.flatMap((result) => resultLines(result, dryRun))) print(line);
  if (refs.length > 1) {
    if (named.length > 0) print();
    if (wrong.length > named.length)
      print(`… and ${wrong.length - named.length} more; --json names them all`);
    for (const [outcome, count] of Object.entries(countsOf(results)) as [HandResult['outcome'], number][])
      print(`${count.toLocaleString('en').padStart(9)}  ${meaningOf(outcome)}${dryRun ? ' (foreseen)' : ''}`);
    if (markers > 0) print(`${String(markers).padStart(9)}  left out: a delete marker cannot be locked`);
  }
  if (stopped !== undefined) {
    const left = refs.length - results.length;
    const untried = `${left} ${left === 1 ? 'version was' : 'versions were'} not tried`;
    print(paint('red', `stopped: ${stopped}; ${untried}`));
  }
  if (dryRun) print('Nothing was written.');
}

export function sayRunJson(run: HandRun, { refs, markers }: Found, wish: Wish, dryRun: boolean): void {
  const { results, stopped } = run;
  const named = refs.length <= NAMED_IN_JSON ? results : results.filter((result) => !isAsWanted(result));
  printJson({
    wanted: wantedInRecord(wish),
    dryRun,
    versions: refs.length,
    markers,
    counts: countsOf(results),
    ...(stopped !== undefined && { stopped, notTried: refs.length - results.length }),
    results: named.map(resultJson),
  });
}
