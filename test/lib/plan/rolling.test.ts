import { describe, expect, it } from '@jest/globals';
import { afterWrite, change, writeOf } from '../../../lib/lock/change.ts';
import { formatInstant, type Instant, instantOf, parseInstant } from '../../../lib/lock/instant.ts';
import { type LockState, UNLOCKED } from '../../../lib/lock/state.ts';
import { Differ } from '../../../lib/plan/difference.ts';
import { assignmentKey } from '../../../lib/plan/groups.ts';
import { makePlan } from '../../../lib/plan/make-plan.ts';
import { stillWanted } from '../../../lib/plan/still-wanted.ts';
import { Tally } from '../../../lib/plan/tally.ts';
import { compilePolicy, type Policy } from '../../../lib/policy/compile.ts';
import { decide } from '../../../lib/policy/decide.ts';
import { parsePolicy } from '../../../lib/policy/parse.ts';
import { type PolicyFile } from '../../../lib/policy/schema.ts';
import { DAY, PLAN_OPTIONS, policyWith, rowWith } from '../../helpers/plan.ts';

const START = parseInstant('2026-01-01T00:00:00Z');
const AT_LEAST = 30;
const PASS_EVERY = 7;
const LISTING_AGE = 2;
const RUN_TIME = 1;

const policyFile = (extendTo: string, roundUp = 'second'): PolicyFile =>
  ({
    version: 1,
    settings: { roundUp },
    rules: [
      {
        name: 'backups',
        match: { prefix: 'backups/' },
        lock: { mode: 'GOVERNANCE', remaining: { atLeast: `P${AT_LEAST}D`, extendTo }, versions: 'current' },
      },
    ],
  }) as PolicyFile;

/** As it would be if nobody had checked it. */
const unchecked = (file: PolicyFile): Policy =>
  compilePolicy(file, { hash: 'h', maximum: 'P100Y', enforce: 'apply' });

interface Version {
  readonly id: string;
  readonly key: string;
  readonly created: Instant;
  lock: LockState;
}

interface Change {
  readonly version: Version;
  readonly until: Instant;
}

/** A bucket that grows for a year under a rolling rule, and what its current versions had left at every quarter of a day. */
class Year {
  readonly short: string[] = [];
  writes = 0;
  private readonly policy: Policy;
  private readonly tolerance: number;
  private readonly versions: Version[] = [];

  constructor(policy: Policy, tolerance: number) {
    this.policy = policy;
    this.tolerance = tolerance;
  }

  play(): this {
    let due: readonly Change[] = [];
    for (let quarter = 0; quarter <= 365 * 4; quarter += 1) {
      const day = quarter / 4;
      const now = instantOf(START + day * DAY);
      if (quarter % 5 === 0) this.upload(`backups/${(quarter / 5) % 23}`, now);
      // The pass reads a report of two days ago, and its run ends a day later.
      if (day % PASS_EVERY === LISTING_AGE) due = this.plan(instantOf(now - LISTING_AGE * DAY));
      this.look(now);
      if (day % PASS_EVERY === LISTING_AGE + RUN_TIME) this.apply(due, now);
    }
    return this;
  }

  private upload(key: string, now: Instant): void {
    const version = { id: `v${this.versions.length}`, key, created: now, lock: UNLOCKED };
    this.versions.push(version);
    for (const wish of decide(this.policy, rowOf(version, true), now).wishes) this.write(version, wish, now);
  }

  /** The plan of a report that shows the bucket as it was at a moment. */
  private plan(asOf: Instant): Change[] {
    const differ = new Differ({ policy: this.policy, asOf, tellsEventHolds: true });
    const tally = new Tally(this.tolerance);
    const listed = this.versions.filter(({ created }) => created <= asOf);
    const latest = new Map(listed.map((version) => [version.key, version]));
    const found = listed.flatMap((version) => {
      const row = rowOf(version, latest.get(version.key) === version);
      const difference = differ.of(row);
      tally.add(row, difference);
      return difference.changes.map((planned) => ({ version, planned, row }));
    });
    const { plan, assignment } = makePlan(tally, PLAN_OPTIONS);
    const groups = new Map(plan.groups.map((group) => [group.id, group]));
    return found.map(({ version, planned, row }) => {
      const { to, route, slot, date } = tally.place(planned);
      const group = groups.get(assignment.get(assignmentKey(row.bucket, to, route))?.get(slot) ?? '');
      return { version, until: group?.until === undefined ? date : parseInstant(group.until) };
    });
  }

  private apply(due: readonly Change[], now: Instant): void {
    for (const { version, until } of due) {
      const { tolerance } = this;
      const decision = decide(this.policy, rowOf(version, this.isCurrent(version)), now);
      const wanted = stillWanted(decision, version.lock, { to: 'GOVERNANCE', until, tolerance }, now);
      if (wanted.kind === 'apply') this.write(version, wanted.wish, now);
    }
  }

  private write(version: Version, wish: Parameters<typeof change>[1], now: Instant): void {
    const write = writeOf(change(version.lock, wish, now));
    if (write === undefined) return;
    version.lock = afterWrite(version.lock, write, now);
    this.writes += 1;
  }

  private look(now: Instant): void {
    for (const version of this.versions) {
      if (!this.isCurrent(version)) continue;
      const { retention } = version.lock;
      const left = retention.state === 'locked' ? (retention.until - now) / DAY : 0;
      if (left < AT_LEAST)
        this.short.push(`${formatInstant(now)} ${version.key} ${version.id}: ${left} days`);
    }
  }

  private isCurrent(version: Version): boolean {
    return this.versions.findLast(({ key }) => key === version.key) === version;
  }
}

function rowOf({ id, key, created, lock }: Version, current: boolean): ReturnType<typeof rowWith> {
  return rowWith({ key, versionId: id, created, lock, current });
}

describe('a rolling rule of at least 30 days, with weekly passes over listings two days old and runs that take a day', () => {
  it.each([
    ['with no tolerance', 'P44D', 'second', 0],
    ['with the least that can keep it', 'P40D', 'second', 0],
    ['with dates that may be a day late', 'P40D', 'second', DAY],
    ['with dates at midnight that may be a month late', 'P40D', 'day', 30 * DAY],
    ['with months', 'P2M', 'day', DAY],
  ])(
    'never shows a current version under 30 days in a simulated year, %s',
    (_, extendTo, roundUp, tolerance) => {
      const parsed = parsePolicy(JSON.stringify(policyFile(extendTo, roundUp)), { hash: 'h' });
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));

      const { short, writes } = new Year(parsed.policy, tolerance).play();

      expect(short).toStrictEqual([]);
      expect(writes).toBeGreaterThan(365);
    },
  );

  it.each([['P38D'], ['P1M']])(
    'cannot be kept by an extendTo of %s: a year shows it, and the check of the policy refuses it',
    (extendTo) => {
      const file = policyFile(extendTo);

      const { short } = new Year(unchecked(file), 0).play();
      const parsed = parsePolicy(JSON.stringify(file), { hash: 'h' });

      expect(short.length).toBeGreaterThan(0);
      expect(parsed).toMatchObject({
        ok: false,
        problems: [
          {
            severity: 'error',
            message: expect.stringContaining(`${extendTo} cannot keep P30D at every instant`),
          },
        ],
      });
    },
  );

  it('writes less the longer its dates may last', () => {
    const writesFor = (extendTo: string): number =>
      new Year(policyWith(policyFile(extendTo).rules), 0).play().writes;

    expect(writesFor('P120D')).toBeLessThan(writesFor('P44D') / 2);
  });
});
