/** Sends every page of the roll of a scope to be released. */
import { type Instant } from '../../lock/instant.ts';
import { type Matter, type Scope, type ScopeWork } from '../../matters/matter.ts';
import { ARRIVALS, placedPrefix, releasedName } from '../../matters/roll.ts';
import { namesUnder } from './pages.ts';
import { type ClearTask } from './pieces.ts';
import { type Next, type StepDeps } from './step.ts';

/** What came by events counts with the first scope. */
function prefixesOf(matter: Matter, scope: Scope): string[] {
  const own = placedPrefix(matter.id, scope.id);
  return scope.id === matter.scopes[0]?.id ? [own, placedPrefix(matter.id, ARRIVALS)] : [own];
}

/** The pages of the roll of a scope. */
export async function pagesOf(matter: Matter, scope: Scope, deps: StepDeps): Promise<string[]> {
  const names: string[] = [];
  for (const prefix of prefixesOf(matter, scope)) names.push(...(await namesUnder(prefix, deps)));
  return names;
}

export async function releasedPages(matter: Matter, scope: Scope, deps: StepDeps): Promise<Set<string>> {
  const names = new Set<string>();
  for (const prefix of prefixesOf(matter, scope))
    for (const name of await namesUnder(releasedName(prefix), deps)) names.add(name);
  return names;
}

export async function sendReleases(
  matter: Matter,
  scope: Scope,
  work: ScopeWork,
  deadline: Instant,
  deps: StepDeps,
): Promise<Next> {
  const done = await releasedPages(matter, scope, deps);
  const begun = work.marker?.key ?? '';
  const pages = (await pagesOf(matter, scope, deps))
    .toSorted()
    .filter((page) => page > begun && !done.has(releasedName(page)));
  for (let at = 0; at < pages.length; at += 100) {
    const some = pages.slice(at, at + 100);
    await deps.holds.send(
      some.map((page) => JSON.stringify({ task: 'clear', matter: matter.id, page } satisfies ClearTask)),
    );
    const last = some.at(-1);
    if (deps.clock.now() < deadline || last === undefined) continue;
    return { kind: 'work', scope: { ...scope, work: { ...work, marker: { key: last } } }, seconds: 0 };
  }
  const { marker: _, ...rest } = work;
  return { kind: 'work', scope: { ...scope, work: { ...rest, phase: 'gather' } }, seconds: 1 };
}
