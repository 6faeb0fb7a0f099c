/** A world as plain data: a ledger, rolls, one hold bit for each version, and requests that are still under way. */
import { type VersionRef, versionIdOf } from '../../lib/ports/lock-store.ts';

export const MINUTE = 60_000;
/** S3 refuses a request that was signed longer ago. */
const SIGNATURE = 15 * MINUTE;
export const START = Date.UTC(2026, 10, 20, 9);
export const BUCKET = 'the-bucket';

export type Bit = 'on' | 'off';

/** A request whose sender has given up: it takes effect before `until`, or never. */
export interface Flight {
  readonly version: string;
  readonly to: Bit;
  readonly until: number;
}

interface Item {
  readonly body: string;
  readonly rev: number;
}

export interface World {
  readonly now: number;
  readonly items: Readonly<Record<string, Item>>;
  readonly pages: Readonly<Record<string, string>>;
  readonly bits: Readonly<Record<string, Bit>>;
  readonly flights: readonly Flight[];
}

/** What a use case asks of the world; it waits until the scheduler lets it happen. */
export type Request =
  | { readonly kind: 'get'; readonly key: string }
  | { readonly kind: 'put'; readonly key: string; readonly body: string; readonly expected: string }
  | { readonly kind: 'see'; readonly version: string }
  | { readonly kind: 'on'; readonly version: string }
  | { readonly kind: 'off'; readonly version: string; readonly landsBefore: number }
  | { readonly kind: 'page-put'; readonly name: string; readonly text: string }
  | {
      readonly kind: 'page-change';
      readonly name: string;
      readonly next: (before: string | undefined) => string | undefined;
    }
  | { readonly kind: 'page-get'; readonly name: string }
  | { readonly kind: 'page-list'; readonly prefix: string };

/**
 * What it hears. An item comes with the name of a handle, not its revision: two histories that differ in revisions
 * only are the same history.
 */
export type Answer =
  | { readonly kind: 'lost' }
  | { readonly kind: 'item'; readonly body: string; readonly handle: string }
  | { readonly kind: 'put'; readonly handle: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'bit'; readonly bit: Bit }
  | { readonly kind: 'accepted'; readonly attempts: number }
  | { readonly kind: 'too-late' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'names'; readonly names: readonly string[] };

/** The revision of an item that a task has seen: its next put expects it. */
export interface Handle {
  readonly key: string;
  readonly rev: number;
}

/** One way in which a request may end. */
export interface Outcome {
  readonly world: World;
  readonly answer: Answer;
  readonly told: string;
  readonly handle?: Handle;
  /** It takes from the losses that a scenario allows. */
  readonly isLoss?: true;
}

/** Every way in which a request may end now; the first is the usual one. */
export function outcomesOf(request: Request, world: World, handles: readonly Handle[]): Outcome[] {
  switch (request.kind) {
    case 'get':
      return [read(request.key, world, handles)];
    case 'put':
      return putAnd(request, world, handles);
    case 'see': {
      const bit = world.bits[request.version] ?? 'off';
      return [{ world, answer: { kind: 'bit', bit }, told: `${request.version} is ${bit.toUpperCase()}` }];
    }
    case 'on':
      return setOn(request.version, world);
    case 'off':
      return setOff(request.version, request.landsBefore, world);
    case 'page-put': {
      const pages = { ...world.pages, [request.name]: request.text };
      return [
        {
          world: { ...world, pages },
          answer: { kind: 'none' },
          told: `stores ${shortPage(request.name, request.text)}`,
        },
      ];
    }
    case 'page-change': {
      const text = request.next(world.pages[request.name]) ?? world.pages[request.name] ?? '';
      const pages = { ...world.pages, [request.name]: text };
      return [
        {
          world: { ...world, pages },
          answer: { kind: 'none' },
          told: `stores ${shortPage(request.name, text)}`,
        },
      ];
    }
    case 'page-get': {
      const text = world.pages[request.name];
      const answer: Answer = text === undefined ? { kind: 'none' } : { kind: 'text', text };
      return [{ world, answer, told: `reads ${shortPage(request.name, text)}` }];
    }
    case 'page-list': {
      const names = Object.keys(world.pages)
        .filter((name) => name.startsWith(request.prefix))
        .toSorted();
      return [{ world, answer: { kind: 'names', names }, told: `lists ${request.prefix}: ${names.length}` }];
    }
  }
}

function read(key: string, world: World, handles: readonly Handle[]): Outcome {
  const item = world.items[key];
  if (item === undefined) return { world, answer: { kind: 'none' }, told: `reads ${brief(key)}` };
  const answer: Answer = { kind: 'item', body: item.body, handle: `h${handles.length}` };
  return { world, answer, told: `reads ${brief(key, item.body)}`, handle: { key, rev: item.rev } };
}

function putAnd(
  { key, body, expected }: Extract<Request, { kind: 'put' }>,
  world: World,
  handles: readonly Handle[],
): Outcome[] {
  const now = world.items[key]?.rev;
  const at = expected === 'none' ? -1 : Number(expected.slice(1));
  // What leads to the same is told by the last revisions that tasks had: an older one would be forgotten.
  if (at >= 0 && handles.some((handle, other) => other > at && handle.key === key))
    throw new Error(`${key} is written by a revision that is not the last one read`);
  const wanted = at < 0 ? undefined : handles[at]?.rev;
  if (now !== wanted)
    return [{ world, answer: { kind: 'none' }, told: `cannot write ${brief(key)}: somebody was faster` }];
  const rev = (now ?? 0) + 1;
  const after: World = { ...world, items: { ...world.items, [key]: { body, rev } } };
  const done: Outcome = {
    world: after,
    answer: { kind: 'put', handle: `h${handles.length}` },
    told: `writes ${brief(key, body)}`,
    handle: { key, rev },
  };
  const silent: Outcome = {
    world: after,
    answer: { kind: 'lost' },
    told: `writes ${brief(key, body)}, and hears no answer`,
    isLoss: true,
  };
  return [done, silent];
}

function setOn(version: string, world: World): Outcome[] {
  const flying: Flight = { version, to: 'on', until: world.now + SIGNATURE };
  const after = withBit(world, version, 'on');
  const late = { ...world, flights: [...world.flights, flying] };
  const retried = { ...after, flights: late.flights };
  return [
    { world: after, answer: { kind: 'accepted', attempts: 1 }, told: `sends ON for ${version}` },
    {
      ...{ world: after, answer: { kind: 'lost' }, isLoss: true },
      told: `sends ON for ${version}, which is taken, and hears no answer`,
    },
    {
      ...{ world: late, answer: { kind: 'lost' }, isLoss: true },
      told: `sends ON for ${version}, which is under way, and hears no answer`,
    },
    {
      ...{ world: retried, answer: { kind: 'accepted', attempts: 2 }, isLoss: true },
      told: `sends ON for ${version} twice; the second is taken, the first under way`,
    },
  ];
}

/** As the adapter does it: what the store might take at or after `landsBefore` is not sent. */
function setOff(version: string, landsBefore: number, world: World): Outcome[] {
  if (world.now + SIGNATURE > landsBefore)
    return [{ world, answer: { kind: 'too-late' }, told: `is too late to send OFF for ${version}` }];
  const flying: Flight = { version, to: 'off', until: world.now + SIGNATURE };
  const after = withBit(world, version, 'off');
  return [
    { world: after, answer: { kind: 'accepted', attempts: 1 }, told: `sends OFF for ${version}` },
    {
      ...{ world: after, answer: { kind: 'lost' }, isLoss: true },
      told: `sends OFF for ${version}, which is taken, and hears no answer`,
    },
    {
      ...{ world: { ...world, flights: [...world.flights, flying] }, answer: { kind: 'lost' }, isLoss: true },
      told: `sends OFF for ${version}, which is under way, and hears no answer`,
    },
  ];
}

export function withBit(world: World, version: string, bit: Bit): World {
  return { ...world, bits: { ...world.bits, [version]: bit } };
}

/** What was under way takes effect. */
export function landed(world: World, flight: Flight): World {
  const at = world.flights.indexOf(flight);
  return { ...withBit(world, flight.version, flight.to), flights: world.flights.toSpliced(at, 1) };
}

/** Time passes: the store refuses what was signed too long ago. */
export function later(world: World, by: number): World {
  const now = world.now + by;
  return { ...world, now, flights: world.flights.filter(({ until }) => until > now) };
}

export function refOf(version: string): VersionRef {
  return { bucket: BUCKET, key: version, versionId: versionIdOf(version) };
}

/** Nothing is hidden by hashing here, so that keys can be read. */
export function hash(text: string): string {
  return text;
}

export function custodyKey(version: string): string {
  const name = hash(JSON.stringify([BUCKET, version, version]));
  return `custody/${name.slice(0, 3)}/${name}`;
}

export const DOCKET_KEY = 'docket/docket';

export function matterKey(matter: string): string {
  return `matters/${matter}`;
}

const briefs = new Map<string, string>();

/** An item of the ledger in a few words. */
function brief(key: string, body?: string): string {
  const known = briefs.get(`${key} ${body ?? ''}`);
  if (known !== undefined) return known;
  const made = newBrief(key, body);
  briefs.set(`${key} ${body ?? ''}`, made);
  return made;
}

function newBrief(key: string, body?: string): string {
  const name = key.startsWith('custody/') ? `the custody of ${/"([^"]+)"\]$/.exec(key)?.[1] ?? ''}` : key;
  if (body === undefined) return `${name}: none`;
  const item = JSON.parse(body) as {
    open?: string[];
    origin?: string;
    claims?: Record<string, unknown>;
    clearing?: { by: string; landsBefore: string };
    release?: { approvedAt?: string };
  };
  if (item.open !== undefined) return `the docket: open [${item.open.join(' ')}]`;
  if (item.origin === undefined)
    return `${name}: ${item.release?.approvedAt === undefined ? 'not released' : 'release approved'}`;
  const clearing =
    item.clearing &&
    `, clearing by ${item.clearing.by} lands before ${clockOf(Date.parse(item.clearing.landsBefore))}`;
  return `${name}: ${item.origin}, claims [${Object.keys(item.claims ?? {}).join(' ')}]${clearing ?? ''}`;
}

/** Minutes since the start. */
export function clockOf(moment: number): string {
  return `+${(moment - START) / MINUTE}m`;
}

/** A page, and what it says of each version. */
function shortPage(name: string, text = ''): string {
  const lines = text.trimEnd().split('\n').slice(1);
  const said = lines.map((line) => {
    const { key, outcome, settles, lands } = JSON.parse(line) as Record<string, string | undefined>;
    return `${key ?? ''} ${outcome ?? ''}${settles === undefined ? '' : ', settles'}${lands === undefined ? '' : ', lands'}`;
  });
  const [, matter = '', kind = ''] = name.split('/');
  return `the ${kind} page ${name.slice(-8, -7)} of ${matter}: ${text === '' ? 'none' : `[${said.join('; ')}]`}`;
}
