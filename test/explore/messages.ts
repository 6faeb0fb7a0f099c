/** What can be started in a world: the messages of the product, and the steps around them, each as a line of text. */
import { changeMatter, putOnDocket, takeOffDocket } from '../../lib/app/matters/change-matter.ts';
import { gatherReleased } from '../../lib/app/matters/gather.ts';
import { readMatter } from '../../lib/app/matters/ledger-items.ts';
import {
  clearSchema,
  handleClear,
  handlePlace,
  placeSchema,
  type PlaceTask,
} from '../../lib/app/matters/pieces.ts';
import { recheckPages } from '../../lib/app/matters/recheck-pages.ts';
import { placeHold, recheckHold } from '../../lib/app/matters/place-hold.ts';
import { formatInstant, instantOf } from '../../lib/lock/instant.ts';
import { approveRelease, isOpen, type Matter, newWork, type Person } from '../../lib/matters/matter.ts';
import { placedName, placedPrefix } from '../../lib/matters/roll.ts';
import { type Deps } from './ports.ts';
import { BUCKET, refOf, START } from './world.ts';

const SCOPE = 's1';
const BEAT = 1;
const LOST = 45 * 60_000;
const ASKS: Person = { issuer: 'idp', subject: 'asks' };
const APPROVES: Person = { issuer: 'idp', subject: 'approves' };

/** A matter as it is when its release has been asked for, so that it may be approved at any moment. */
export function newMatter(id: string, coversAll: boolean): Matter {
  const at = formatInstant(instantOf(START));
  const what = coversAll
    ? { kind: 'selector' as const, selector: { bucket: BUCKET } }
    : { kind: 'list' as const, versions: 1 };
  const counts = { versions: 0, bytes: 0, on: 0, exceptions: 0 };
  return {
    ...{
      id,
      ledger: 'epoch',
      revision: 1,
      request: '',
      group: 'legal',
      openedBy: ASKS,
      openedAt: at,
      history: [],
    },
    scopes: [{ id: SCOPE, what, addedBy: ASKS, addedAt: at, state: 'in force', counts }],
    release: { askedBy: ASKS, askedAt: at },
  };
}

export function placeMessage(matter: string, versions: readonly string[]): string {
  const task: PlaceTask = {
    ...{ task: 'place', matter, scope: SCOPE, pass: 1, beat: BEAT, bucket: BUCKET },
    piece: Number(versions[0]?.slice(1)),
    versions: versions.map((version) => ({ key: version, versionId: version })),
  };
  return JSON.stringify(task);
}

/** Clears what is on the page that {@link placeMessage} leads to. */
export function clearMessage(matter: string, version: string): string {
  const page = placedName(matter, SCOPE, 1, BEAT, Number(version.slice(1)));
  return JSON.stringify({ task: 'clear', matter, page });
}

/** Which matter a message is of, and which version where it names one. */
export function partsOf(message: string): {
  readonly verb: string;
  readonly matter: string;
  readonly version?: string;
} {
  if (message.startsWith('{')) {
    const task = JSON.parse(message) as { task: string; matter: string };
    return { verb: task.task, matter: task.matter };
  }
  const [verb = '', matter = '', version] = message.split(' ');
  return version === undefined ? { verb, matter } : { verb, matter, version };
}

/** A message as a person reads it. */
export function shown(message: string): string {
  if (!message.startsWith('{')) return message;
  const task = JSON.parse(message) as {
    task: string;
    matter: string;
    page?: string;
    versions?: { key: string }[];
  };
  const versions = task.versions?.map(({ key }) => key).join('+');
  return `${task.task} ${task.matter} ${versions ?? `page ${task.page?.slice(-8, -7) ?? ''}`}`;
}

/**
 * Handles a message.
 *
 * - `open A v1,v2`: puts the matter on the docket, and sends a piece for each of the versions; `v1+v2` is one piece.
 * - `release A`: approves the release, takes the matter off the docket, and sends what is on its roll to be cleared.
 * - `approve A`: only the first half of a release.
 * - `recheck A v1`: looks at a bit again.
 * - `reconcile A`: looks at everything on the roll again, as often as it takes.
 * - `event:x v1`: places a hold for an event.
 * - `gather A list`, `gather A settle`: counts what became of a release.
 */
export async function handle(message: string, receives: number, deps: Deps): Promise<unknown> {
  if (message.startsWith('{')) {
    const task: unknown = JSON.parse(message);
    const place = placeSchema.safeParse(task);
    if (place.success) return handlePlace(place.data, receives, deps);
    return handleClear(clearSchema.parse(task), receives, deps);
  }
  const [verb = '', matter = '', rest = ''] = message.split(' ');
  switch (verb) {
    case 'open': {
      await putOnDocket(matter, deps.epoch, deps);
      const pieces = rest === '' ? [] : rest.split(',');
      return deps.holds.send(pieces.map((piece) => placeMessage(matter, piece.split('+'))));
    }
    case 'approve':
      return approve(matter, deps);
    case 'release':
      return release(matter, deps);
    case 'recheck':
      return recheckHold(refOf(rest), matter, deps);
    case 'reconcile':
      return reconcile(matter, deps);
    case 'gather':
      return gather(matter, rest, deps);
    default: {
      const page = placedName(verb, SCOPE, 1, BEAT, 1);
      const claiming = { claimant: verb, page, again: receives > 1, isWritten: async () => true };
      return placeHold({ ref: refOf(matter) }, claiming, deps);
    }
  }
}

async function approve(matter: string, deps: Deps): Promise<void> {
  await changeMatter(
    matter,
    (before) => {
      const at = formatInstant(deps.clock.now());
      const approved = approveRelease(before, APPROVES, at);
      return typeof approved === 'string' ? undefined : approved;
    },
    deps,
  );
  await takeOffDocket(matter, deps.epoch, deps);
}

async function release(matter: string, deps: Deps): Promise<void> {
  await approve(matter, deps);
  const pages: string[] = [];
  for await (const page of deps.rolls.list(placedPrefix(matter))) pages.push(page);
  await deps.holds.send(pages.map((page) => JSON.stringify({ task: 'clear', matter, page })));
}

/** @returns the phase that the work is in afterwards, or `end`. */
async function gather(id: string, phase: string, deps: Deps): Promise<string> {
  const matter = (await readMatter(id, deps))?.value;
  const scope = matter?.scopes[0];
  if (matter === undefined || scope === undefined) return 'nothing';
  const work = newWork('release', formatInstant(deps.clock.now()));
  const before = { ...work, phase: phase === 'settle' ? ('settle' as const) : ('gather' as const) };
  const next = await gatherReleased(matter, scope, before, LOST, deps);
  return next.kind === 'end' ? 'end' : (next.scope.work?.phase ?? 'end');
}

/** @returns the versions that were looked at, where the scope is in force then; otherwise they are looked at again. */
async function reconcile(id: string, deps: Deps): Promise<string[]> {
  const matter = (await readMatter(id, deps))?.value;
  const scope = matter?.scopes[0];
  if (matter === undefined || scope === undefined || !isOpen(matter)) return [];
  const pages = new Set<string>();
  const rolls = {
    ...deps.rolls,
    async *lines(name: string) {
      pages.add(name);
      yield* deps.rolls.lines(name);
    },
  };
  const work = newWork('reconcile', formatInstant(instantOf(START)));
  const deadline = instantOf(START + 86_400_000);
  const next = await recheckPages(matter, scope, work, deadline, { ...deps, rolls });
  // The scope never counted what was missing before, so that what was repaired now is less than nothing.
  if (next.kind !== 'end' || next.scope.counts.exceptions > 0) return [];
  return [...pages].map((page) => `v${Number(/(\d+)\.ndjson$/.exec(page)?.[1])}`);
}
