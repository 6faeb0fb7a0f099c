import { describe, expect, it } from '@jest/globals';
import { fc, it as property } from '@fast-check/jest';
import { instantOf, parseInstant } from '../../../lib/lock/instant.ts';
import { type LockState, UNLOCKED } from '../../../lib/lock/state.ts';
import { Differ, type PlannedChange } from '../../../lib/plan/difference.ts';
import { type Engine, type EngineChoice, engineFor, workOf } from '../../../lib/plan/engine.ts';
import { exceeded, type Guardrails, SCHEDULED } from '../../../lib/plan/guardrails.ts';
import { assignmentKey } from '../../../lib/plan/groups.ts';
import { makePlan, type PlanOptions } from '../../../lib/plan/make-plan.ts';
import { type Plan, planIdOf } from '../../../lib/plan/plan.ts';
import { AWS_PRICES, costOf, NO_WORK, requestsOf, type Work } from '../../../lib/plan/price.ts';
import { type PlanRow } from '../../../lib/plan/row.ts';
import { Tally } from '../../../lib/plan/tally.ts';
import { tallyFromJson, tallyToJson } from '../../../lib/plan/tally-json.ts';
import { type Policy } from '../../../lib/policy/compile.ts';
import {
  AS_OF,
  changeTo,
  DAY,
  differenceWith,
  inDays,
  locked,
  PLAN_OPTIONS,
  policyWith,
  rowWith,
  sha256,
} from '../../helpers/plan.ts';

const HOUR = DAY / 24;

interface Passed {
  readonly plan: Plan;
  readonly tally: Tally;
  readonly changes: readonly {
    readonly row: PlanRow;
    readonly change: PlannedChange;
    readonly group: string;
  }[];
}

/** A whole pass: differences, tally, plan, and the group of every change as whoever writes manifests finds it. */
function pass(
  rows: readonly PlanRow[],
  policy: Policy,
  tolerance: number,
  more: Partial<PlanOptions> = {},
): Passed {
  const differ = new Differ({ policy, asOf: AS_OF, tellsEventHolds: true });
  const tally = new Tally(tolerance);
  const found = rows.flatMap((row) => {
    const difference = differ.of(row, new Set(['tags']));
    tally.add(row, difference);
    return difference.changes.filter(({ observed }) => !observed).map((change) => ({ row, change }));
  });
  const { plan, assignment } = makePlan(tally, { ...PLAN_OPTIONS, ...more });
  const changes = found.map(({ row, change }) => {
    const { to, route, slot } = tally.place(change);
    return { row, change, group: assignment.get(assignmentKey(row.bucket, to, route))?.get(slot) ?? 'none' };
  });
  return { plan, tally, changes };
}

const mode = fc.constantFrom('GOVERNANCE' as const, 'COMPLIANCE' as const);
const days = fc.integer({ min: 1, max: 60 });
const lockOfRule = fc.oneof(
  fc.record({ mode, for: days.map((count) => `P${count}D`) }),
  fc.record({ mode, for: days.map((count) => `P${count}D`), from: fc.constant({ endOf: 'month' }) }),
  fc.record({ mode, until: fc.constantFrom('2026-12-24', '2027-01-31') }),
  fc.record({
    mode,
    remaining: fc.constant({ atLeast: 'P5D', extendTo: 'P20D' }),
    versions: fc.constantFrom('current', 'all'),
  }),
);
const policies: fc.Arbitrary<Policy> = fc
  .record({
    rules: fc.array(
      fc.record({
        prefix: fc.constantFrom('', 'a', 'b', 'ab'),
        enforce: fc.constantFrom('apply', 'apply', 'observe'),
        lock: lockOfRule,
      }),
      { minLength: 1, maxLength: 4 },
    ),
    roundUp: fc.constantFrom('second', 'day'),
    onConflict: fc.constantFrom('strongest', 'combine'),
    maximum: fc.constantFrom('P100D', 'P1Y'),
  })
  .map(({ rules, ...settings }) =>
    policyWith(
      rules.map(({ prefix, enforce, lock }, at) => ({
        name: `r${at}`,
        enforce,
        ...(prefix !== '' && { match: { prefix } }),
        lock,
      })),
      settings,
    ),
  );
const stored: fc.Arbitrary<LockState> = fc.oneof(
  fc.constant(UNLOCKED),
  fc
    .record({ mode, hours: fc.integer({ min: -48, max: 60 * 24 }) })
    .map((lock) => locked(lock.mode, instantOf(AS_OF + lock.hours * HOUR))),
);
const rows: fc.Arbitrary<PlanRow[]> = fc.array(
  fc
    .record({
      bucket: fc.constantFrom('one', 'two'),
      key: fc.stringMatching(/^[ab]{1,3}$/),
      versionId: fc.constantFrom('v1', 'v2'),
      created: fc.integer({ min: 0, max: 40 * DAY }).map((age) => instantOf(AS_OF - age)),
      current: fc.boolean(),
      lock: stored,
    })
    .map(rowWith),
  { maxLength: 40 },
);
const tolerance = fc.constantFrom(0, HOUR, DAY, 7 * DAY, 30 * DAY);

describe('what is planned', () => {
  property.prop([rows, policies, tolerance], { numRuns: 300 })(
    'is early for no version, late by no more than the tolerance, and beyond no cap',
    (all, policy, late) => {
      const { plan, changes } = pass(all, policy, late);
      const groups = new Map(plan.groups.map((group) => [group.id, group]));

      for (const { row, change, group: id } of changes) {
        const group = groups.get(id);
        expect(group).toMatchObject({ bucket: row.bucket });
        if (change.write.kind === 'hold-on' || group === undefined) continue;
        expect(group.to).toBe(change.write.mode);
        const wanted = change.write.until;
        const given = group.until === undefined ? wanted : parseInstant(group.until);
        expect(given).toBeGreaterThanOrEqual(wanted);
        expect(given).toBeLessThanOrEqual(wanted + late);
        expect(given).toBeLessThanOrEqual(Math.max(wanted, change.notAfter));
        // Law 5: what a rule wants lies under its cap already.
        expect(wanted).toBeLessThanOrEqual(change.notAfter);
      }
    },
  );

  property.prop([rows, policies, tolerance], { numRuns: 200 })(
    'is counted in its group, its line and the sum, each version once',
    (all, policy, late) => {
      const { plan, changes } = pass(all, policy, late);
      const assigned = new Map<string, number>();
      for (const { group } of changes) assigned.set(group, (assigned.get(group) ?? 0) + 1);

      expect(new Map(plan.groups.map(({ id, versions }) => [id, versions]))).toStrictEqual(assigned);
      expect(plan.changes.versions).toBe(changes.length);
      expect(plan.changes.bytes).toBe(changes.length * 10);
      const applied = plan.lines.filter(({ observed }) => !observed);
      expect(applied.reduce((sum, { versions }) => sum + versions, 0)).toBe(changes.length);
      expect(plan.totals.rows).toBe(all.length);
      const newly = changes.filter(
        ({ change }) =>
          change.write.kind === 'retention' &&
          change.write.mode === 'COMPLIANCE' &&
          change.from !== 'COMPLIANCE',
      );
      expect(plan.changes.newlyCompliance.versions).toBe(newly.length);
    },
  );

  property.prop([rows, policies, tolerance, fc.nat({ max: 40 })], { numRuns: 100 })(
    'is the same plan, whoever counted which part, and in which order',
    (all, policy, late, cut) => {
      const whole = pass(all, policy, late);
      const parts = [all.slice(0, cut), all.slice(cut)].map((part) => pass(part, policy, late).tally);
      const merged = new Tally(late);
      for (const part of parts.toReversed()) merged.merge(tallyFromJson(tallyToJson(part)));

      const { plan } = makePlan(merged, PLAN_OPTIONS);

      expect(plan).toStrictEqual(whole.plan);
      expect(pass(all.toReversed(), policy, late).plan).toStrictEqual(whole.plan);
    },
  );

  property.prop(
    [
      fc.array(
        fc.record({
          hours: fc.integer({ min: 1, max: 12 * 24 }),
          room: fc.integer({ min: 0, max: 12 * 24 }),
          rule: fc.constantFrom('one', 'two'),
        }),
        { maxLength: 60 },
      ),
      fc.constantFrom(0, HOUR, DAY, 8 * DAY),
    ],
    { numRuns: 300 },
  )('keeps below the cap of each version, however many share its slot', (wanted, late) => {
    const tally = new Tally(late);
    const changes = wanted.map(({ hours, room, rule }) => {
      const until = instantOf(AS_OF + hours * HOUR);
      return changeTo(until, { rule, notAfter: instantOf(until + room * HOUR) });
    });
    for (const change of changes) tally.add(rowWith(), differenceWith(change));

    const { plan, assignment } = makePlan(tally, PLAN_OPTIONS);

    const untils = new Map(plan.groups.map(({ id, until }) => [id, until]));
    changes.forEach((change, at) => {
      const { to, route, slot, date } = tally.place(change);
      const id = assignment.get(assignmentKey('acme-docs', to, route))?.get(slot) ?? 'none';
      const text = untils.get(id);
      const given = text === undefined ? date : parseInstant(text);
      expect(untils.has(id)).toBe(true);
      expect(given).toBeGreaterThanOrEqual(date);
      expect(given).toBeLessThanOrEqual(date + Math.min(late, (wanted[at]?.room ?? 0) * HOUR));
    });
  });

  it('writes nothing for a rule that only observes, and shows what it would do', () => {
    const policy = policyWith([{ name: 'r', enforce: 'observe', lock: { mode: 'COMPLIANCE', for: 'P30D' } }]);

    const { plan } = pass([rowWith()], policy, 0);

    expect(plan.groups).toStrictEqual([]);
    expect(plan.lines).toMatchObject([{ rule: 'r', observed: true, versions: 1 }]);
    expect(plan.changes).toMatchObject({ versions: 0, newlyCompliance: { versions: 0 } });
    expect(plan.cost).toMatchObject({ requests: 0, jobs: 0, usd: 0 });
  });

  it('puts together what two rules want alike, and shows each in a line of its own', () => {
    const policy = policyWith([
      { name: 'as', match: { prefix: 'a' }, lock: { mode: 'GOVERNANCE', for: 'P30D' } },
      { name: 'bs', match: { prefix: 'b' }, lock: { mode: 'GOVERNANCE', for: 'P30D' } },
    ]);

    const { plan } = pass([rowWith({ key: 'a' }), rowWith({ key: 'b' })], policy, 0);

    expect(plan.groups).toMatchObject([
      { id: 'g001', bucket: 'acme-docs', to: 'GOVERNANCE', until: '2026-12-18T01:00:00Z', versions: 2 },
    ]);
    expect(plan.lines.map(({ rule }) => rule)).toStrictEqual(['as', 'bs']);
  });

  it('never puts two buckets into one group: a job writes into one', () => {
    const policy = policyWith([{ name: 'r', lock: { mode: 'GOVERNANCE', for: 'P30D' } }]);

    const { plan } = pass([rowWith({ bucket: 'one' }), rowWith({ bucket: 'two' })], policy, DAY);

    expect(plan.groups.map(({ bucket }) => bucket)).toStrictEqual(['one', 'two']);
  });

  it('shows the earliest and the latest date that a rule asks for, by whatever route', () => {
    const tally = new Tally(8 * DAY);
    for (const [days, room] of [
      [9, 0],
      [3, 30],
      [6, 30],
    ] as const) {
      const until = inDays(days);
      tally.add(rowWith(), differenceWith(changeTo(until, { notAfter: instantOf(until + room * DAY) })));
    }

    expect(makePlan(tally, PLAN_OPTIONS).plan.lines).toMatchObject([
      { versions: 3, earliest: '2026-11-21T01:00:00Z', latest: '2026-11-27T01:00:00Z' },
    ]);
  });

  it('gives no shared date to those without room below their cap', () => {
    const tally = new Tally(8 * DAY);
    for (const days of [3, 4]) {
      const until = inDays(days);
      tally.add(rowWith(), differenceWith(changeTo(until, { notAfter: until })));
    }

    const { plan } = makePlan(tally, PLAN_OPTIONS);

    expect(plan.groups).toMatchObject([{ route: 'own-date', versions: 2 }]);
    expect(plan.groups[0]).not.toHaveProperty('until');
  });

  it('names the bucket of which the largest share changes', () => {
    const tally = new Tally(0);
    const change = differenceWith(changeTo(inDays(1)));
    for (let rest = 0; rest < 9; rest += 1) tally.add(rowWith({ bucket: 'large' }), differenceWith());
    for (let some = 0; some < 3; some += 1) tally.add(rowWith({ bucket: 'large' }), change);
    tally.add(rowWith({ bucket: 'small' }), differenceWith());
    tally.add(rowWith({ bucket: 'small' }), change);

    expect(makePlan(tally, PLAN_OPTIONS).plan.changes.largestShare).toStrictEqual({
      bucket: 'small',
      share: 0.5,
    });
  });
});

describe('the id of a plan', () => {
  const policy = policyWith([
    { name: 'r', lock: { mode: 'GOVERNANCE', for: 'P30D' } },
    { name: 'c', match: { prefix: 'b' }, lock: { mode: 'COMPLIANCE', until: '2027-01-31' } },
  ]);
  const listed = [
    rowWith({ key: 'a' }),
    rowWith({ key: 'b', lock: locked('GOVERNANCE', inDays(2)) }),
    rowWith({ key: 'c', lock: locked('GOVERNANCE', inDays(300)) }),
  ];
  const idOf = (all: readonly PlanRow[], late = DAY, more: Partial<PlanOptions> = {}): string =>
    pass(all, policy, late, more).plan.id;
  const { listing } = PLAN_OPTIONS;

  it('is the same for the same listing, policy and result', () => {
    expect(idOf(listed)).toBe(idOf(listed.toReversed()));
    expect(idOf(listed)).toMatch(/^plan-[0-9a-f]{16}$/);
  });

  it.each<[string, string]>([
    ['another policy', idOf(listed, DAY, { policy: { hash: 'other' } })],
    ['another fingerprint of the listing', idOf(listed, DAY, { listing: { ...listing, fingerprint: 'g' } })],
    ['another kind of listing', idOf(listed, DAY, { listing: { ...listing, kind: 'keys' } })],
    [
      'a report of another moment',
      idOf(listed, DAY, { listing: { ...listing, asOf: '2026-11-19T01:00:00Z' } }),
    ],
    ['another age limit', idOf(listed, DAY, { goodUntil: inDays(3) })],
    ['another tolerance', idOf(listed, 2 * DAY)],
    ['one version less', idOf(listed.slice(1))],
    ['another date', idOf([rowWith({ key: 'a', created: inDays(-1) }), ...listed.slice(1)])],
    ['another size', idOf([rowWith({ key: 'a', size: 11 }), ...listed.slice(1)])],
    ['another engine', idOf(listed, DAY, { choice: 'batch' })],
  ])('is another one with %s', (_, id) => {
    expect(id).not.toBe(idOf(listed));
  });

  it('does not depend on where the policy and a plain listing lie, nor when the bucket was listed', () => {
    const list = { ...listing, kind: 'list' as const };
    const one = idOf(listed, DAY, { listing: list });
    const other = idOf(listed, DAY, {
      listing: { ...list, asOf: '2026-11-18T01:00:05Z' },
      goodUntil: inDays(2.5),
      policy: { hash: 'policy-hash', path: 'elsewhere.yaml' },
    });

    expect(other).toBe(one);
  });

  property.prop([rows, policies, tolerance], { numRuns: 100 })(
    'is the hash of the plan as it comes back from disk',
    (all, anyPolicy, late) => {
      const { plan } = pass(all, anyPolicy, late);
      const read = JSON.parse(JSON.stringify(plan)) as Plan;

      expect(planIdOf(read, sha256)).toBe(plan.id);
      const turned = Object.fromEntries(Object.entries(read).toReversed()) as unknown as Plan;
      expect(planIdOf(turned, sha256)).toBe(plan.id);
    },
  );

  it('gives away an edited group, date, count or total', () => {
    const { plan } = pass(listed, policy, DAY);
    const [group] = plan.groups;
    if (group === undefined) throw new Error('the plan has no group');
    const edited: Plan[] = [
      { ...plan, groups: plan.groups.slice(1) },
      { ...plan, groups: [{ ...group, until: '2099-01-01T00:00:00Z' }, ...plan.groups.slice(1)] },
      { ...plan, groups: [{ ...group, engine: 'batch' }, ...plan.groups.slice(1)] },
      { ...plan, tolerance: 0 },
      { ...plan, totals: { ...plan.totals, rows: 0 } },
      { ...plan, changes: { ...plan.changes, newlyCompliance: { versions: 9, bytes: 0 } } },
      { ...plan, staysWrong: [] },
      { ...plan, goodUntil: '2099-01-01T00:00:00Z' },
    ];

    for (const each of edited) expect(planIdOf(each, sha256)).not.toBe(plan.id);
  });
});

describe('guardrails', () => {
  const { plan } = pass(
    [rowWith()],
    policyWith([{ name: 'r', lock: { mode: 'COMPLIANCE', for: 'P30D' } }]),
    0,
  );
  const planWith = (changes: Partial<Plan['changes']>, usd = 0): Plan => ({
    ...plan,
    changes: {
      versions: 0,
      bytes: 0,
      newlyCompliance: { versions: 0, bytes: 0 },
      largestShare: { bucket: 'b', share: 0 },
      ...changes,
    },
    cost: { ...plan.cost, usd },
  });

  it.each<[string, Plan, (keyof Guardrails)[]]>([
    ['nothing changes', planWith({}), []],
    [
      'everything is just allowed',
      planWith({ versions: 1_000_000, largestShare: { bucket: 'b', share: 0.2 } }, 100),
      [],
    ],
    ['there is one version too many', planWith({ versions: 1_000_001 }), ['versions']],
    ['it costs a cent too much', planWith({}, 100.01), ['usd']],
    ['too much of a bucket changes', planWith({ largestShare: { bucket: 'b', share: 0.21 } }), ['share']],
    [
      'one version comes newly under COMPLIANCE',
      planWith({ newlyCompliance: { versions: 1, bytes: 1 } }),
      ['newlyCompliance'],
    ],
    [
      'all is too much',
      planWith(
        {
          versions: 2_000_000,
          newlyCompliance: { versions: 2, bytes: 2 },
          largestShare: { bucket: 'b', share: 1 },
        },
        1_000,
      ),
      ['versions', 'usd', 'share', 'newlyCompliance'],
    ],
  ])('of a schedule, where %s', (_, made, expected) => {
    expect(exceeded(made, SCHEDULED).map(({ what }) => what)).toStrictEqual(expected);
  });

  it('say what was found and what is allowed', () => {
    const [share] = exceeded(planWith({ largestShare: { bucket: 'acme', share: 0.256 } }), SCHEDULED);

    expect(share).toMatchObject({ found: 0.256, limit: 0.2 });
    expect(share?.text).toContain('25.6 % of the bucket acme would change, and 20 % are allowed');
  });
});

describe('the engine of a group', () => {
  it.each<[Parameters<typeof engineFor>[0], number, EngineChoice, boolean, Engine]>([
    ['plain', 99_999, 'auto', true, 'direct'],
    ['plain', 100_000, 'auto', true, 'batch'],
    ['plain', 1, 'batch', true, 'batch'],
    ['plain', 1_000_000, 'direct', true, 'direct'],
    ['plain', 1_000_000, 'auto', false, 'direct'],
    ['plain', 1_000_000, 'batch', false, 'direct'],
    ['recheck', 100_000, 'auto', true, 'batch-function'],
    ['recheck', 1, 'batch', true, 'batch-function'],
    ['recheck', 1, 'auto', true, 'direct'],
    ['own-date', 1_000_000, 'auto', true, 'direct'],
    ['own-date', 1_000_000, 'batch', true, 'direct'],
    ['urgent', 10_000_000, 'auto', true, 'direct'],
    ['urgent', 10_000_000, 'batch', true, 'direct'],
  ])(
    'for %s changes of %d versions, choice %s, batch %s: %s',
    (route, versions, choice, hasBatch, engine) => {
      expect(engineFor(route, versions, { choice, hasBatch })).toBe(engine);
    },
  );

  it.each<[Engine, Partial<Work>]>([
    ['batch', { jobs: 1, tasks: 1_000, calls: 0 }],
    ['batch-function', { jobs: 1, tasks: 1_000, calls: 1_000 }],
    ['direct', { jobs: 0, tasks: 0, calls: 0 }],
  ])('%s asks for its jobs, tasks and calls, and at least one write per version', (engine, work) => {
    const asked = workOf(engine, 1_000);

    expect(asked).toMatchObject(work);
    expect(asked.puts).toBeGreaterThanOrEqual(1_000);
  });

  it.each<[string, Partial<Work>, number]>([
    ['nothing', {}, 0],
    ['a million writes', { puts: 1_000_000 }, 5],
    ['a million reads', { gets: 1_000_000 }, 0.4],
    ['four jobs', { jobs: 4 }, 1],
    ['two million tasks', { tasks: 2_000_000 }, 2],
    ['a million calls of a fifth of a second', { calls: 1_000_000 }, 0.2 + 200_000 * 0.0000066667],
  ])('%s costs by the list of prices', (_, work, usd) => {
    expect(costOf({ ...NO_WORK, ...work }, AWS_PRICES)).toBeCloseTo(usd, 6);
  });

  it('is priced in the plan: a group of 100,000 pays for one job, its tasks and its writes', () => {
    const tally = new Tally(DAY);
    const change = differenceWith(changeTo(inDays(30)));
    for (let versions = 0; versions < 100_000; versions += 1) tally.add(rowWith(), change);

    const { plan } = makePlan(tally, PLAN_OPTIONS);

    const work = workOf('batch', 100_000);
    expect(plan.groups).toMatchObject([{ engine: 'batch', versions: 100_000 }]);
    expect(plan.cost).toMatchObject({
      jobs: 1,
      requests: requestsOf(work),
      usd: Math.round(costOf(work, AWS_PRICES) * 10_000) / 10_000,
      prices: { date: AWS_PRICES.date },
    });
  });
});

describe('what was urgent', () => {
  it('stays urgent where its cap leaves no room: a bulk job may prepare for longer than it has', () => {
    const until = inDays(4);
    const policyUntil = changeTo(until, {
      kind: 'extend',
      from: 'GOVERNANCE',
      route: 'urgent',
      notAfter: until,
    });
    const tally = new Tally(30 * DAY);
    for (let versions = 0; versions < 100_000; versions += 1)
      tally.add(rowWith(), differenceWith(policyUntil));

    expect(makePlan(tally, PLAN_OPTIONS).plan.groups.map(({ engine }) => engine)).toStrictEqual(['direct']);
  });
});
