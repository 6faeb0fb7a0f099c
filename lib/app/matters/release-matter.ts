/** Releases a matter: one person asks, another approves, and only then is anything taken off. */
import { HoldfastError } from '../../errors.ts';
import { formatInstant } from '../../lock/instant.ts';
import { approveRelease, askRelease, type Matter, type ReleaseRefusal } from '../../matters/matter.ts';
import { type Forecast, type MatterView } from '../../matters/messages.ts';
import { type Caller } from '../caller.ts';
import { changeMatter, recordMatter, takeOffDocket } from './change-matter.ts';
import { forecastOf } from './forecast.ts';
import { alreadyReleased } from './open-matter.ts';
import { type ServiceDeps } from './service-deps.ts';
import { sendStep } from './step-scope.ts';
import { actorOf, changeParticulars, named, readParticulars, viewOf, visibleMatter } from './views.ts';

/** Asks for the release of a matter, and says what could be deleted then; the matter covers on. */
export async function askMatterRelease(
  id: string,
  reason: string,
  caller: Caller,
  deps: ServiceDeps,
): Promise<{ matter: MatterView; deletable: Forecast }> {
  await visibleMatter(id, caller, deps);
  const asked = await decided(id, (matter, at) => askRelease(matter, caller.person, at), deps);
  await changeParticulars(id, (one) => named({ ...one, releaseReason: reason }, caller), deps.documents);
  await recordMatter('release-asked', asked, id, { ...deps, actor: actorOf(caller) });
  const deletable = await forecastOf(asked, deps);
  return { matter: viewOf(asked, await readParticulars(id, deps.documents)), deletable };
}

/** Approves the release that somebody else asked for: one conditional write, which nobody can take back. */
export async function approveMatterRelease(
  id: string,
  caller: Caller,
  deps: ServiceDeps,
): Promise<MatterView> {
  const { value: before } = await visibleMatter(id, caller, deps);
  const at = formatInstant(deps.clock.now());
  const refusal = approveRelease(before, caller.person, at);
  if (typeof refusal === 'string') throw refused(id, refusal);
  // What it leads to cannot be taken back, so that it is recorded before (law 7).
  await recordMatter('release-approved', before, `${id}: about to`, { ...deps, actor: actorOf(caller) });
  const approved = await decided(id, (matter, now) => approveRelease(matter, caller.person, now), deps);
  await changeParticulars(id, (one) => named(one, caller), deps.documents);
  await recordMatter('release-approved', approved, id, { ...deps, actor: actorOf(caller) });
  await takeOffDocket(id, deps.epoch, deps);
  for (const { id: scope, work } of approved.scopes)
    await sendStep({ task: 'step', matter: id, scope, beat: work?.beat ?? 1 }, 0, deps);
  return viewOf(approved, await readParticulars(id, deps.documents));
}

async function decided(
  id: string,
  decide: (matter: Matter, at: string) => Matter | ReleaseRefusal,
  deps: ServiceDeps,
): Promise<Matter> {
  let refusal: ReleaseRefusal | undefined;
  const after = await changeMatter(
    id,
    (matter) => {
      const answer = decide(matter, formatInstant(deps.clock.now()));
      refusal = typeof answer === 'string' ? answer : undefined;
      return typeof answer === 'string' ? undefined : answer;
    },
    deps,
  );
  if (after === undefined) throw refused(id, refusal ?? 'already-released');
  return after;
}

function refused(id: string, refusal: ReleaseRefusal): HoldfastError {
  switch (refusal) {
    case 'already-released':
      return alreadyReleased(id);
    case 'already-asked':
      return new HoldfastError(refusal, {
        what: `the release of ${id} was asked for before`,
        next: 'somebody else than who asked may approve it',
      });
    case 'not-asked':
      return new HoldfastError(refusal, {
        what: `nobody asked for the release of ${id}`,
        next: 'ask for it first, with the reason; then somebody else approves',
      });
    case 'self-approval':
      return new HoldfastError(refusal, {
        what: `you asked for the release of ${id}, and nobody approves their own request`,
        next: 'have somebody else with matters:approve approve it',
      });
  }
}
