/** States of a world with its tasks, and how one leads to others. */
import { HoldfastError } from '../../lib/errors.ts';
import { type Custody, landsBefore } from '../../lib/matters/custody.ts';
import { type Docket } from '../../lib/matters/docket.ts';
import { instantOf } from '../../lib/lock/instant.ts';
import { type RollEntry } from '../../lib/matters/roll.ts';
import { type Histories, type Pending, type Place } from './histories.ts';
import {
  type Broken,
  custodyOf,
  type Mark,
  type Memory,
  onCounted,
  onLanding,
  onOff,
  onOn,
  onRechecked,
  onReconciled,
  onRequest,
  type RecheckResult,
  type Seen,
} from './invariants.ts';
import { partsOf, shown } from './messages.ts';
import {
  clockOf,
  DOCKET_KEY,
  type Handle,
  landed,
  later,
  MINUTE,
  type Outcome,
  outcomesOf,
  withBit,
  type World,
} from './world.ts';

interface Message {
  readonly text: string;
  /** How often it was delivered. */
  readonly receives: number;
}

export interface Task extends Message {
  readonly place: Place;
  readonly handles: readonly Handle[];
  readonly marks: Readonly<Record<string, Mark>>;
  readonly offBy?: 'us' | 'somebody';
}

/** What may still happen to a world. */
export interface Left {
  readonly crashes: number;
  /** Answers that are lost, and requests that land late. */
  readonly losses: number;
  readonly duplicates: number;
  readonly outsider: readonly ('clears' | 'sets')[];
  /** Times that pass, in this order (minutes). */
  readonly waits: readonly number[];
}

/** How a state came about: the last thing that happened, and what was before. */
export interface Trace {
  readonly told: string;
  readonly before: Trace | undefined;
}

export interface State {
  readonly world: World;
  readonly running: readonly Task[];
  readonly waiting: readonly Message[];
  readonly left: Left;
  readonly memory: Memory;
  /** Every message that was ever sent. */
  readonly sent: readonly string[];
  readonly trace: Trace | undefined;
}

export interface Step {
  readonly state: State;
  readonly broken: readonly Broken[];
}

const PATIENCE = 8;

/**
 * Takes the steps that make no difference: messages begin, and tasks read what nobody can change any more.
 * Whatever else may happen before such a step may as well happen after it.
 */
export async function settle(from: Step, histories: Histories): Promise<Step> {
  let { state } = from;
  const broken = [...from.broken];
  for (;;) {
    const made = next(state, histories);
    if (made === undefined) return { state, broken };
    const step = made instanceof Promise ? await made : made;
    ({ state } = step);
    broken.push(...step.broken);
  }
}

function next(state: State, histories: Histories): Step | Promise<Step> | undefined {
  const [message] = state.waiting;
  if (message !== undefined) return started(state, message, histories);
  for (const task of state.running) {
    const [pending, another] = task.place.pending;
    if (pending === undefined || another !== undefined || !isPrivate(pending.request, task, state)) continue;
    const [outcome] = outcomesOf(pending.request, state.world, task.handles);
    if (outcome === undefined) continue;
    return answered(state, task, pending, outcome, histories);
  }
  return undefined;
}

/** Whether a read finds the same whenever it happens. */
function isPrivate(request: Pending['request'], task: Task, { running, left }: State): boolean {
  const among = (verbs: readonly string[], matter?: string): boolean =>
    running.some((one) => {
      if (one === task) return false;
      const { verb, matter: of } = partsOf(one.text);
      return verbs.includes(verb) && (matter === undefined || of === matter);
    });
  if (request.kind === 'get') {
    if (request.key === DOCKET_KEY) return !among(['open', 'release', 'approve']);
    return request.key.startsWith('matters/') && !among(['release'], request.key.slice('matters/'.length));
  }
  // The last thing that clearing does, and nobody reads it before the end.
  const isStored = request.kind === 'page-put' || request.kind === 'page-change';
  if (isStored && request.name.includes('/released/'))
    return left.crashes === 0 && !among(['clear'], request.name.split('/')[1]);
  if (request.kind !== 'page-get' && request.kind !== 'page-list') return false;
  const name = request.kind === 'page-get' ? request.name : request.prefix;
  return !among(['open', 'place', 'clear', 'reconcile'], name.split('/')[1]);
}

/** Everything that can happen next. */
export function* choicesOf(state: State, histories: Histories): Generator<() => Step | Promise<Step>> {
  const { world, running, left } = state;
  for (const task of running)
    for (const pending of task.place.pending)
      for (const outcome of outcomesOf(pending.request, world, task.handles))
        if (outcome.isLoss === undefined || left.losses > 0)
          yield () => answered(state, task, pending, outcome, histories);
  if (left.crashes > 0) for (const task of running) yield () => crashed(state, task);
  if (left.duplicates > 0)
    for (const task of running) if (task.text.startsWith('{')) yield () => duplicated(state, task);
  for (const flight of world.flights)
    yield () => {
      const { memory, broken } = onLanding(world, flight, state.memory);
      const told = `${flight.to.toUpperCase()} for ${flight.version} lands late`;
      return { state: happened({ ...state, memory, world: landed(world, flight) }, told), broken };
    };
  for (const [at, deed] of left.outsider.entries())
    if (left.outsider.indexOf(deed) === at)
      for (const version of Object.keys(world.bits)) {
        const step = meddled(state, version, deed);
        if (step !== undefined) yield () => step;
      }
  const [wait, ...waits] = left.waits;
  if (wait !== undefined)
    yield () => ({
      state: happened(
        { ...state, world: later(world, wait * MINUTE), left: { ...left, waits } },
        `${wait} minutes pass`,
      ),
      broken: [],
    });
}

export function happened(state: State, told: string): State {
  return { ...state, trace: { told: `${clockOf(state.world.now)} ${told}`, before: state.trace } };
}

/** A message is taken, and goes on to its first request: nobody sees anything of it before. */
export async function started(state: State, message: Message, histories: Histories): Promise<Step> {
  const { text, receives } = message;
  const place = await histories.begin(text, receives, state.world.now);
  const task: Task = { ...message, place, handles: [], marks: {} };
  const waiting = state.waiting.toSpliced(state.waiting.indexOf(message), 1);
  const next = happened(
    { ...state, waiting },
    `${shown(text)} begins${receives > 1 ? `, delivery ${receives}` : ''}`,
  );
  return continued(next, undefined, task, []);
}

export function answered(
  state: State,
  task: Task,
  { id, request }: Pending,
  outcome: Outcome,
  histories: Histories,
): Step | Promise<Step> {
  const { world, handle, isLoss, answer } = outcome;
  const mark = 'version' in request ? task.marks[request.version] : undefined;
  const seen = onRequest(request, state.world, outcome, mark, state.memory);
  const left = isLoss === true ? { ...state.left, losses: state.left.losses - 1 } : state.left;
  const next = happened(
    { ...state, world, left, memory: seen.memory },
    `${shown(task.text)} ${outcome.told}`,
  );
  const seenOff = request.kind === 'see' && answer.kind === 'bit' && answer.bit === 'off';
  const offBy = seenOff ? state.memory.offBy[request.version] : task.offBy;
  const handles = handle === undefined ? task.handles : [...task.handles, handle];
  const after = {
    ...{ text: task.text, receives: task.receives, handles, marks: marksAfter(task, request, outcome) },
    ...(offBy !== undefined && { offBy }),
  };
  const place = histories.after(task.place, id, answer, state.world.now);
  if (place instanceof Promise)
    return place.then((there) => continued(next, task, { ...after, place: there }, seen.broken));
  return continued(next, task, { ...after, place }, seen.broken);
}

/** What a task knows of the clearings that it has marked. */
function marksAfter({ text, marks }: Task, request: Pending['request'], { answer }: Outcome): Task['marks'] {
  if (partsOf(text).verb !== 'clear') return marks;
  if (request.kind === 'put' && request.key.startsWith('custody/') && answer.kind === 'put') {
    const { key, origin, claims, clearing } = JSON.parse(request.body) as Custody;
    const { [key]: _, ...others } = marks;
    if (clearing?.by !== partsOf(text).matter) return others;
    return { ...others, [key]: { origin, needers: Object.keys(claims) } };
  }
  if (request.kind === 'get' && request.key === DOCKET_KEY && answer.kind === 'item') {
    const { open } = JSON.parse(answer.body) as Docket;
    return Object.fromEntries(Object.entries(marks).map(([version, mark]) => [version, { ...mark, open }]));
  }
  return marks;
}

/** A task has come to another place; what it sent waits, and where it has ended it is gone. */
function continued(state: State, before: Task | undefined, task: Task, broken: readonly Broken[]): Step {
  const { end, sent } = task.place;
  const others = before === undefined ? state.running : state.running.filter((one) => one !== before);
  const waiting = [...state.waiting, ...sent.map((text) => ({ text, receives: 1 }))];
  const all = sent.length === 0 ? state.sent : [...new Set([...state.sent, ...sent])].toSorted();
  const next = { ...state, waiting, sent: all, running: end === undefined ? [...others, task] : others };
  if (end === undefined) return { state: next, broken };
  if ('error' in end) {
    const { text, receives } = task;
    const isSilent =
      end.error instanceof HoldfastError && ['throttled', 'unreachable'].includes(end.error.code);
    if (!isSilent) throw end.error;
    const again = happened(
      { ...next, waiting: [...waiting, { text, receives: receives + 1 }] },
      `${shown(text)} fails, and will come again`,
    );
    return { state: again, broken: receives > PATIENCE ? [...broken, 'I5 does not end'] : broken };
  }
  const seen = onEnd(task, end.value, next);
  return { state: { ...next, memory: seen.memory }, broken: [...broken, ...seen.broken] };
}

function onEnd({ text, offBy }: Task, value: unknown, { world, memory }: State): Seen {
  const { verb, matter, version } = partsOf(text);
  if (verb === 'recheck' && version !== undefined)
    return onRechecked(matter, version, value as RecheckResult, offBy, world, memory);
  if (verb === 'reconcile') return onReconciled(matter, value as string[], world, memory);
  const entry = value as RollEntry | undefined;
  if (verb.startsWith('event:') && entry?.outcome === 'on')
    return onCounted(verb, matter, entry.settles === undefined, world, memory);
  return { memory, broken: [] };
}

/** It stops for ever; its message comes again. */
function crashed(state: State, task: Task): Step {
  const { text, receives } = task;
  const next = {
    ...state,
    left: { ...state.left, crashes: state.left.crashes - 1 },
    running: state.running.filter((one) => one !== task),
    waiting: [...state.waiting, { text, receives: receives + 1 }],
  };
  return { state: happened(next, `${shown(text)} crashes, and will come again`), broken: [] };
}

function duplicated(state: State, { text, receives }: Task): Step {
  const left = { ...state.left, duplicates: state.left.duplicates - 1 };
  const waiting = [...state.waiting, { text, receives: receives + 1 }];
  return { state: happened({ ...state, left, waiting }, `${shown(text)} is delivered twice`), broken: [] };
}

export function meddled(state: State, version: string, deed: 'clears' | 'sets'): Step | undefined {
  const { world, memory, left } = state;
  if ((world.bits[version] === 'on') === (deed === 'sets')) return undefined;
  const outsider = left.outsider.toSpliced(left.outsider.indexOf(deed), 1);
  const seen =
    deed === 'clears'
      ? onOff(world, version, 'somebody', memory)
      : { memory: onOn(world, version, 'somebody', memory, isAlone(state, version)), broken: [] };
  const after = withBit(world, version, deed === 'clears' ? 'off' : 'on');
  const next = { ...state, world: after, memory: seen.memory, left: { ...left, outsider } };
  return { state: happened(next, `an outsider ${deed} the hold of ${version}`), broken: seen.broken };
}

/** Nothing of ours is near a version: no claim, no task, no message, nothing that may still land. */
function isAlone({ world, running }: State, version: string): boolean {
  const custody = custodyOf(world, version);
  return (
    // What these have claimed, or have not, is in the custody.
    running.every(
      ({ text, place }) => place.depth === 0 && !text.startsWith('{') && !text.startsWith('re'),
    ) &&
    world.flights.length === 0 &&
    Object.keys(custody?.claims ?? {}).length === 0 &&
    (custody === undefined || landsBefore(custody, instantOf(world.now)) === undefined)
  );
}

export function linesOf(trace: Trace | undefined): string[] {
  const lines: string[] = [];
  for (let one = trace; one !== undefined; one = one.before) lines.push(one.told);
  return lines.reverse();
}
