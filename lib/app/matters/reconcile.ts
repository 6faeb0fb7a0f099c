/** The safety net under holds: goes on with what stands still, and looks at every hold again. */
import { addPeriod, type Period } from '../../policy/period.ts';
import { formatInstant, type Instant, parseInstant } from '../../lock/instant.ts';
import { isOpen, type Matter, newWork, type Scope, withScope } from '../../matters/matter.ts';
import { changeMatter, putOnDocket, recordMatter, takeOffDocket } from './change-matter.ts';
import { allMatters, readDocket } from './ledger-items.ts';
import { type StepDeps } from './step.ts';
import { sendStep } from './step-scope.ts';

/** Nobody has worked on it for so long: its message was lost (milliseconds). */
const STILL = 10 * 60_000;

export interface Reconciled {
  readonly matters: number;
  readonly begun: number;
  readonly resumed: number;
}

/**
 * Looks at every matter.
 *
 * @param every - how often the holds of a scope are looked at again.
 * @param onFailed - told of every matter that could not be looked at; the others are, all the same.
 */
export async function reconcileAll(
  every: Period,
  deps: StepDeps,
  onFailed: (matter: string, cause: unknown) => void,
): Promise<Reconciled> {
  const result = { matters: 0, begun: 0, resumed: 0 };
  const { value: docket } = await readDocket(deps);
  for await (const matter of allMatters(deps)) {
    result.matters += 1;
    try {
      await mendDocket(matter, docket.open, deps);
      for (const scope of matter.scopes) {
        const done = await nudge(matter, scope, every, deps);
        if (done !== undefined) result[done] += 1;
      }
    } catch (cause) {
      onFailed(matter.id, cause);
    }
  }
  return result;
}

/** Whoever opened or released it may not have lived to change the docket. */
async function mendDocket(matter: Matter, open: readonly string[], deps: StepDeps): Promise<void> {
  if (isOpen(matter) && !open.includes(matter.id)) await putOnDocket(matter.id, deps.epoch, deps);
  if (!isOpen(matter) && open.includes(matter.id)) await takeOffDocket(matter.id, deps.epoch, deps);
}

async function nudge(
  matter: Matter,
  scope: Scope,
  every: Period,
  deps: StepDeps,
): Promise<'begun' | 'resumed' | undefined> {
  const now = deps.clock.now();
  const { work } = scope;
  if (work !== undefined) {
    if (now - lastTouch(work) < STILL) return undefined;
    await sendStep({ task: 'step', matter: matter.id, scope: scope.id, beat: work.beat }, 0, deps);
    return 'resumed';
  }
  const isDue = scope.asOf === undefined || addPeriod(parseInstant(scope.asOf), every) <= now;
  if (!isOpen(matter) || !isDue) return undefined;
  const after = await changeMatter(matter.id, (before) => begin(before, scope.id, now), deps);
  const beat = after?.scopes.find(({ id }) => id === scope.id)?.work?.beat;
  if (after === undefined || beat === undefined) return undefined;
  // It may be the only record of a change whose own was never stored.
  await recordMatter('matter-changed', after, `${scope.id}: looked at again`, deps);
  await sendStep({ task: 'step', matter: matter.id, scope: scope.id, beat }, 0, deps);
  return 'begun';
}

function begin(matter: Matter, name: string, now: Instant): Matter | undefined {
  const scope = matter.scopes.find(({ id }) => id === name);
  if (scope === undefined || scope.work !== undefined || !isOpen(matter)) return undefined;
  const at = formatInstant(now);
  const work = newWork('reconcile', at, scope.lastBeat ?? 0);
  return withScope(
    matter,
    // Nothing is listed anew, and all is counted anew before it is looked at.
    { ...scope, work: scope.what.kind === 'list' ? { ...work, phase: 'gather' } : work },
    at,
  );
}

function lastTouch({ touched, until }: NonNullable<Scope['work']>): Instant {
  const moment = parseInstant(touched);
  const later = until === undefined ? moment : parseInstant(until);
  return later > moment ? later : moment;
}
