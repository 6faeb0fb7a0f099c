/** Opens a matter, or widens one: what it covers is held, and what will come to be covered. */
import { HoldfastError } from '../../errors.ts';
import { formatInstant, instantOf } from '../../lock/instant.ts';
import { changed, isOpen, type Matter, newWork, type Scope } from '../../matters/matter.ts';
import {
  type MatterView,
  type OpenRequest,
  type ScopeRequest,
  type WidenRequest,
} from '../../matters/messages.ts';
import { namedName } from '../../matters/roll.ts';
import { type Caller } from '../caller.ts';
import { changeMatter, recordMatter } from './change-matter.ts';
import { changeDocket, putMatter, readMatter } from './ledger-items.ts';
import { claimBucket } from './owner-mark.ts';
import { runInline } from './run-inline.ts';
import { namedVersions, requireManaged, requireNotEmpty } from './scope-request.ts';
import { type ServiceDeps } from './service-deps.ts';
import { sendStep } from './step-scope.ts';
import { actorOf, changeParticulars, named, readParticulars, viewOf, visibleMatter } from './views.ts';

const NOTHING = { versions: 0, bytes: 0, on: 0, exceptions: 0 };
/** How long whoever asks waits for the end state of a small scope (milliseconds). */
const PATIENCE = 20_000;

/**
 * Opens a matter.
 *
 * 1. Look at the scope: an empty one, a bucket of somebody else, a version that is not there is said before anything.
 * 2. Store the matter, with the versions that were named; put it on the docket; record it.
 * 3. A list is worked off at once; a selector by functions, after every cached docket has expired.
 *
 * @param key - the same key of the same person with the same request opens one matter, however often it is sent.
 */
export async function openMatter(
  request: OpenRequest,
  key: string | undefined,
  caller: Caller,
  deps: ServiceDeps,
): Promise<{ matter: MatterView; isNew: boolean }> {
  const group = groupOf(request.group, caller);
  const hash = deps.hash(JSON.stringify(request));
  const { issuer, subject } = caller.person;
  const id = `m-${(key === undefined ? deps.hash(deps.newId()) : deps.hash(JSON.stringify([issuer, subject, key]))).slice(0, 16)}`;
  const before = await readMatter(id, deps);
  if (before !== undefined)
    return { matter: await sameRequest(before.value, hash, caller, deps), isNew: false };

  const scope = await newScope('s1', id, request.scope, request.allowEmpty === true, caller, deps);
  const at = formatInstant(deps.clock.now());
  const { epoch: ledger } = await changeDocket((docket) => docket, deps.epoch, deps);
  const matter: Matter = {
    ...{
      id,
      ledger,
      revision: 1,
      request: hash,
      group,
      openedBy: caller.person,
      openedAt: at,
      scopes: [scope],
    },
    history: [{ at, what: 'opened', by: caller.person }],
  };
  await changeParticulars(
    id,
    (one) => named({ ...one, title: request.title, reason: request.reason }, caller),
    deps.documents,
  );
  const held = await putMatter(matter, 'none', deps);
  // The same request came twice at once, and the other one was faster.
  if (held === undefined) return openMatter(request, key, caller, deps);
  await begin(matter, scope, 'matter-opened', caller, deps);
  return { matter: await shown(id, caller, deps), isNew: true };
}

/** Adds a scope to an open matter. */
export async function widenMatter(
  id: string,
  request: WidenRequest,
  key: string | undefined,
  caller: Caller,
  deps: ServiceDeps,
): Promise<MatterView> {
  const { value: before } = await visibleMatter(id, caller, deps);
  if (!isOpen(before)) throw alreadyReleased(id);
  const hash = deps.hash(JSON.stringify(request));
  const name =
    key === undefined
      ? `s${before.scopes.length + 1}-${deps.newId()}`
      : `s-${deps.hash(JSON.stringify([caller.person, key])).slice(0, 12)}`;
  const same = before.scopes.find((scope) => scope.id === name);
  if (same !== undefined) {
    if (same.request === hash) return shown(id, caller, deps);
    throw keyReused();
  }
  const scope = {
    ...(await newScope(name, id, request.scope, request.allowEmpty === true, caller, deps)),
    request: hash,
  };
  const at = formatInstant(deps.clock.now());
  const after = await changeMatter(
    id,
    (matter) =>
      isOpen(matter) && matter.scopes.every((one) => one.id !== name)
        ? changed(
            matter,
            at,
            { scopes: [...matter.scopes, scope] },
            { what: 'widened', by: caller.person, scope: name },
          )
        : undefined,
    deps,
  );
  if (after === undefined) throw alreadyReleased(id);
  await changeParticulars(id, (one) => named(one, caller), deps.documents);
  await begin(after, scope, 'matter-widened', caller, deps);
  return shown(id, caller, deps);
}

async function begin(
  matter: Matter,
  scope: Scope,
  action: 'matter-opened' | 'matter-widened',
  caller: Caller,
  deps: ServiceDeps,
): Promise<void> {
  await recordMatter(action, matter, `${matter.id}: ${scope.id}`, { ...deps, actor: actorOf(caller) });
  const step = { task: 'step', matter: matter.id, scope: scope.id, beat: scope.work?.beat ?? 1 } as const;
  if (scope.what.kind === 'selector') await sendStep(step, 0, deps);
  else await runInline(step, instantOf(deps.clock.now() + PATIENCE), deps);
}

async function newScope(
  name: string,
  matter: string,
  request: ScopeRequest,
  allowEmpty: boolean,
  caller: Caller,
  deps: ServiceDeps,
): Promise<Scope> {
  const now = deps.clock.now();
  const at = formatInstant(now);
  const common = {
    id: name,
    addedBy: caller.person,
    addedAt: at,
    state: 'opening' as const,
    counts: NOTHING,
  };
  const work = newWork('open', at);
  if ('selector' in request) {
    const { selector } = request;
    requireManaged(selector.bucket, deps);
    await requireNotEmpty(selector, allowEmpty, deps);
    await claimBucket(selector.bucket, deps);
    return { ...common, what: { kind: 'selector', selector }, work };
  }
  const versions = await namedVersions(request, deps);
  for (const bucket of new Set(versions.map((one) => one.bucket))) await claimBucket(bucket, deps);
  await deps.rolls.putText(
    namedName(matter, name),
    `${versions.map((one) => JSON.stringify(one)).join('\n')}\n`,
  );
  return { ...common, what: { kind: 'list', versions: versions.length }, work };
}

async function sameRequest(
  before: Matter,
  hash: string,
  caller: Caller,
  deps: ServiceDeps,
): Promise<MatterView> {
  if (before.request !== hash) throw keyReused();
  return shown(before.id, caller, deps);
}

async function shown(id: string, caller: Caller, deps: ServiceDeps): Promise<MatterView> {
  const { value } = await visibleMatter(id, caller, deps);
  return viewOf(value, await readParticulars(id, deps.documents));
}

function groupOf(asked: string | undefined, { groups }: Caller): string {
  const [only, ...others] = groups;
  if (asked === undefined && only !== undefined && others.length === 0) return only;
  if (asked !== undefined && groups.includes(asked)) return asked;
  throw new HoldfastError('not-allowed', {
    what:
      asked === undefined
        ? 'no group was named, and you belong to none or to several'
        : `you do not belong to the group ${JSON.stringify(asked)}`,
    next: 'name a group of yours: its members may see the matter',
  });
}

export function alreadyReleased(id: string): HoldfastError {
  return new HoldfastError('already-released', {
    what: `the release of ${id} is approved, which cannot be withdrawn`,
    next: 'open another matter',
  });
}

function keyReused(): HoldfastError {
  return new HoldfastError('key-reused', {
    what: 'the Idempotency-Key was used for another request',
    next: 'take a new key for a new request',
  });
}
