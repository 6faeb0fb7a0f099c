/** A year of weekly passes over a billion versions, by the code that makes plans: each version here stands for many. */
import { createHash } from 'node:crypto';
import { DAY, formatInstant, type Instant, instantOf, parseInstant } from '../lib/lock/instant.ts';
import { type Mode } from '../lib/lock/state.ts';
import { Differ, type PlannedChange } from '../lib/plan/difference.ts';
import { engineFor, workOf } from '../lib/plan/engine.ts';
import { type Assignment, assignmentKey } from '../lib/plan/groups.ts';
import { makePlan } from '../lib/plan/make-plan.ts';
import { type Plan } from '../lib/plan/plan.ts';
import { addWork, AWS_PRICES, NO_WORK, type Work } from '../lib/plan/price.ts';
import { type PlanRow } from '../lib/plan/row.ts';
import { type Place, Tally } from '../lib/plan/tally.ts';
import { type Policy } from '../lib/policy/compile.ts';
import { NOW } from './versions.ts';

export const VERSIONS = 1_000_000_000;
const STAND_INS = 10_000;
const EACH = VERSIONS / STAND_INS;
const WEEKS = 52;

/** The bucket as the first pass finds it. */
export interface Fleet {
  readonly policy: Policy;
  /** Days ago that a version was created, and days that its lock still lasts; evenly spread from 0 to 1. */
  readonly at: (share: number) => { readonly age: number; readonly left?: number };
  /** Whether the listing shows event holds; where it does not, every extension is decided once more by a function. */
  readonly showsEventHolds: boolean;
}

/** What a year asks for, and its first pass alone. */
export interface Year {
  readonly work: Work;
  readonly written: number;
  readonly first: Work;
}

/** @param tolerance - in days. */
export function yearOf(fleet: Fleet, tolerance: number): Year {
  const rows = Array.from({ length: STAND_INS }, (_, at) => rowAt(fleet, at));
  let work = NO_WORK;
  let first = NO_WORK;
  let written = 0;
  for (let week = 0; week < WEEKS; week += 1) {
    const pass = passAt(rows, instantOf(NOW + week * 7 * DAY), fleet, tolerance * DAY);
    work = addWork(work, pass.work);
    written += pass.written;
    if (week === 0) first = pass.work;
  }
  return { work, written, first };
}

/** Plans, counts the work of the plan, and gives every version what the plan gives it. */
function passAt(
  rows: PlanRow[],
  asOf: Instant,
  { policy, showsEventHolds: tellsEventHolds }: Fleet,
  tolerance: number,
): { work: Work; written: number } {
  const differ = new Differ({ policy, asOf, tellsEventHolds });
  const tally = new Tally(tolerance);
  const due: { at: number; change: PlannedChange; place: Place }[] = [];
  rows.forEach((row, at) => {
    const difference = differ.of(row);
    tally.add(row, difference);
    for (const change of difference.changes) due.push({ at, change, place: tally.place(change) });
  });
  const choice = { choice: 'batch', hasBatch: true } as const;
  const { plan, assignment } = makePlan(tally, {
    ...choice,
    policy: { hash: policy.hash },
    listing: { kind: 'inventory', source: '', asOf: formatInstant(asOf), fingerprint: '' },
    goodUntil: asOf,
    prices: AWS_PRICES,
    hash: (text) => createHash('sha256').update(text).digest('hex'),
  });
  for (const { at, change, place } of due) {
    const row = rows[at];
    if (row !== undefined) rows[at] = lockedRow(row, change, untilOf(place, plan, assignment));
  }
  const work = plan.groups
    .map(({ route, versions }) => workOf(engineFor(route, versions * EACH, choice), versions * EACH))
    .reduce(addWork, NO_WORK);
  return { work, written: due.length * EACH };
}

function rowAt({ at: share }: Fleet, at: number): PlanRow {
  const { age, left } = share((at + 0.5) / STAND_INS);
  const retention =
    left === undefined
      ? ({ state: 'none' } as const)
      : ({ state: 'locked', mode: 'GOVERNANCE', until: instantOf(NOW + Math.ceil(left) * DAY) } as const);
  return {
    ...{
      bucket: 'archive',
      key: `objects/${at}`,
      versionId: 'v',
      size: 1_000_000,
      tags: 'unknown',
      current: true,
    },
    created: instantOf(NOW - age * DAY),
    lock: { retention, hold: 'none' },
  };
}

function untilOf(place: Place, { groups }: Plan, assignment: Assignment): Instant {
  const id = assignment.get(assignmentKey('archive', place.to, place.route))?.get(place.slot);
  const until = groups.find((group) => group.id === id)?.until;
  return until === undefined ? place.date : parseInstant(until);
}

function lockedRow(row: PlanRow, { write }: PlannedChange, until: Instant): PlanRow {
  const mode: Mode = write.kind === 'retention' ? write.mode : 'GOVERNANCE';
  return { ...row, lock: { ...row.lock, retention: { state: 'locked', mode, until } } };
}
