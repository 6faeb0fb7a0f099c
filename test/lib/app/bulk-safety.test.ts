/** What a hostile look at the bulk path found: each test here is an attack, or an accident, that must come to nothing. */
import { PutObjectCommand, PutObjectRetentionCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { carryOut } from '../../../lib/app/apply-plan.ts';
import {
  type Chunk,
  type ChunkEnd,
  chunkSchema,
  endsPrefix,
  handleChunk,
} from '../../../lib/app/bulk-change.ts';
import { handlePlanMessage, startPlan } from '../../../lib/app/bulk-plan.ts';
import { activeRuns, getRun, putRun } from '../../../lib/app/bulk-runs.ts';
import { type StepDeps, type StepResult, stepRun } from '../../../lib/app/bulk-step.ts';
import { parseStoredPlan } from '../../../lib/aws/plan-folder.ts';
import { RunFolder } from '../../../lib/aws/run-folder.ts';
import { formatInstant, instantOf } from '../../../lib/lock/instant.ts';
import { type Mode } from '../../../lib/lock/state.ts';
import { SCHEDULED } from '../../../lib/plan/guardrails.ts';
import { manifestLine, rowOfLine } from '../../../lib/plan/manifest-line.ts';
import { canonical } from '../../../lib/plan/plan.ts';
import { latestOf } from '../../../lib/policy/latest.ts';
import { type JobControl } from '../../../lib/ports/job-control.ts';
import { type VersionRef } from '../../../lib/ports/lock-store.ts';
import { type GroupRun, type Run, withGroup } from '../../../lib/runs/run.ts';
import { type ControlOptions, type RunningControl } from '../../../local/control/index.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { applyDepsOf, type Bulk, jobDepsOf, madePlan, runOf, startBulk } from '../../helpers/bulk.ts';
import { onePolicy, testDeps } from '../../helpers/deps.ts';
import { type Deployment, deploymentOn, type DeploymentOptions, FREE } from '../../helpers/deployment.ts';
import { COLUMNS, inventory, type InventoryParts, type Listed } from '../../helpers/inventory.ts';
import { DAY, differenceOf, inDays, locked, policyWith, rowWith, sha256 } from '../../helpers/plan.ts';

const NOON = Date.UTC(2026, 10, 20, 12);
const HOUR = 3_600_000;
const POLICY = onePolicy('{ mode: GOVERNANCE, until: 2027-06-30 }');
const DOCS = '    match: { prefix: docs/ }\n';
const UNTIL = '2027-07-01T00:00:00Z';
const CRASH = new Error('killed');
/** Versions that no rule covers: so many that a single row may be unreadable. */
const OTHERS: readonly Listed[] = Array.from({ length: 2_200 }, (_, at) => ({ key: `other/${at}` }));

let bulk: Bulk;
let bucket: string;
let now = NOON;

beforeAll(async () => {
  bulk = await startBulk({}, { clock: () => now });
});
afterAll(async () => {
  await bulk.close();
});
beforeEach(async () => {
  now = NOON;
  bucket = await makeBucket(bulk.client);
});

/** A version for each key. */
type Refs<Keys extends readonly string[]> = { readonly [At in keyof Keys]: VersionRef };

const uploads = async <const Keys extends readonly string[]>(...keys: Keys): Promise<Refs<Keys>> =>
  (await Promise.all(keys.map(async (key) => upload(bulk.client, bucket, key)))) as Refs<Keys>;
const lock = async (
  { bucket: Bucket, key: Key, versionId: VersionId }: VersionRef,
  Mode: Mode,
  until: number,
): Promise<void> => {
  const Retention = { Mode, RetainUntilDate: new Date(until) };
  await bulk.client.send(new PutObjectRetentionCommand({ Bucket, Key, VersionId, Retention }));
};
const deployment = async (
  policy = POLICY,
  planning: DeploymentOptions['planning'] = {},
): Promise<Deployment> =>
  deploymentOn(bulk, { policy, now: () => now, planning: { rails: FREE, choice: 'batch', ...planning } });

/** The same object with some of its members replaced. */
function instead<T extends object>(target: T, other: Partial<T>): T {
  return new Proxy(target, {
    get: (real, name): unknown => {
      if (name in other) return Reflect.get(other, name);
      const member: unknown = Reflect.get(real, name);
      return typeof member === 'function' ? (member.bind(real) as unknown) : member;
    },
  });
}

/** Plans from an inventory that somebody wrote by hand; the run that came of it. */
async function plannedFrom(
  at: Deployment,
  rows: readonly Listed[],
  { created = now, edit }: { created?: number; edit?: Parameters<typeof inventory>[1] } = {},
): Promise<Run | undefined> {
  const parts: InventoryParts = {
    ...{ rows: rows.map((row) => ({ bucket, ...row })), bucket, created },
    columns: [...COLUMNS, 'ObjectLockEventHoldStatus'],
  };
  const written = inventory(parts, edit);
  const lists = await makeBucket(bulk.client, 'plain');
  for (const [Key, Body] of Object.entries(written.objects))
    await bulk.client.send(new PutObjectCommand({ Bucket: lists, Key, Body }));
  const hash = sha256(written.objects[written.manifest]?.toString() ?? '');
  const found = { bucket: lists, key: written.manifest, hash, files: 1 };
  await startPlan({ ...found, created: formatInstant(instantOf(created)) }, at.planning);
  let run: Run | undefined;
  for (let next = at.messages.shift(); next !== undefined; next = at.messages.shift())
    run = await at.deliver(next);
  return run;
}

interface Way {
  readonly at: Deployment;
  readonly id: string;
  readonly control: RunningControl;
  readonly stepping: (more?: Partial<StepDeps>) => StepDeps;
  readonly step: (more?: Partial<StepDeps>) => Promise<StepResult>;
  readonly group: () => Promise<GroupRun | undefined>;
  /** Works through the pieces that were sent. */
  readonly work: () => Promise<(ChunkEnd | 'moved' | 'cancelled')[]>;
  /** Waits until no job is under way. */
  readonly settle: () => Promise<void>;
  readonly change: (change: Partial<Run>) => Promise<void>;
  readonly list: () => Promise<string | undefined>;
}

async function wayOf(at: Deployment, { id }: Run, options: Partial<ControlOptions> = {}): Promise<Way> {
  const { control, client } = await bulk.control(options);
  const stepping: Way['stepping'] = (more) => at.stepping(client, more);
  return {
    ...{ at, id, control, stepping },
    step: async (more) => stepRun(id, stepping(more)),
    group: async () => (await at.run(id)).groups.g001,
    async work() {
      const ends: (ChunkEnd | 'moved' | 'cancelled')[] = [];
      for (const piece of at.pieces.splice(0)) ends.push(await handleChunk(piece, at.changing()));
      return ends;
    },
    async settle() {
      for (const { jobId } of control.jobs()) await control.until(jobId);
    },
    async change(change) {
      const held = await getRun(id, at.deps.documents);
      if (held === undefined) throw new Error('there is no run');
      await putRun({ ...held.run, ...change }, held, at.deps.documents);
    },
    list: async () => at.text(`${(await at.run(id)).folder ?? ''}/groups/g001.csv`),
  };
}

/** A planned bucket of these keys. */
async function wayWith<const Keys extends readonly string[]>(
  keys: Keys,
  { policy = POLICY, control = {}, ...planning }: Wanted = {},
): Promise<Way & { readonly refs: Refs<Keys> }> {
  const refs = await uploads<Keys>(...keys);
  const at = await deployment(policy, planning);
  return { ...(await wayOf(at, await at.plan(bucket), control)), refs };
}
type Wanted = DeploymentOptions['planning'] & { policy?: string; control?: Partial<ControlOptions> };

/** The run was cancelled by the command, at this moment. */
const CANCELLED = (): Partial<Run> => ({
  state: 'cancelled',
  cancelledAt: formatInstant(instantOf(now)),
});
/** Jobs that go no further than `Active` until they are released. */
function heldJobs(): { control: Partial<ControlOptions>; release: () => void } {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  return {
    control: { hold: async ({ status }) => (status === 'Active' ? held : undefined) },
    release: () => {
      release();
    },
  };
}
const lastDeed = ({ at }: Way): unknown => at.deeds().at(-1);

describe('a listing that lies', () => {
  it.each(['x\ny', 'x"y', 'x y', 'x\r', ''])('has no line for a version that is called %j', (versionId) => {
    expect(() => manifestLine({ bucket: 'b', key: 'k', versionId })).toThrow('is no id of a version');
    expect(rowOfLine(`b,k,${versionId}`)).toBeUndefined();
  });

  it('has no line for a version whose id has a comma: what follows it would be a date', () => {
    expect(() => manifestLine({ bucket: 'b', key: 'k', versionId: 'x,2099-01-01T00:00:00Z' })).toThrow(
      'is no id of a version',
    );
  });

  it.each(['\n', ','])('adds nothing to the list of a job by %j in the id of a version', async (sign) => {
    const [good, secret] = await uploads('docs/a', 'private');
    const at = await deployment(onePolicy('{ mode: GOVERNANCE, until: 2027-06-30 }', DOCS));
    const slot = Math.ceil(Date.parse(UNTIL) / (3 * HOUR));
    const forged = `${bucket} GOVERNANCE plain,${slot},${bucket},private,${secret.versionId}`;

    const run = await plannedFrom(at, [
      ...OTHERS,
      { key: 'docs/a', versionId: good.versionId },
      { key: 'docs/b', versionId: `x${sign}${forged}` },
      { key: 'docs/c', versionId: `x${sign}${bucket},private,${secret.versionId}` },
    ]);

    if (run === undefined) throw new Error('no run came of it');
    const way = await wayOf(at, run);
    expect(await way.list()).toBe(`${bucket},docs%2Fa,${good.versionId}\n`);
    await way.step();
    await way.settle();
    expect(way.control.jobs()).toMatchObject([{ succeeded: 1 }]);
    expect(await bulk.retention(secret)).toBeUndefined();
    expect(at.deeds()[0]).toMatchObject({ detail: expect.stringContaining('2 could not be read') });
  });

  it('adds nothing to the list of a job by a line feed in the name of its bucket', async () => {
    const [good, secret] = await uploads('docs/a', 'private');
    const at = await deployment(onePolicy('{ mode: GOVERNANCE, until: 2027-06-30 }', DOCS));
    const name = `${bucket},private,${secret.versionId}\n${bucket}`;
    const rows = [{ bucket: name, key: 'docs/a', versionId: good.versionId }];

    await expect(
      plannedFrom(at, rows, { edit: (manifest) => ({ ...manifest, sourceBucket: name }) }),
    ).rejects.toThrow();

    expect(await activeRuns(at.deps.documents)).toStrictEqual([]);
    expect(await at.names('runs/')).toStrictEqual([]);
  });

  it('does not lock for longer by a version of the year 2090', async () => {
    const [ref] = await uploads('docs/a');
    const until = NOON + 40 * DAY;
    await lock(ref, 'COMPLIANCE', until);
    const at = await deployment(onePolicy('{ mode: COMPLIANCE, for: P10Y }', DOCS));
    const carried = { mode: 'COMPLIANCE', until: new Date(until).toISOString() };
    const row = { key: 'docs/a', versionId: ref.versionId, created: '2090-01-01T00:00:00.000Z' };

    expect(await plannedFrom(at, [...OTHERS, { ...row, ...carried }])).toBeUndefined();

    expect(at.deeds()).toMatchObject([
      { action: 'planned', detail: expect.stringContaining('0 of 2200 versions to change') },
    ]);
    expect(at.deeds()[0]?.detail).toContain('1 could not be read');
  });

  it('makes no job whose date is beyond what any rule may ask for now', async () => {
    const [ref] = await uploads('docs/a');
    const policy = onePolicy(
      '{ mode: COMPLIANCE, remaining: { atLeast: P30D, extendTo: P44D } }',
      DOCS,
    ).replace('rules:', 'settings: { maximum: P12Y }\nrules:');
    const at = await deployment(policy);
    const rows = [{ key: 'docs/a', versionId: ref.versionId }];
    const run = await plannedFrom(at, rows, { created: Date.UTC(2090, 0, 1) });
    if (run === undefined) throw new Error('no run came of it');
    const way = await wayOf(at, run);
    const latest: StepDeps['latest'] = async () => latestOf(at.deps.policy, instantOf(now));

    await expect(way.step({ latest })).rejects.toThrow('beyond the cap');

    expect(way.control.jobs()).toStrictEqual([]);
    expect(at.actions()).not.toContain('job-intended');
    expect(await bulk.retention(ref)).toBeUndefined();
  });
});

describe('a plan', () => {
  it('is not given the name of a policy that was activated while it was put together', async () => {
    const [ref] = await uploads('a');
    const at = await deployment();
    const strict = onePolicy('{ mode: COMPLIANCE, until: 2046-12-31 }');
    at.activate(strict, 'hash-of-the-first');
    await startPlan(await at.inventory(bucket), at.planning);
    let isAssembling = false;
    const { documents } = at.planning;
    const get: typeof documents.get = async (key) => {
      if (isAssembling && key.includes('/counts/')) at.activate(POLICY, 'hash-of-the-second');
      return documents.get(key);
    };

    let run: Run | undefined;
    for (let next = at.messages.shift(); next !== undefined; next = at.messages.shift()) {
      isAssembling = next.kind === 'assemble';
      run = await handlePlanMessage(next, { ...at.planning, documents: instead(documents, { get }) });
    }

    expect(isAssembling).toBe(true);
    if (run === undefined) throw new Error('no run came of it');
    expect(run.policy).toBe('hash-of-the-first');
    const way = await wayOf(at, run);
    expect(await way.step()).toBe('over');
    expect(way.control.jobs()).toStrictEqual([]);
    expect((await at.run(run.id)).state).toBe('cancelled');
    expect(await bulk.retention(ref)).toBeUndefined();
  });

  it('that writes nothing still tells of what stays wrong', async () => {
    const [ref] = await uploads('a');
    await lock(ref, 'GOVERNANCE', Date.UTC(2040, 0, 1));
    const at = await deployment(onePolicy('{ mode: COMPLIANCE, until: 2030-12-31 }'));

    await expect(at.plan(bucket)).rejects.toThrow('no run came of it');

    expect(at.deeds()).toMatchObject([
      { action: 'planned', detail: expect.stringContaining('0 of 1 versions to change, 1 stay wrong') },
    ]);
  });

  it('that was made under another reading of the policy is another plan', async () => {
    await uploads('a');
    const at = await deployment();
    const found = await at.inventory(bucket);

    const one = await startPlan(found, at.planning);
    const two = await startPlan(found, { ...at.planning, reading: 'P1Y apply' });

    expect(two.plan).not.toBe(one.plan);
  });
});

describe('a lock of so many years that nobody can take it back', () => {
  const keys = ['docs/a', 'x/1', 'x/2', 'x/3', 'x/4'] as const;

  it('waits for approval where a COMPLIANCE lock of a month would grow to it', async () => {
    const [ref] = await uploads(...keys);
    await lock(ref, 'COMPLIANCE', NOON + 30 * DAY);
    const at = await deployment(onePolicy('{ mode: COMPLIANCE, for: P10Y }', DOCS), { rails: SCHEDULED });

    const run = await at.plan(bucket);

    expect(run).toMatchObject({ state: 'waiting', waitsFor: [expect.stringContaining('COMPLIANCE')] });
    const way = await wayOf(at, run);
    expect(await way.step()).toBe('waits');
    expect(way.control.jobs()).toStrictEqual([]);
  });

  it('is not one that rolls on by weeks: nobody is asked', async () => {
    const [ref] = await uploads(...keys);
    await lock(ref, 'COMPLIANCE', NOON + 20 * DAY);
    const rolling = '{ mode: COMPLIANCE, remaining: { atLeast: P30D, extendTo: P44D } }';
    const at = await deployment(onePolicy(rolling, DOCS), { rails: SCHEDULED });

    expect(await at.plan(bucket)).toMatchObject({ state: 'approved', waitsFor: [] });
  });

  it.each([
    ['newly', undefined, true],
    ['in place of GOVERNANCE that has lapsed', locked('GOVERNANCE', inDays(-1)), true],
    ['by ten years', locked('COMPLIANCE', inDays(30)), true],
    ['by less than 90 days', locked('COMPLIANCE', inDays(3_600)), false],
  ])('is one that comes %s', (_, stored, irrevocable) => {
    const policy = policyWith([{ name: 'r', lock: { mode: 'COMPLIANCE', for: 'P10Y' } }]);

    const { changes } = differenceOf(policy, rowWith(stored && { lock: stored }));

    expect(changes).toMatchObject([{ irrevocable }]);
  });
});

describe('what may look otherwise when a job comes to it', () => {
  const compliance = { mode: 'COMPLIANCE', for: 'P10Y' };
  const governance = { mode: 'GOVERNANCE', for: 'P10Y' };
  const tagged = { settle: 'PT10M', match: { tags: { class: 'hr' } } };
  const hold = { mode: 'GOVERNANCE', for: 'P1Y', from: { tag: 'closed-on', untilThen: 'held' } };
  it.each([
    [
      'a COMPLIANCE rule for current versions',
      [{ name: 'r', lock: { ...compliance, versions: 'current' } }],
      {},
    ],
    ['a hold that waits for a tag', [{ name: 'r', lock: hold }], { tags: {} }],
    [
      'GOVERNANCE where tags may bring COMPLIANCE',
      [
        { name: 'all', lock: governance },
        { name: 'hr', ...tagged, lock: compliance },
      ],
      { tags: {}, created: inDays(-1) },
    ],
    [
      'GOVERNANCE that stands where COMPLIANCE is wanted',
      [{ name: 'r', lock: compliance }],
      { lock: locked('GOVERNANCE', inDays(20)) },
    ],
  ])('is decided once more: %s', (_, rules, row) => {
    expect(differenceOf(policyWith(rules), rowWith(row)).changes).toMatchObject([{ route: 'recheck' }]);
  });

  it('is decided once more where COMPLIANCE stands and GOVERNANCE is wanted, with `combine`', () => {
    const policy = policyWith([{ name: 'r', lock: governance }], { onConflict: 'combine' });
    const { changes } = differenceOf(policy, rowWith({ lock: locked('COMPLIANCE', inDays(20)) }));

    expect(changes).toMatchObject([{ route: 'recheck', write: { mode: 'COMPLIANCE' } }]);
  });

  it('gets no native job with the mode that was stored when it was listed', async () => {
    const [ref] = await uploads('a');
    await lock(ref, 'GOVERNANCE', NOON + 4 * DAY);
    const at = await deployment(onePolicy('{ mode: COMPLIANCE, until: 2036-12-31 }'));
    const way = await wayOf(at, await at.plan(bucket));
    now += 5 * DAY;

    await expect(way.step()).rejects.toThrow('no function for that was named');

    expect(await way.group()).toMatchObject({ engine: 'batch-function' });
    expect(way.control.jobs()).toStrictEqual([]);
    expect((await bulk.retention(ref))?.RetainUntilDate?.getTime()).toBe(NOON + 4 * DAY);
  });
});

describe('a run is cancelled, and makes no job,', () => {
  it.each(['P1Y apply', 'P12Y observe'])('when its deployment reads policies as %s now', async (reading) => {
    const way = await wayWith(['a']);

    expect(await way.step({ reading })).toBe('over');

    expect(way.control.jobs()).toStrictEqual([]);
    expect((await way.at.run(way.id)).state).toBe('cancelled');
    expect(lastDeed(way)).toMatchObject({
      ...{ action: 'run-cancelled', detail: expect.stringContaining('the deployment changed its cap') },
    });
  });

  it('when its bucket was taken off the list', async () => {
    const way = await wayWith(['a']);

    expect(await way.step({ manages: () => false })).toBe('over');

    expect(way.control.jobs()).toStrictEqual([]);
    expect((await way.at.run(way.id)).state).toBe('cancelled');
    expect(lastDeed(way)).toMatchObject({
      ...{ action: 'run-cancelled', detail: expect.stringContaining(`${bucket} is not managed any more`) },
    });
    expect(await activeRuns(way.at.deps.documents)).toStrictEqual([]);
  });
});

describe('a plan that was approved', () => {
  it('is refused where its list was written anew, with a seal that fits', async () => {
    const way = await wayWith(['a', 'private'], {
      policy: onePolicy('{ mode: GOVERNANCE, until: 2027-06-30 }', '    match: { prefix: a }\n'),
    });
    const [, other] = way.refs;
    const { folder = '' } = await way.at.run(way.id);
    const { plan, manifests } = parseStoredPlan((await way.at.text(`${folder}/plan.json`)) ?? '', '');
    const text = `${bucket},private,${other.versionId}\n`;
    const changed = { ...manifests, g001: { rows: 1, sha256: sha256(text) } };
    const seal = sha256(canonical({ plan, manifests: changed }));
    await way.at.put(`${folder}/groups/g001.csv`, text);
    await way.at.put(`${folder}/plan.json`, JSON.stringify({ plan, manifests: changed, seal }));

    await expect(way.step()).rejects.toThrow('holds another plan');

    expect(way.control.jobs()).toStrictEqual([]);
    expect(await bulk.retention(other)).toBeUndefined();
  });
});

describe('a run that was cancelled', () => {
  it('records what its job had done by then, with the evidence', async () => {
    const way = await wayWith(['a', 'b', 'c']);
    await way.step();
    await way.settle();
    await way.change(CANCELLED());

    expect(await way.step()).toBe('over');

    expect(lastDeed(way)).toMatchObject({
      ...{ action: 'job-ended', cause: way.id },
      detail: expect.stringContaining('Complete, 3 of 3 versions'),
      evidence: expect.arrayContaining([
        { name: expect.stringContaining('/manifest.json'), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      ]),
    });
    expect(await activeRuns(way.at.deps.documents)).toStrictEqual([]);
  });

  it('is looked at until the job that was stopped has ended', async () => {
    const { control, release } = heldJobs();
    const way = await wayWith(['a', 'b', 'c'], { control });
    await way.step();
    const { jobId = '' } = way.control.jobs()[0] ?? {};
    await way.control.until(jobId, 'Active');
    await way.change(CANCELLED());

    expect(await way.step()).toBe('goes-on');
    expect(await activeRuns(way.at.deps.documents)).toStrictEqual([way.id]);
    expect(way.at.actions()).not.toContain('job-ended');
    release();
    await way.settle();
    expect(await way.step()).toBe('over');

    expect(lastDeed(way)).toMatchObject({
      ...{ action: 'job-ended', detail: expect.stringContaining('Cancelled') },
    });
  });

  it('while its job was being made leaves no job behind', async () => {
    const { control, release } = heldJobs();
    const way = await wayWith(['a'], { control });
    const { jobs } = way.stepping();
    const others: StepResult[] = [];
    const create: JobControl['create'] = async (request) => {
      await way.change(CANCELLED());
      others.push(await way.step());
      const id = await jobs.create(request);
      await way.control.until(id, 'Active');
      return id;
    };

    expect(await way.step({ jobs: instead(jobs, { create }) })).toBe('elsewhere');
    release();
    await way.settle();

    // Whoever stopped the run found no job yet, and did not believe that none would come.
    expect(others).toStrictEqual(['goes-on']);
    expect(way.control.jobs()).toMatchObject([{ status: 'Cancelled' }]);
    expect(await way.step()).toBe('over');
    expect(lastDeed(way)).toMatchObject({ action: 'job-ended' });
    expect(await activeRuns(way.at.deps.documents)).toStrictEqual([]);
  });

  it('while its job was being made is found to have one, where its maker did not live', async () => {
    const { control, release } = heldJobs();
    const way = await wayWith(['a'], { control });
    const { jobs } = way.stepping();
    const create: JobControl['create'] = async (request) => {
      await way.change(CANCELLED());
      await way.step();
      await way.control.until(await jobs.create(request), 'Active');
      throw CRASH;
    };
    await expect(way.step({ jobs: instead(jobs, { create }) })).rejects.toThrow('killed');

    expect(await way.step()).toBe('goes-on');
    release();
    await way.settle();
    expect(await way.step()).toBe('over');

    expect(way.control.jobs()).toMatchObject([{ status: 'Cancelled' }]);
    expect(lastDeed(way)).toMatchObject({ action: 'job-ended' });
  });

  it('before its job was made is over a quarter of an hour later', async () => {
    const way = await wayWith(['a']);
    const create: JobControl['create'] = async () => {
      throw CRASH;
    };
    await expect(way.step({ jobs: instead(way.stepping().jobs, { create }) })).rejects.toThrow('killed');
    await way.change(CANCELLED());

    expect(await way.step()).toBe('goes-on');
    now += HOUR;
    expect(await way.step()).toBe('over');

    expect(way.control.jobs()).toStrictEqual([]);
    expect(await activeRuns(way.at.deps.documents)).toStrictEqual([]);
  });
});

describe('a job', () => {
  it('is recorded with the SHA-256 of its list before it is asked for', async () => {
    const way = await wayWith(['a', 'b']);

    await way.step();

    const name = `${(await way.at.run(way.id)).folder ?? ''}/groups/g001.csv`;
    const intended = way.at.deeds().find(({ action }) => action === 'job-intended');
    expect(intended?.evidence).toStrictEqual([{ name, sha256: sha256((await way.list()) ?? '') }]);
  });

  it('is not made for what was still to do when its listing had become too old', async () => {
    const way = await wayWith(['a']);
    // Something kept this group from its turn when the run began.
    await way.change({ state: 'running' });
    now += 60 * DAY;

    await way.step();

    expect(way.control.jobs()).toStrictEqual([]);
    expect(way.at.pieces).toHaveLength(1);
    await way.work();
    expect(await way.step()).toBe('over');
    expect((await way.at.run(way.id)).state).toBe('done');
  });

  it('that could not be made is not made when its listing has become too old', async () => {
    const way = await wayWith(['a']);
    const create: JobControl['create'] = async () => {
      throw new Error('no permission');
    };
    await expect(way.step({ jobs: instead(way.stepping().jobs, { create }) })).rejects.toThrow(
      'no permission',
    );
    now += 60 * DAY;

    await way.step();
    await way.settle();

    expect(way.control.jobs()).toStrictEqual([]);
  });

  /** Carries out a plan by a command, which finds its one group in this state. */
  async function carriedOutLate(state: Partial<GroupRun>): Promise<{ jobs: unknown; stored: unknown }> {
    const refs = await uploads('a');
    const { control, client } = await bulk.control();
    const deps = testDeps({ client: bulk.client, policy: POLICY, now: () => now });
    const made = madePlan([{ refs, until: UNTIL, engine: 'batch' }]);
    const config = await makeBucket(bulk.client, 'versioned');
    const jobs = jobDepsOf(deps, { client: bulk.client, control: client, bucket: config });
    const run = withGroup({ ...runOf(made), state: 'running' }, 'g001', state);
    now = Date.parse(made.plan.goodUntil) + 1_000;
    await carryOut(made.plan, run, applyDepsOf(made, deps, jobs), () => undefined);
    return { jobs: control.jobs(), stored: await bulk.retention(refs[0]) };
  }

  it('is not asked for by a command either when its listing has become too old', async () => {
    expect(await carriedOutLate({ state: 'todo' })).toMatchObject({
      ...{ jobs: [], stored: { Mode: 'GOVERNANCE' } },
    });
  });

  it('that an earlier command could not make is not made when its listing is too old', async () => {
    expect(await carriedOutLate({ state: 'job', attempt: 1 })).toMatchObject({
      ...{ jobs: [], stored: { Mode: 'GOVERNANCE' } },
    });
  });

  it('whose report has a line that is none leaves all of its versions', async () => {
    const way = await wayWith(['a', 'b']);
    await way.step();
    await way.settle();
    const name = (await way.at.names('reports/')).find((each) => each.endsWith('.csv')) ?? '';
    await way.at.put(name, ((await way.at.text(name)) ?? '').replace(/\n$/, ',a cell too many\n'));

    expect(await way.step()).toBe('goes-on');

    expect(await way.group()).toMatchObject({
      ...{ state: 'direct', byJob: 0, jobTrouble: expect.stringContaining('tells of 1 of 2') },
    });
    expect(way.at.pieces.flatMap(({ rows }) => rows.map(({ key }) => key)).sort()).toStrictEqual(['a', 'b']);
  });

  it('is not believed where the mode that it says it wrote is not there', async () => {
    const refs = await uploads('a');
    await lock(refs[0], 'GOVERNANCE', Date.UTC(2040, 0, 1));
    const { client } = await bulk.control();
    const policy = onePolicy('{ mode: COMPLIANCE, until: 2036-12-31 }');
    const deps = testDeps({ client: bulk.client, policy, now: () => now });
    const made = madePlan([{ refs, to: 'COMPLIANCE', until: '2037-01-01T00:00:00Z', engine: 'batch' }]);
    const config = await makeBucket(bulk.client, 'versioned');
    const jobDeps = jobDepsOf(deps, { client: bulk.client, control: client, bucket: config });
    const ended = { id: 'j', state: 'complete', status: 'Complete', total: 1, succeeded: 1 } as const;
    const lying: Partial<JobControl> = {
      create: async () => 'j',
      describe: async () => ({ ...ended, failed: 0, reasons: [] }),
      async *report() {
        yield [bucket, 'a', refs[0].versionId, 'succeeded', '', '200', ''];
        await Promise.resolve();
      },
      evidence: async () => [],
    };
    const jobs = { ...jobDeps, jobs: instead(jobDeps.jobs, lying) };

    const { run, jobTroubles } = await carryOut(
      made.plan,
      runOf(made),
      { ...applyDepsOf(made, deps, jobs), runs: new RunFolder(made.folder) },
      () => undefined,
    );

    expect(run.state).toBe('partly-failed');
    expect(JSON.stringify(jobTroubles)).toContain('does not carry the lock');
  });
});

describe('a piece that was forged', () => {
  const policy = onePolicy('{ mode: COMPLIANCE, for: P1Y }');
  const pieceOf = (run: string, { versionId }: VersionRef): Chunk =>
    chunkSchema.parse({
      ...{ run, policy: 'policy-hash', tolerance: 1e15, sending: 0, chunk: 0 },
      group: { id: 'g001', bucket, to: 'COMPLIANCE', until: '2038-11-20T00:00:00Z' },
      rows: [{ at: 0, key: 'a', versionId }],
    });

  it('writes nothing where nobody knows its run', async () => {
    const [ref] = await uploads('a');
    const at = await deployment(policy);

    const end = await handleChunk(pieceOf('run-0000000000000000', ref), at.changing());

    expect(end).toBe('cancelled');
    expect(await bulk.retention(ref)).toBeUndefined();
    expect(at.deps.records).toStrictEqual([]);
  });

  it.each(['waiting', 'approved', 'done', 'partly-failed', 'cancelled'] as const)(
    'writes nothing for a run that is %s',
    async (state) => {
      const { at, id, refs, change } = await wayWith(['a'], { policy });
      await change({ state });

      const end = await handleChunk(pieceOf(id, refs[0]), at.changing());

      expect(end).toBe('cancelled');
      expect(await bulk.retention(refs[0])).toBeUndefined();
    },
  );

  it('writes no date that is later than the deployment allows', async () => {
    const { at, id, refs, change } = await wayWith(['a'], { policy });
    await change({ state: 'running' });

    await handleChunk(pieceOf(id, refs[0]), at.changing());

    const until = (await bulk.retention(refs[0]))?.RetainUntilDate?.getTime() ?? 0;
    expect(until).toBeLessThanOrEqual(Date.UTC(2027, 10, 20, 12) + at.planning.tolerance);
  });
});

describe('pieces of an earlier sending', () => {
  it('do not count for a later one', async () => {
    const way = await wayWith(['a'], { choice: 'direct' });
    await way.step();
    const [lost] = way.at.pieces.splice(0);
    expect(lost).toMatchObject({ sending: 0, chunk: 0 });
    now += 7 * HOUR;
    await way.step();
    expect(way.at.pieces).toMatchObject([{ sending: 1, chunk: 0 }]);
    // It comes late, cut otherwise than what was sent since.
    await way.at.put(
      `${endsPrefix(way.id, 'g001', 0)}000000.json`,
      JSON.stringify({ succeeded: 500, failed: [] }),
    );

    expect(await way.step()).toBe('goes-on');
    await way.work();
    expect(await way.step()).toBe('over');

    expect(await bulk.retention(way.refs[0])).toMatchObject({ Mode: 'GOVERNANCE' });
  });
});

describe('pieces of one sending', () => {
  it('have numbers of their own, where a report names what its list does not', async () => {
    const keys = Array.from({ length: 25_501 }, (_, at) => `k${at}`);
    const at = await deployment();
    const run = await plannedFrom(
      at,
      keys.map((key) => ({ key })),
    );
    if (run === undefined) throw new Error('no run came of it');
    const way = await wayOf(at, run);
    // All but the second failed, and somebody else's did.
    const failed = ['foreign', ...keys.filter((key) => key !== 'k1')];
    const ended = { id: 'j', state: 'complete', status: 'Complete', total: failed.length } as const;
    const jobs = instead(way.stepping().jobs, {
      create: async () => 'j',
      describe: async () => ({ ...ended, succeeded: 0, failed: failed.length, reasons: [] }),
      async *report() {
        for (const key of failed) yield [bucket, key, 'v1', 'failed', 'AccessDenied', '403', ''];
        await Promise.resolve();
      },
      evidence: async () => [],
    });

    await way.step({ jobs });

    const names = at.pieces.map(({ sending, chunk }) => `${sending}-${chunk}`);
    expect(names.length).toBeGreaterThan(51);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('while Holdfast is paused', () => {
  it('holds go on, and nothing else begins', async () => {
    const way = await wayWith(['held', 'plain'], {
      choice: 'direct',
      policy: `version: 1
rules:
  - { name: h, match: { prefix: held }, lock: { mode: GOVERNANCE, for: P1Y, from: { tag: closed-on, untilThen: held } } }
  - { name: p, match: { prefix: plain }, lock: { mode: GOVERNANCE, until: 2027-06-30 } }
`,
    });
    const [held, plain] = way.refs;
    way.at.pause('an incident');

    expect(await way.step()).toBe('paused');
    await way.work();
    expect(await way.step()).toBe('paused');

    expect(await bulk.hold(held)).toBe('ON');
    expect(await bulk.retention(plain)).toBeUndefined();
    const states = Object.values((await way.at.run(way.id)).groups).map(({ state }) => state);
    expect(states.sort()).toStrictEqual(['done', 'todo']);
  });
});
