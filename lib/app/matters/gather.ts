/** Puts together what became of the pieces of a scope. */
import { formatInstant, type Instant, parseInstant } from '../../lock/instant.ts';
import {
  type Matter,
  type ReleasedCounts,
  type Scope,
  type ScopeCounts,
  type ScopeWork,
} from '../../matters/matter.ts';
import {
  beatOfPage,
  type PageHead,
  placedPrefix,
  plusCounts,
  releasedName,
  type RollEnd,
} from '../../matters/roll.ts';
import { versionIdOf } from '../../ports/lock-store.ts';
import { atOnce } from './at-once.ts';
import { clearHold } from './clear-hold.ts';
import { endsOf, entriesOf, headOf, latestOf, putReleased } from './pages.ts';
import { pagesOf, releasedPages } from './send-releases.ts';
import { type Next, type StepDeps } from './step.ts';

/** So often it is listed again for what was uploaded meanwhile; events find the rest. */
const MOST_PASSES = 5;

/** When all pieces of a pass have ended: list again for what came meanwhile, or look at late clearings. */
export async function gatherPlaced(
  matter: Matter,
  scope: Scope,
  work: ScopeWork,
  lost: number,
  deps: StepDeps,
): Promise<Next> {
  const pages = await pagesOf(matter, scope, deps);
  const ofPass = pages.filter((page) => isOfScope(page, matter, scope) && beatOfPage(page) >= work.from);
  if (!areAllThere(ofPass, work)) return waitOn(scope, work, ofPass.length, lost, deps);
  const heads = await headsOf(pages, deps);
  const counts = heads.map((head) => countsIn(head.counts)).reduce(plusCounts, NOTHING);
  const found = ofPass
    .map((page) => countsIn(heads[pages.indexOf(page)]?.counts ?? {}))
    .reduce(plusCounts, NOTHING);
  const { until: _, ...rest } = work;
  const next: ScopeWork =
    work.kind === 'open' && scope.what.kind === 'selector' && found.versions > 0 && work.pass < MOST_PASSES
      ? { ...rest, ...newPass(work, deps.clock.now()) }
      : { ...rest, phase: 'settle', base: counts };
  return { kind: 'work', scope: { ...scope, counts, work: next }, seconds: 0 };
}

/** When every page of the roll has been released: count, and look again at what may have been set late. */
export async function gatherReleased(
  matter: Matter,
  scope: Scope,
  work: ScopeWork,
  lost: number,
  deps: StepDeps,
): Promise<Next> {
  const pages = await pagesOf(matter, scope, deps);
  const ended = await releasedPages(matter, scope, deps);
  if (pages.some((page) => !ended.has(releasedName(page))))
    return waitOn(scope, work, ended.size, lost, deps);
  const placed = await headsOf(pages, deps);
  const ends = await headsOf(pages.map(releasedName), deps);
  const now = deps.clock.now();
  const lands = latestOf([...placed, ...ends].map((head) => head.lands));
  if (lands !== undefined && parseInstant(lands) > now) {
    const seconds = (parseInstant(lands) - now) / 1_000;
    return {
      kind: 'work',
      scope: { ...scope, work: { ...work, phase: 'settle', until: lands } },
      seconds,
    };
  }
  // What was set late is listed: nobody can tell it from a hold of somebody else.
  for (const [at, page] of pages.entries())
    if (placed[at]?.lands !== undefined || ends[at]?.lands !== undefined)
      await lookAgain(page, matter.id, scope.id, deps);
  const released = (await headsOf(pages.map(releasedName), deps))
    .map(({ counts }) => releasedIn(counts))
    .reduce(plusReleased, NONE);
  const isClean = released.notOurs === 0 && released.failed === 0;
  const { work: _, ...rest } = scope;
  const idle = { ...rest, lastBeat: work.beat };
  const state = isClean ? 'released' : 'released with exceptions';
  return { kind: 'end', scope: { ...idle, state, released }, what: state };
}

/** What had no answer is asked for again; and what was taken off may have been set since, by a late request of ours. */
async function lookAgain(page: string, matter: string, scope: string, deps: StepDeps): Promise<void> {
  const late = new Set<string>();
  for await (const entry of entriesOf(page, deps)) if (entry.lands !== undefined) late.add(nameOf(entry));
  const ends: RollEnd[] = [];
  for await (const end of endsOf(page, deps)) ends.push(end);
  const again = await atOnce(ends, async (end): Promise<RollEnd> => {
    const { bucket, key, versionId, outcome, lands } = end;
    const ref = { bucket, key, versionId: versionIdOf(versionId) };
    if (outcome === 'no-verdict' && lands !== undefined) return clearHold(ref, matter, deps.clearing);
    if (outcome !== 'off' || (lands === undefined && !late.has(nameOf(end)))) return end;
    const seen = await deps.store.readLock(ref, 'hold');
    const at = formatInstant(deps.clock.now());
    if (seen.kind !== 'seen' || seen.lock.hold === 'none') return { bucket, key, versionId, outcome, at };
    return { bucket, key, versionId, outcome: 'unclear', at, detail: 'ON again after it was taken off' };
  });
  await putReleased(page, { matter, scope }, again, deps);
}

function nameOf({ key, versionId }: Pick<RollEnd, 'key' | 'versionId'>): string {
  return JSON.stringify([key, versionId]);
}

function areAllThere(names: readonly string[], { sent }: ScopeWork): boolean {
  const there = new Map<number, number>();
  for (const name of names) there.set(beatOfPage(name), (there.get(beatOfPage(name)) ?? 0) + 1);
  return sent.every(({ beat, pieces }) => (there.get(beat) ?? 0) >= pieces);
}

/** Looks again soon, then less often; where no piece has ended for long they were lost, and are sent once more. */
function waitOn(scope: Scope, work: ScopeWork, pieces: number, lost: number, { clock }: StepDeps): Next {
  const now = clock.now();
  const ended = work.ended?.pieces === pieces ? work.ended : { pieces, at: formatInstant(now) };
  const age = now - parseInstant(ended.at);
  if (age < lost) {
    const seconds = Math.min(60, Math.max(1, (now - parseInstant(work.since)) / 10_000));
    return { kind: 'work', scope: { ...scope, work: { ...work, ended } }, seconds };
  }
  // Nobody knows which versions it was about: all are listed again.
  const { first: _, ended: __, ...rest } = work;
  return { kind: 'work', scope: { ...scope, work: { ...rest, ...newPass(work, now) } }, seconds: 0 };
}

function newPass(
  { pass, beat }: ScopeWork,
  now: Instant,
): Pick<ScopeWork, 'phase' | 'pass' | 'sent' | 'since' | 'from'> {
  return { phase: 'list', pass: pass + 1, sent: [], since: formatInstant(now), from: beat };
}

function isOfScope(page: string, matter: Matter, scope: Scope): boolean {
  return page.startsWith(placedPrefix(matter.id, scope.id));
}

async function headsOf(names: readonly string[], deps: StepDeps): Promise<PageHead[]> {
  const heads = await atOnce(names, async (name) => headOf(name, deps));
  return heads.filter((head) => head !== undefined);
}

const NOTHING: ScopeCounts = { versions: 0, bytes: 0, on: 0, exceptions: 0 };
const NONE: ReleasedCounts = { off: 0, needed: 0, notOurs: 0, gone: 0, failed: 0 };

function countsIn({ versions = 0, bytes = 0, on = 0, exceptions = 0 }: PageHead['counts']): ScopeCounts {
  return { versions, bytes, on, exceptions };
}

function releasedIn({
  off = 0,
  needed = 0,
  notOurs = 0,
  gone = 0,
  failed = 0,
}: PageHead['counts']): ReleasedCounts {
  return { off, needed, notOurs, gone, failed };
}

function plusReleased(one: ReleasedCounts, other: ReleasedCounts): ReleasedCounts {
  return {
    off: one.off + other.off,
    needed: one.needed + other.needed,
    notOurs: one.notOurs + other.notOurs,
    gone: one.gone + other.gone,
    failed: one.failed + other.failed,
  };
}
