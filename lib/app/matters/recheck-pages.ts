/** Looks at the pages of a roll again: after late clearings may have landed, and whenever it is reconciled. */
import { formatInstant, type Instant, instantOf, parseInstant } from '../../lock/instant.ts';
import { type Matter, type Scope, type ScopeWork } from '../../matters/matter.ts';
import { checkedName, type PageHead, type RollEntry } from '../../matters/roll.ts';
import { type VersionRef, versionIdOf } from '../../ports/lock-store.ts';
import { recordVersion } from '../record-version.ts';
import { atOnce } from './at-once.ts';
import { entriesOf, headOf, latestOf, putPage } from './pages.ts';
import { releaseIfClosed } from './pieces.ts';
import { placeHold, recheckHold } from './place-hold.ts';
import { pagesOf } from './send-releases.ts';
import { type Next, type StepDeps } from './step.ts';

/** While clearings may land it is looked so often (seconds). */
const AGAIN = 60;

/** Rechecks what must be rechecked, as far as the time goes; says `in force` when nothing can change it any more. */
export async function recheckPages(
  matter: Matter,
  scope: Scope,
  work: ScopeWork,
  deadline: Instant,
  deps: StepDeps,
): Promise<Next> {
  const all = await pagesOf(matter, scope, deps);
  const begun = work.marker?.key ?? '';
  let settles = work.kind === 'open' ? undefined : work.settles;
  // Each look begins with what the pages say: what it finds is counted once.
  let counts = work.marker === undefined ? (work.base ?? scope.counts) : scope.counts;
  for (const page of all.toSorted()) {
    if (page <= begun) continue;
    const head = await headOf(page, deps);
    // An opening has just placed them all; what may still be cleared by an older release is looked at again.
    if (work.kind === 'open' && head?.settles === undefined) continue;
    const found = await recheckPage(page, matter.id, scope.id, work, deps);
    settles = latestOf([settles, found.settles]);
    const { failed, repaired } = found;
    counts = {
      ...counts,
      on: counts.on - failed + repaired,
      exceptions: counts.exceptions + failed - repaired,
    };
    if (deps.clock.now() < deadline) continue;
    const next = { ...work, marker: { key: page }, ...(settles !== undefined && { settles }) };
    return { kind: 'work', scope: { ...scope, counts, work: next }, seconds: 0 };
  }
  const now = deps.clock.now();
  const { marker: _, settles: __, ...rest } = work;
  if (settles !== undefined && parseInstant(settles) > now) {
    const seconds = Math.min(AGAIN, (parseInstant(settles) - now) / 1_000);
    const until = formatInstant(instantOf(now + seconds * 1_000));
    return { kind: 'work', scope: { ...scope, counts, work: { ...rest, until, settles } }, seconds };
  }
  const { work: ___, ...idle } = scope;
  const state = counts.exceptions === 0 ? 'in force' : 'in force with exceptions';
  const what = state === scope.state ? '' : state;
  return { kind: 'end', scope: { ...idle, counts, state, asOf: work.since, lastBeat: work.beat }, what };
}

/** What a page became: how many holds could not be set again, and how many that were missing were placed after all. */
async function recheckPage(
  page: string,
  matter: string,
  scope: string,
  work: ScopeWork,
  deps: StepDeps,
): Promise<{ readonly failed: number; readonly repaired: number; readonly settles?: string }> {
  const entries: RollEntry[] = [];
  for await (const entry of entriesOf(page, deps)) entries.push(entry);
  const counts = { on: 0, foundOff: 0, failed: 0, repaired: 0 };
  const lines: object[] = [];
  let settles: string | undefined;
  let setAgain = 0;
  const onEntry = async ({ bucket, key, versionId, outcome }: RollEntry): Promise<void> => {
    const ref: VersionRef = { bucket, key, versionId: versionIdOf(versionId) };
    if (outcome === 'gone' || outcome === 'marker') return;
    if (outcome !== 'on') {
      const claiming = { claimant: matter, page, again: true, isWritten: async () => false };
      const entry = await placeHold({ ref }, claiming, deps);
      settles = latestOf([settles, entry?.settles]);
      if (entry?.outcome !== 'on') return;
      counts.repaired += 1;
      lines.push(entry);
      return;
    }
    const { found, settles: until } = await recheckHold(ref, matter, deps);
    if (until !== undefined) settles = latestOf([settles, formatInstant(until)]);
    if (found.kind === 'failed' && found.outcome !== 'gone' && found.outcome !== 'marker') {
      counts.failed += 1;
      lines.push({ bucket, key, versionId, outcome: found.outcome, at: formatInstant(deps.clock.now()) });
    }
    if (found.kind === 'not-claimed') {
      // The matter is being released, or the ledger lost it and must be built again: nothing is set for nobody.
      counts.failed += 1;
      lines.push({ bucket, key, versionId, outcome: 'not-confirmed', at: formatInstant(deps.clock.now()) });
    }
    if (found.kind === 'on' || found.kind === 'set-again') counts.on += 1;
    if (found.kind !== 'set-again') return;
    setAgain += 1;
    const { requestId, by } = found;
    const ended = { outcome: by === 'us' ? ('held' as const) : ('hold-found-off' as const), cause: matter };
    await recordVersion(ref, { ...ended, ...(requestId !== undefined && { requestId }) }, deps);
    lines.push({ bucket, key, versionId, outcome: 'on', setAgain: by, at: formatInstant(deps.clock.now()) });
    if (by === 'somebody') counts.foundOff += 1;
  };
  await atOnce(entries, onEntry);
  if (counts.foundOff > 0) deps.onFoundOff(counts.foundOff);
  // What was found as it had been is told by the scope as a whole: a page for each look would cost more than the look.
  if (lines.length > 0) {
    const head: PageHead = { matter, scope, at: formatInstant(deps.clock.now()), counts };
    await putPage(checkedName(page, work.beat), head, lines, deps);
  }
  // Its release may have been approved meanwhile, and this page be done with already.
  if (setAgain + counts.repaired > 0) await releaseIfClosed(matter, page, deps);
  return { failed: counts.failed, repaired: counts.repaired, ...(settles !== undefined && { settles }) };
}
