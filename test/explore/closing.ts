/** The quiet end: nothing can land any more, all is looked at again, and every message comes once more. */
import { type RollEnd } from '../../lib/matters/roll.ts';
import { type Histories } from './histories.ts';
import { type Broken, custodyOf, isApproved, isOpenIn, type RecheckResult, rollOf } from './invariants.ts';
import { answered, happened, meddled, type Left, started, type State, type Trace } from './states.ts';
import { later, MINUTE, outcomesOf, type World } from './world.ts';

const NOTHING: Left = { crashes: 0, losses: 0, duplicates: 0, outsider: [], waits: [] };
/** More steps than any task takes that comes to an end. */
const MOST_STEPS = 400;

/** What broke, and how it came about. */
export interface Found {
  readonly broken: Broken;
  readonly trace: Trace | undefined;
}

interface Closing {
  state: State;
  readonly found: Found[];
}

/** Nothing goes on by itself any more. */
export function isQuiet({ running, waiting }: State): boolean {
  return running.length === 0 && waiting.length === 0;
}

/**
 * What breaks when a quiet state is left to itself.
 *
 * @param whenToGather - a release may be counted up before or after its last late request landed.
 */
export async function close(
  quiet: State,
  histories: Histories,
  whenToGather: 'at once' | 'later',
): Promise<readonly Found[]> {
  const closing: Closing = { state: { ...quiet, left: NOTHING }, found: [] };
  const gathered = whenToGather === 'at once' ? await gatherAll(closing, histories) : [];
  pass(closing, 17);
  await recheckAll(closing, histories);
  if (whenToGather === 'later') await gatherAll(closing, histories);
  else for (const matter of gathered) await runAlone(closing, `gather ${matter} settle`, histories);
  checkListed(closing);
  await doAllAgain(closing, histories);
  await outsiderClears(closing, histories);
  return closing.found;
}

function note(closing: Closing, { trace }: State, broken: readonly Broken[]): void {
  for (const one of broken) closing.found.push({ broken: one, trace });
}

function pass(closing: Closing, minutes: number): void {
  const { state } = closing;
  const world = later(state.world, minutes * MINUTE);
  closing.state = happened({ ...state, world }, `${minutes} minutes pass; what was under way is refused`);
}

/** Runs a message with nobody near it. */
export async function runAlone(closing: Closing, text: string, histories: Histories): Promise<unknown> {
  const message = { text, receives: 1 };
  let step = await started({ ...closing.state, waiting: [message], running: [] }, message, histories);
  note(closing, step.state, step.broken);
  let value: unknown;
  for (
    let steps = 0;
    step.state.running[0] !== undefined || step.state.waiting[0] !== undefined;
    steps += 1
  ) {
    if (steps > MOST_STEPS) {
      note(closing, closing.state, ['I5 does not end']);
      break;
    }
    const { state } = step;
    const [task] = state.running;
    const [next] = state.waiting;
    if (task === undefined && next !== undefined) step = await started(state, next, histories);
    const [pending] = task?.place.pending ?? [];
    const [outcome] =
      pending === undefined ? [] : outcomesOf(pending.request, state.world, task?.handles ?? []);
    if (task === undefined || pending === undefined || outcome === undefined) continue;
    const place = await histories.after(task.place, pending.id, outcome.answer, state.world.now);
    if (task.text === text && place.end !== undefined && 'value' in place.end) value = place.end.value;
    step = await answered(state, task, pending, outcome, histories);
    note(closing, step.state, step.broken);
  }
  closing.state = step.state;
  return value;
}

function versionsOf({ bits }: World): string[] {
  return Object.keys(bits);
}

function mattersOf({ items }: World): string[] {
  return Object.keys(items)
    .filter((key) => key.startsWith('matters/'))
    .map((key) => key.slice('matters/'.length));
}

function* claimsOf(world: World): Generator<readonly [matter: string, version: string]> {
  for (const version of versionsOf(world))
    for (const claimant of Object.keys(custodyOf(world, version)?.claims ?? {})) yield [claimant, version];
}

async function recheckAll(closing: Closing, histories: Histories): Promise<void> {
  for (const [matter, version] of [...claimsOf(closing.state.world)]) {
    if (!isOpenIn(closing.state.world, matter)) continue;
    if (!matter.startsWith('event:') && !rollOf(matter, closing.state.world).has(version))
      note(closing, closing.state, ['I3 claimed and on no roll']);
    for (let times = 0; times < 3; times += 1) {
      const result = (await runAlone(closing, `recheck ${matter} ${version}`, histories)) as RecheckResult;
      if (result.settles === undefined) break;
      pass(closing, 17);
    }
  }
  for (const [matter, version] of claimsOf(closing.state.world))
    if (isOpenIn(closing.state.world, matter) && closing.state.world.bits[version] !== 'on')
      note(closing, closing.state, ['I3 OFF at the end']);
}

/** @returns the matters that wait for late requests. */
async function gatherAll(closing: Closing, histories: Histories): Promise<string[]> {
  const waiting: string[] = [];
  for (const matter of mattersOf(closing.state.world)) {
    if (!isApproved(closing.state.world, matter)) continue;
    const phase = await runAlone(closing, `gather ${matter} list`, histories);
    if (phase === 'settle') waiting.push(matter);
    else if (phase !== 'end') note(closing, closing.state, ['I5 does not end']);
  }
  return waiting;
}

const LISTED = new Set(['found-on', 'unclear', 'no-permission', 'rejected', 'not-confirmed', 'no-verdict']);

/** What we left ON and nobody needs is listed where its matter was released. */
function checkListed(closing: Closing): void {
  const { world, memory } = closing.state;
  const listed = new Set<string>();
  for (const [name, text] of Object.entries(world.pages))
    if (name.includes('/released/'))
      for (const line of text.trimEnd().split('\n').slice(1)) {
        const end = JSON.parse(line) as RollEnd;
        if (LISTED.has(end.outcome)) listed.add(end.key);
      }
  const needed = new Set(
    [...claimsOf(world)].filter(([one]) => isOpenIn(world, one)).map(([, version]) => version),
  );
  for (const version of versionsOf(world)) {
    const isOurs = world.bits[version] === 'on' && memory.onBy[version] === 'us';
    if (isOurs && !needed.has(version) && !listed.has(version))
      note(closing, closing.state, ['I4 left ON and not listed']);
  }
}

async function doAllAgain(closing: Closing, histories: Histories): Promise<void> {
  const before = JSON.stringify(closing.state.world.bits);
  for (const text of closing.state.sent) await runAlone(closing, text, histories);
  if (JSON.stringify(closing.state.world.bits) !== before)
    note(closing, closing.state, ['I6 not idempotent']);
}

/** In quiet times there is nobody else to blame. */
async function outsiderClears(closing: Closing, histories: Histories): Promise<void> {
  const seen = new Set<string>();
  for (const [matter, version] of [...claimsOf(closing.state.world)]) {
    if (seen.has(version) || !isOpenIn(closing.state.world, matter)) continue;
    seen.add(version);
    const step = meddled({ ...closing.state, left: { ...NOTHING, outsider: ['clears'] } }, version, 'clears');
    if (step === undefined) continue;
    closing.state = step.state;
    const result = (await runAlone(closing, `recheck ${matter} ${version}`, histories)) as RecheckResult;
    if (result.found.kind !== 'set-again' || closing.state.world.bits[version] !== 'on')
      note(closing, closing.state, ['I3 OFF at the end']);
    else if (result.found.by === 'us') note(closing, closing.state, ['I3 blamed on us']);
  }
}
