/** The use cases of the HTTP API, put together. */
import { type Run } from '../../runs/run.ts';
import { type Matter } from '../../matters/matter.ts';
import { ARRIVALS } from '../../matters/roll.ts';
import { type MatterView, type RunView } from '../../matters/messages.ts';
import { activeRuns, getRun } from '../bulk-runs.ts';
import { type Caller, requireAccess } from '../caller.ts';
import { approveRun, cancelRun, heldRun } from '../decide-run.ts';
import { type MatterApi } from '../matter-api.ts';
import { recordDeed } from '../record-deed.ts';
import { allMatters } from './ledger-items.ts';
import { lockViewOf } from './lock-view.ts';
import { openMatter, widenMatter } from './open-matter.ts';
import { postEvent } from './post-event.ts';
import { approveMatterRelease, askMatterRelease } from './release-matter.ts';
import { rollLines, rollPages, rollRows } from './roll-lines.ts';
import { previewOf } from './scope-request.ts';
import { type ServiceDeps } from './service-deps.ts';
import { actorOf, readParticulars, viewOf, visibleMatter } from './views.ts';

/** So many exceptions are shown with a matter; all of them are on its roll. */
const EXCEPTIONS = 100;
/** So many versions of the roll are looked through for them. */
const LOOKED = 5_000;

export interface ApiDeps extends ServiceDeps {
  /** The ids of all runs, those that are over too. */
  readonly allRuns: () => AsyncIterable<string>;
}

/** @param depsNow - answers what use cases need, with the policy that is in force now. */
export function createMatterApi(depsNow: () => Promise<ApiDeps>): MatterApi {
  const reading = async (caller: Caller): Promise<ApiDeps> => {
    requireAccess(caller, 'matters:read');
    return depsNow();
  };
  const writing = async (caller: Caller): Promise<ApiDeps> => {
    requireAccess(caller, 'matters:write');
    return depsNow();
  };
  const deciding = async (id: string, caller: Caller) => {
    requireAccess(caller, 'runs:approve');
    const deps = await depsNow();
    return { held: await heldRun(id, deps.documents), deps, recording: { ...deps, actor: actorOf(caller) } };
  };
  return {
    preview: async (scope, caller) => previewOf(scope, await reading(caller)),
    open: async (request, key, caller) => openMatter(request, key, caller, await writing(caller)),
    list: async (page, caller) => listMatters(page, caller, await reading(caller)),
    get: async (id, caller) => showMatter(id, caller, await reading(caller)),
    widen: async (id, request, key, caller) => widenMatter(id, request, key, caller, await writing(caller)),
    askRelease: async (id, reason, caller) => askMatterRelease(id, reason, caller, await writing(caller)),
    approveRelease: async (id, caller) => {
      requireAccess(caller, 'matters:approve');
      return approveMatterRelease(id, caller, await depsNow());
    },
    roll: async (id, after, caller) => {
      const deps = await reading(caller);
      await visibleMatter(id, caller, deps);
      return rollLines(id, after, deps);
    },
    pages: async (id, after, caller) => {
      const deps = await reading(caller);
      await visibleMatter(id, caller, deps);
      return rollPages(id, after, deps);
    },
    lock: async (ref, caller) => lockViewOf(ref, caller, await reading(caller)),
    postEvent: async (request, key, caller) => postEvent(request, key, caller, await writing(caller)),
    runs: async (all, caller) => listRuns(all, await reading(caller)),
    run: async (id, caller) => runView((await heldRun(id, (await reading(caller)).documents)).run),
    approveRun: async (id, caller) => {
      const { held, deps, recording } = await deciding(id, caller);
      return runView(await approveRun(held, deps.documents, recording));
    },
    cancelRun: async (id, caller) => {
      const { held, deps, recording } = await deciding(id, caller);
      return runView(await cancelRun(held, deps.documents, recording));
    },
    audited: async ({ line, status, code, actor, id }) => {
      const deps = await depsNow();
      const detail = `${line} ${status}${code === undefined ? '' : ` ${code}`}`;
      await recordDeed({ action: 'asked', cause: id, detail }, { ...deps, actor: `api:${actor}` });
    },
  };
}

async function listMatters(
  { after, limit }: { readonly after?: string; readonly limit: number },
  { groups }: Caller,
  deps: ApiDeps,
): Promise<{ matters: MatterView[]; next?: string }> {
  const matters: MatterView[] = [];
  for await (const matter of allMatters(deps)) {
    if ((after !== undefined && matter.id <= after) || !groups.includes(matter.group)) continue;
    const last = matters.at(-1);
    if (last !== undefined && matters.length >= limit) return { matters, next: last.id };
    matters.push(viewOf(matter, await readParticulars(matter.id, deps.documents)));
  }
  return { matters };
}

async function showMatter(id: string, caller: Caller, deps: ApiDeps): Promise<MatterView> {
  const { value: matter } = await visibleMatter(id, caller, deps);
  const [particulars, exceptions, unprocessed] = await Promise.all([
    readParticulars(id, deps.documents),
    exceptionsOf(matter, deps),
    deps.unprocessed(),
  ]);
  return { ...viewOf(matter, particulars), unprocessed, exceptions };
}

async function exceptionsOf(matter: Matter, deps: ApiDeps): Promise<NonNullable<MatterView['exceptions']>> {
  const found: NonNullable<MatterView['exceptions']> = [];
  let looked = 0;
  const isClean = matter.scopes.every(
    ({ counts, released }) =>
      counts.exceptions === 0 && (released?.failed ?? 0) + (released?.notOurs ?? 0) === 0,
  );
  // What came since the counts were made is among the arrivals.
  const prefix = isClean ? ARRIVALS : '';
  for await (const { bucket, key, versionId, outcome, detail, released } of rollRows(
    matter.id,
    deps,
    prefix,
  )) {
    looked += 1;
    if (looked > LOOKED || found.length >= EXCEPTIONS) break;
    const end = released ?? { outcome, detail };
    if (FINE.has(end.outcome)) continue;
    found.push({
      bucket,
      key,
      versionId,
      outcome: end.outcome,
      ...(end.detail !== undefined && { detail: end.detail }),
    });
  }
  return found;
}

/** How versions end of which nobody need hear: `needed` is what overlapping matters are about. */
const FINE: ReadonlySet<string> = new Set(['on', 'gone', 'marker', 'off', 'needed']);

async function listRuns(all: boolean, deps: ApiDeps): Promise<RunView[]> {
  const ids: string[] = [];
  if (all) for await (const id of deps.allRuns()) ids.push(id);
  else ids.push(...(await activeRuns(deps.documents)));
  const views: RunView[] = [];
  for (const id of ids) {
    const held = await getRun(id, deps.documents);
    if (held !== undefined) views.push(runView(held.run));
  }
  return views;
}

function runView({ id, state, plan, source, started, ended, waitsFor, approvedBy, groups }: Run): RunView {
  return {
    ...{ id, state, plan, source, started, waitsFor },
    ...(ended !== undefined && { ended }),
    ...(approvedBy !== undefined && { approvedBy }),
    versions: Object.values(groups).reduce((sum, { versions }) => sum + versions, 0),
    groups: Object.fromEntries(
      Object.entries(groups).map(([name, { engine, state: at, versions, failed }]) => [
        name,
        { engine, state: at, versions, ...(failed !== undefined && { failed }) },
      ]),
    ),
  };
}
