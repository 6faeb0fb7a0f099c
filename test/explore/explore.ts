/** Explores what can become of a scenario: all of it, or many random ways. */
import { newDocket } from '../../lib/matters/docket.ts';
import { randomFrom } from '../helpers/random.ts';
import { close, isQuiet, runAlone } from './closing.ts';
import { Histories } from './histories.ts';
import { type Broken } from './invariants.ts';
import { keyOf } from './keys.ts';
import { newMatter } from './messages.ts';
import { type Fault } from './ports.ts';
import { choicesOf, happened, type Left, linesOf, meddled, settle, type State } from './states.ts';
import { type Bit, DOCKET_KEY, later, matterKey, MINUTE, START, type World } from './world.ts';

export interface Scenario {
  readonly name: string;
  readonly matters: readonly string[];
  readonly versions: readonly string[];
  /** Matters that cover every version by a selector. */
  readonly selecting?: readonly string[];
  /** Versions that somebody else holds from the beginning. */
  readonly foreign?: readonly string[];
  /** Done one after the other before anything is explored; `wait 20`, `outsider clears v1` too. */
  readonly given?: readonly string[];
  /** Messages that wait then. */
  readonly then: readonly string[];
  readonly left?: Partial<Left>;
}

export interface Found {
  readonly broken: Broken;
  /** The shortest way there. */
  readonly lines: readonly string[];
}

export interface Explored {
  readonly states: number;
  readonly steps: number;
  readonly ends: number;
  readonly histories: number;
  readonly found: readonly Found[];
}

const NOTHING: Left = { crashes: 0, losses: 0, duplicates: 0, outsider: [], waits: [] };

async function beginning(scenario: Scenario, histories: Histories): Promise<State> {
  const { matters, versions, selecting = [], foreign = [], given = [], then, left } = scenario;
  const items: Record<string, World['items'][string]> = {
    [DOCKET_KEY]: { body: JSON.stringify(newDocket('epoch')), rev: 1 },
  };
  for (const id of matters)
    items[matterKey(id)] = { body: JSON.stringify(newMatter(id, selecting.includes(id))), rev: 1 };
  const bits = Object.fromEntries(
    versions.map((version): [string, Bit] => [version, foreign.includes(version) ? 'on' : 'off']),
  );
  const nobody = { inForce: [], offBy: {}, onBy: {}, foreign };
  const world: World = { now: START, items, pages: {}, bits, flights: [] };
  const empty: State = {
    ...{ world, running: [], waiting: [], left: NOTHING, memory: nobody, sent: [], trace: undefined },
  };
  const closing = { state: empty, found: [] };
  for (const one of given) {
    const [verb, what = '', version = ''] = one.split(' ');
    if (verb === 'wait') {
      const minutes = Number(what) * MINUTE;
      closing.state = happened({ ...closing.state, world: later(closing.state.world, minutes) }, one);
    } else if (verb === 'outsider') {
      const deed = what === 'clears' ? 'clears' : 'sets';
      const step = meddled({ ...closing.state, left: { ...NOTHING, outsider: [deed] } }, version, deed);
      closing.state = step?.state ?? closing.state;
    } else await runAlone(closing, one, histories);
  }
  if (closing.found.length > 0) throw new Error(`${scenario.name}: broken before it begins`);
  return {
    ...closing.state,
    waiting: then.map((text) => ({ text, receives: 1 })),
    left: { ...NOTHING, ...left },
    sent: [...new Set([...closing.state.sent, ...then])].toSorted(),
    trace: undefined,
  };
}

/** Every state that a scenario can come to, the nearest first: so the first way to a fault is the shortest. */
export async function exploreAll(scenario: Scenario, fault?: Fault, most = 400_000): Promise<Explored> {
  const histories = new Histories(fault);
  const { state: first } = await settle(
    { state: await beginning(scenario, histories), broken: [] },
    histories,
  );
  const seen = new Set([keyOf(first)]);
  const found = new Map<Broken, Found>();
  let steps = 0;
  let ends = 0;
  let layer = [first];
  while (layer.length > 0) {
    const next: State[] = [];
    for (const state of layer) {
      if (isQuiet(state)) {
        ends += 1;
        for (const when of ['at once', 'later'] as const)
          for (const { broken, trace } of await close(state, histories, when))
            noteShortest(found, broken, trace);
      }
      for (const choice of choicesOf(state, histories)) {
        const made = choice();
        const step = await settle(made instanceof Promise ? await made : made, histories);
        steps += 1;
        for (const one of step.broken) noteShortest(found, one, step.state.trace);
        const key = keyOf(step.state);
        if (seen.has(key)) continue;
        seen.add(key);
        next.push(step.state);
      }
    }
    if (seen.size > most) {
      throw new Error(`${scenario.name}: more than ${most} states`);
    }
    layer = next;
  }
  return { states: seen.size, steps, ends, histories: histories.size, found: [...found.values()] };
}

/** Random ways through a scenario, until so many steps were taken. */
export async function exploreSome(
  scenario: Scenario,
  { seed, steps: most, fault }: { readonly seed: number; readonly steps: number; readonly fault?: Fault },
): Promise<Explored> {
  const random = randomFrom(seed);
  const histories = new Histories(fault);
  const { state: first } = await settle(
    { state: await beginning(scenario, histories), broken: [] },
    histories,
  );
  const found = new Map<Broken, Found>();
  let steps = 0;
  let ends = 0;
  while (steps < most) {
    let state = first;
    for (;;) {
      const choices = [...choicesOf(state, histories)];
      // Somebody who waits for nobody may stop as soon as nothing of ours goes on.
      if (choices.length === 0 || (isQuiet(state) && random.chance(0.3))) break;
      const step = await settle(await random.pick(choices)(), histories);
      steps += 1;
      state = step.state;
      for (const one of step.broken) noteShortest(found, one, state.trace);
    }
    ends += 1;
    const when = random.chance(0.5) ? 'at once' : 'later';
    for (const { broken, trace } of await close(state, histories, when)) noteShortest(found, broken, trace);
  }
  return { states: steps, steps, ends, histories: histories.size, found: [...found.values()] };
}

function noteShortest(found: Map<Broken, Found>, broken: Broken, trace: State['trace']): void {
  const known = found.get(broken)?.lines.length ?? Number.POSITIVE_INFINITY;
  let length = 0;
  for (let one = trace; one !== undefined && length < known; one = one.before) length += 1;
  if (length < known) found.set(broken, { broken, lines: linesOf(trace) });
}
