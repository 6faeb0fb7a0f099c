/** One step of the work on a scope: lists, waits for pieces, looks again; each step makes the next. */
import * as z from 'zod';
import { formatInstant, type Instant, instantOf, parseInstant } from '../../lock/instant.ts';
import { type Matter, type Scope, type ScopeWork, withScope } from '../../matters/matter.ts';
import { changeMatter, putOnDocket, recordMatter, takeOffDocket } from './change-matter.ts';
import { gatherPlaced, gatherReleased } from './gather.ts';
import { listScope } from './list-scope.ts';
import { recheckPages } from './recheck-pages.ts';
import { sendReleases } from './send-releases.ts';
import { type Next, type StepDeps } from './step.ts';

export const stepSchema = z.object({
  task: z.literal('step'),
  matter: z.string(),
  scope: z.string(),
  beat: z.number(),
});
export type StepTask = z.infer<typeof stepSchema>;

/** A piece that has not ended after so long was lost, and the pass begins anew (milliseconds). */
const LOST = 45 * 60_000;

/** After a step that failed the next one is taken so much later (seconds). */
const TROUBLE = 30;

/**
 * Takes the next step of a scope.
 *
 * @returns false where somebody else takes it, or there is nothing left to do.
 */
export async function stepScope(
  { matter: id, scope: name, beat }: StepTask,
  deadline: Instant,
  deps: StepDeps,
): Promise<boolean> {
  // Whoever takes the beat does the step; a second delivery finds it taken.
  const matter = await changeMatter(id, (before) => withBeat(before, name, beat, deps.clock.now()), deps);
  const scope = scopeOf(matter, name);
  if (matter === undefined || scope?.work === undefined) return false;
  const next = await takeStep(matter, scope, scope.work, deadline, deps).catch(async (cause: unknown) => {
    // The beat is taken, so that this message would find nothing to do when it comes again.
    await sendStep({ task: 'step', matter: id, scope: name, beat: beat + 1 }, TROUBLE, deps);
    throw cause;
  });
  const at = formatInstant(deps.clock.now());
  const after = await changeMatter(
    id,
    (before) => {
      const mine = scopeOf(before, name);
      // A release that was approved meanwhile goes before whatever this step found.
      if (mine?.work?.beat !== beat + 1 || mine.work.kind !== scope.work?.kind) return undefined;
      return withScope(
        before,
        next.scope,
        at,
        next.kind === 'end' && next.what !== '' ? next.what : undefined,
      );
    },
    deps,
  );
  if (after === undefined) return false;
  if (next.kind === 'end') await recordMatter('matter-changed', after, `${name}: ${next.scope.state}`, deps);
  else await sendStep({ task: 'step', matter: id, scope: name, beat: beat + 1 }, next.seconds, deps);
  return true;
}

export async function sendStep(
  task: StepTask,
  seconds: number,
  { later }: Pick<StepDeps, 'later'>,
): Promise<void> {
  await later.sendLater(JSON.stringify(task), Math.min(900, Math.max(0, Math.ceil(seconds))), 0);
}

async function takeStep(
  matter: Matter,
  scope: Scope,
  work: ScopeWork,
  deadline: Instant,
  deps: StepDeps,
): Promise<Next> {
  const now = deps.clock.now();
  if (work.until !== undefined && parseInstant(work.until) > now)
    return { kind: 'work', scope, seconds: (parseInstant(work.until) - now) / 1_000 };
  switch (work.kind) {
    case 'open':
    case 'reconcile':
      return stepPlacing(matter, scope, work, deadline, deps);
    case 'release':
      return stepRelease(matter, scope, work, deadline, deps);
  }
}

async function stepPlacing(
  matter: Matter,
  scope: Scope,
  work: ScopeWork,
  deadline: Instant,
  deps: StepDeps,
): Promise<Next> {
  switch (work.phase) {
    case 'wait':
      return begin(matter, scope, work, deps);
    case 'list':
      return listScope(matter, scope, work, deadline, deps);
    case 'gather':
      return gatherPlaced(matter, scope, work, LOST, deps);
    case 'settle':
      return recheckPages(matter, scope, work, deadline, deps);
  }
}

/**
 * Puts the matter on the docket, as a new generation of it; then every cached docket must expire before the listing
 * begins: later versions are held as they come. In a list nothing arrives, so that nobody's cache matters.
 */
async function begin(matter: Matter, scope: Scope, work: ScopeWork, deps: StepDeps): Promise<Next> {
  const { until, ...rest } = work;
  if (until === undefined) {
    await putOnDocket(matter.id, deps.epoch, deps);
    const wait = waitFor(deps.docketFresh);
    const next = { ...work, until: formatInstant(instantOf(deps.clock.now() + wait)) };
    if (scope.what.kind === 'selector')
      return { kind: 'work', scope: { ...scope, work: next }, seconds: wait / 1_000 };
  }
  const since = formatInstant(deps.clock.now());
  const next = { ...rest, phase: 'list' as const, since, first: since, from: work.beat };
  return { kind: 'work', scope: { ...scope, work: next }, seconds: 0 };
}

/** How long to wait after a change of the docket until nobody believes the one before. */
function waitFor(docketFresh: number): number {
  return 2 * docketFresh + 1_000;
}

async function stepRelease(
  matter: Matter,
  scope: Scope,
  work: ScopeWork,
  deadline: Instant,
  deps: StepDeps,
): Promise<Next> {
  switch (work.phase) {
    case 'wait':
    case 'list':
      await takeOffDocket(matter.id, deps.epoch, deps);
      return sendReleases(matter, scope, work, deadline, deps);
    case 'gather':
    case 'settle':
      return gatherReleased(matter, scope, work, LOST, deps);
  }
}

function withBeat(matter: Matter, name: string, beat: number, now: Instant): Matter | undefined {
  const scope = scopeOf(matter, name);
  if (scope?.work?.beat !== beat) return undefined;
  const work = { ...scope.work, beat: beat + 1, touched: formatInstant(now) };
  return withScope(matter, { ...scope, work }, formatInstant(now));
}

function scopeOf(matter: Matter | undefined, name: string): Scope | undefined {
  return matter?.scopes.find(({ id }) => id === name);
}
