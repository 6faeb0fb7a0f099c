/** What must hold in every state, and what an omniscient observer remembers to judge it. */
import { type Custody } from '../../lib/matters/custody.ts';
import { type Docket } from '../../lib/matters/docket.ts';
import { type Matter } from '../../lib/matters/matter.ts';
import { type RollEntry } from '../../lib/matters/roll.ts';
import { type Rechecked } from '../../lib/app/matters/place-hold.ts';
import {
  type Flight,
  type Outcome,
  type Request,
  type World,
  custodyKey,
  DOCKET_KEY,
  matterKey,
} from './world.ts';

export type Broken =
  | 'I1 sent although needed'
  | 'I1 cleared in force'
  | 'I1 counted while OFF'
  | 'I2 foreign hold cleared'
  | 'I3 OFF at the end'
  | 'I3 blamed on us'
  | 'I3 blamed on somebody'
  | 'I3 claimed and on no roll'
  | 'I4 left ON and not listed'
  | 'I5 does not end'
  | 'I6 not idempotent';

type Who = 'us' | 'somebody';

/** What no task can know. */
export interface Memory {
  /** `matter version`: it counts as held, by its last placing or recheck. */
  readonly inForce: readonly string[];
  /** Who took each bit off last. */
  readonly offBy: Readonly<Record<string, Who>>;
  readonly onBy: Readonly<Record<string, Who>>;
  /** Bits that are ON by somebody else, and were when nobody of ours was near. */
  readonly foreign: readonly string[];
}

/** What a task has marked in the custody of a version, until it has sent OFF. */
export interface Mark {
  readonly needers: readonly string[];
  readonly origin: Custody['origin'];
  /** The docket that was read after the mark. */
  readonly open?: readonly string[];
}

export interface Seen {
  readonly memory: Memory;
  readonly broken: readonly Broken[];
}

const parsedBodies = new Map<string, unknown>();

function parsed(world: World, key: string): unknown {
  const body = world.items[key]?.body;
  if (body === undefined) return undefined;
  if (!parsedBodies.has(body)) parsedBodies.set(body, JSON.parse(body));
  return parsedBodies.get(body);
}

export function custodyOf(world: World, version: string): Custody | undefined {
  return parsed(world, custodyKey(version)) as Custody | undefined;
}

export function isApproved(world: World, matter: string): boolean {
  return (parsed(world, matterKey(matter)) as Matter | undefined)?.release?.approvedAt !== undefined;
}

/** A matter covers from its entry on the docket until its release is approved; an event as long as its claim stands. */
export function isOpenIn(world: World, matter: string): boolean {
  if (matter.startsWith('event:')) return true;
  return (
    (parsed(world, DOCKET_KEY) as Docket | undefined)?.open.includes(matter) === true &&
    !isApproved(world, matter)
  );
}

/** A bit is about to go from what it is in `before`. */
export function onOff(before: World, version: string, by: Who, memory: Memory): Seen {
  if (before.bits[version] !== 'on') return { memory, broken: [] };
  const broken: Broken[] = [];
  if (by === 'us') {
    const holders = memory.inForce.filter((one) => one.endsWith(` ${version}`));
    if (holders.some((one) => isOpenIn(before, one.split(' ')[0] ?? ''))) broken.push('I1 cleared in force');
    if (memory.foreign.includes(version)) broken.push('I2 foreign hold cleared');
  }
  const foreign = memory.foreign.filter((one) => one !== version);
  return { memory: { ...memory, foreign, offBy: { ...memory.offBy, [version]: by } }, broken };
}

/** @param isAlone - nothing of ours is under way, so that a bit set now is somebody else's for certain. */
export function onOn(before: World, version: string, by: Who, memory: Memory, isAlone = false): Memory {
  if (before.bits[version] === 'on') return memory;
  const { [version]: _, ...offBy } = memory.offBy;
  const foreign = by === 'somebody' && isAlone ? [...memory.foreign, version] : memory.foreign;
  return { ...memory, offBy, onBy: { ...memory.onBy, [version]: by }, foreign };
}

export function onLanding(before: World, { version, to }: Flight, memory: Memory): Seen {
  return to === 'off'
    ? onOff(before, version, 'us', memory)
    : { memory: onOn(before, version, 'us', memory), broken: [] };
}

/** OFF goes out: the law says what must have been looked at. */
function onSending(mark: Mark | undefined): Broken[] {
  const isNeeded =
    mark?.open === undefined ||
    mark.origin !== 'ours' ||
    mark.needers.some((one) => one.startsWith('event:') || mark.open?.includes(one));
  return isNeeded ? ['I1 sent although needed'] : [];
}

/** A request has had its outcome. */
export function onRequest(
  request: Request,
  before: World,
  { world, answer }: Outcome,
  mark: Mark | undefined,
  memory: Memory,
): Seen {
  switch (request.kind) {
    case 'on': {
      const { version } = request;
      return {
        memory: world.bits[version] === before.bits[version] ? memory : onOn(before, version, 'us', memory),
        broken: [],
      };
    }
    case 'off': {
      if (answer.kind === 'too-late') return { memory, broken: [] };
      const { version } = request;
      const isTaken = world.bits[version] !== before.bits[version];
      const seen = isTaken ? onOff(before, version, 'us', memory) : { memory, broken: [] };
      return { memory: seen.memory, broken: [...onSending(mark), ...seen.broken] };
    }
    case 'page-put':
      return request.name.includes('/placed/')
        ? onPage(request.name, request.text, world, memory)
        : { memory, broken: [] };
    default:
      return { memory, broken: [] };
  }
}

/** The entries of a page count from now on. */
function onPage(name: string, text: string, world: World, memory: Memory): Seen {
  const matter = name.split('/')[1] ?? '';
  let seen: Seen = { memory, broken: [] };
  for (const line of text.trimEnd().split('\n').slice(1)) {
    const entry = JSON.parse(line) as RollEntry;
    if (entry.outcome !== 'on') continue;
    const next = onCounted(matter, entry.key, entry.settles === undefined, world, seen.memory);
    seen = { memory: next.memory, broken: [...seen.broken, ...next.broken] };
  }
  return seen;
}

export function onCounted(
  matter: string,
  version: string,
  counts: boolean,
  world: World,
  memory: Memory,
): Seen {
  if (!isOpenIn(world, matter)) return { memory, broken: [] };
  const name = `${matter} ${version}`;
  const others = memory.inForce.filter((one) => one !== name);
  if (!counts) return { memory: { ...memory, inForce: others }, broken: [] };
  const isOff = world.bits[version] !== 'on' && memory.offBy[version] === 'us';
  return {
    memory: { ...memory, inForce: [...others, name].toSorted() },
    broken: isOff ? ['I1 counted while OFF'] : [],
  };
}

export interface RecheckResult {
  readonly found: Rechecked;
  readonly settles?: number;
}

/** @param offBy - who had taken the bit off, when the recheck saw that it was OFF. */
export function onRechecked(
  matter: string,
  version: string,
  { found, settles }: RecheckResult,
  offBy: Who | undefined,
  world: World,
  memory: Memory,
): Seen {
  if (found.kind !== 'on' && found.kind !== 'set-again') return { memory, broken: [] };
  const seen = onCounted(matter, version, settles === undefined, world, memory);
  const isWrong = found.kind === 'set-again' && found.by === 'somebody' && offBy === 'us';
  return { memory: seen.memory, broken: isWrong ? [...seen.broken, 'I3 blamed on somebody'] : seen.broken };
}

/** All that was looked at counts. */
export function onReconciled(
  matter: string,
  versions: readonly string[],
  world: World,
  memory: Memory,
): Seen {
  let seen: Seen = { memory, broken: [] };
  for (const version of versions) {
    const next = onCounted(matter, version, true, world, seen.memory);
    seen = { memory: next.memory, broken: [...seen.broken, ...next.broken] };
  }
  return seen;
}

/** The versions that are on the roll of a matter, however placing them ended. */
export function rollOf(matter: string, { pages }: World): Set<string> {
  const versions = new Set<string>();
  for (const [name, text] of Object.entries(pages))
    if (name.startsWith(`rolls/${matter}/placed/`))
      for (const line of text.trimEnd().split('\n').slice(1))
        versions.add((JSON.parse(line) as RollEntry).key);
  return versions;
}
