import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { handleChunk } from '../../../lib/app/bulk-change.ts';
import { activeRuns, getRun, putRun } from '../../../lib/app/bulk-runs.ts';
import { type StepDeps, type StepResult, stepRun } from '../../../lib/app/bulk-step.ts';
import { sqsText } from '../../../lib/aws/sqs-delay-queue.ts';
import { type JobControl } from '../../../lib/ports/job-control.ts';
import { type VersionRef } from '../../../lib/ports/lock-store.ts';
import { type GroupRun, type Run } from '../../../lib/runs/run.ts';
import { type ControlOptions, type RunningControl } from '../../../local/control/index.ts';
import { type S3Event } from '../../../local/s3/types.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { type Bulk, HOSTILE, startBulk } from '../../helpers/bulk.ts';
import { onePolicy } from '../../helpers/deps.ts';
import { type Deployment, deploymentOn, type DeploymentOptions, FREE } from '../../helpers/deployment.ts';

const NOON = Date.UTC(2026, 10, 20, 12);
const HOUR = 3_600_000;
const POLICY = onePolicy('{ mode: GOVERNANCE, until: 2027-06-30 }');
const UNTIL = new Date('2027-07-01T00:00:00Z');
const DENIED = { status: 403, code: 'AccessDenied', message: 'Access Denied' };
const CRASH = new Error('killed');
/** Keys that are so long that fewer than the most of a piece fit into it. */
const LONG = Array.from({ length: 105 }, (_, at) => `${String(at).padStart(4, '0')}${'😀'.repeat(250)}`);

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

interface Way {
  readonly at: Deployment;
  readonly id: string;
  readonly control: RunningControl;
  /** What a function has that takes a step. */
  readonly stepping: (more?: Partial<StepDeps>) => StepDeps;
  readonly step: (more?: Partial<StepDeps>) => Promise<StepResult>;
  readonly run: () => Promise<Run>;
  readonly group: (id?: string) => Promise<GroupRun | undefined>;
  /** Steps, with all jobs and pieces done in between, until the run is over. */
  readonly toTheEnd: () => Promise<Run>;
  /** Works through the pieces that were sent. */
  readonly work: () => Promise<void>;
  readonly jobs: JobControl;
}

async function wayOf(
  refs: number | readonly string[],
  { control: options = {}, ...more }: Partial<DeploymentOptions> & { control?: Partial<ControlOptions> } = {},
): Promise<Way> {
  const keys = typeof refs === 'number' ? Array.from({ length: refs }, (_, at) => `k${at}`) : refs;
  for (let from = 0; from < keys.length; from += 50)
    await Promise.all(keys.slice(from, from + 50).map(async (key) => upload(bulk.client, bucket, key)));
  const planning = { rails: FREE, choice: 'batch' as const, ...more.planning };
  const at = await deploymentOn(bulk, { policy: POLICY, now: () => now, ...more, planning });
  const { control, client } = await bulk.control(options);
  const { id } = await at.plan(bucket);
  const stepping: Way['stepping'] = (rest) => at.stepping(client, rest);
  const way: Way = {
    ...{ at, id, control, stepping, jobs: stepping().jobs },
    step: async (rest) => stepRun(id, stepping(rest)),
    run: async () => at.run(id),
    group: async (group = 'g001') => (await at.run(id)).groups[group],
    async toTheEnd() {
      for (let steps = 0; steps < 10; steps += 1) {
        if ((await way.step()) === 'over') return at.run(id);
        for (const { jobId } of control.jobs()) await control.until(jobId);
        await way.work();
      }
      throw new Error('the run does not end');
    },
    async work() {
      for (const piece of at.pieces.splice(0)) await handleChunk(piece, at.changing());
    },
  };
  return way;
}

const active = async ({ at }: Way): Promise<readonly string[]> => activeRuns(at.deps.documents);
/** The job control of a way with some of it replaced. */
const withJobs = ({ jobs }: Way, other: Partial<JobControl>): Pick<StepDeps, 'jobs'> => ({
  jobs: new Proxy(jobs, {
    get: (target, name, receiver): unknown => {
      if (name in other) return Reflect.get(other, name);
      const member: unknown = Reflect.get(target, name, receiver);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  }),
});
const lockedIn = (keys: ReadonlySet<string>): S3Event[] =>
  bulk.taken.filter((event) => event.bucket === bucket && keys.has(event.key));

describe('a run', () => {
  it('waits until somebody approves it, and begins nothing before', async () => {
    const way = await wayOf(3, { planning: { rails: { ...FREE, versions: 2 } } });

    expect([await way.step(), await way.step()]).toStrictEqual(['waits', 'waits']);
    expect(way.control.jobs()).toStrictEqual([]);
    expect(await active(way)).toStrictEqual([way.id]);

    await way.at.approve(way.id);

    expect((await way.toTheEnd()).state).toBe('done');
  });

  it('is carried out by a job, and leaves the records of it with the evidence', async () => {
    const way = await wayOf(['a', HOSTILE, 'b']);

    expect(await way.step()).toBe('goes-on');
    const [job] = way.control.jobs();
    expect(await way.run()).toMatchObject({
      state: 'running',
      groups: { g001: { state: 'job', jobId: job?.jobId } },
    });
    // Nobody tells of its end: it is found by asking.
    await way.control.until(job?.jobId ?? '');
    expect(await way.step()).toBe('over');

    expect(await way.run()).toMatchObject({
      state: 'done',
      ended: '2026-11-20T12:00:00Z',
      groups: { g001: { state: 'done', byJob: 3, failed: 0 } },
    });
    expect(lockedIn(new Set(['a', HOSTILE, 'b']))).toHaveLength(3);
    expect(way.at.actions()).toStrictEqual([
      'planned',
      'run-started',
      'job-intended',
      'job-created',
      'job-ended',
      'run-ended',
    ]);
    const deeds = way.at.deeds().slice(1);
    expect(deeds.every(({ cause, policy }) => cause === way.id && policy === 'policy-hash')).toBe(true);
    expect(deeds).toMatchObject([
      { detail: `${way.id}: 3 versions in 1 groups` },
      { detail: expect.stringContaining('GOVERNANCE until 2027-07-01T00:00:00Z on 3 versions') },
      { detail: expect.stringContaining(job?.jobId ?? '-') },
      { detail: expect.stringContaining('Complete, 3 of 3 versions'), evidence: expect.any(Array) },
      { detail: `${way.id}: 3 of 3 versions as planned, 0 not` },
    ]);
    const { evidence = [] } = deeds[3] ?? {};
    expect(evidence.length).toBeGreaterThan(1);
    for (const { name, sha256 } of evidence) {
      expect(name).toContain(`s3://${way.at.config}/reports/${way.id}/g001/job-`);
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(await active(way)).toStrictEqual([]);
  });

  it('is over once it is over', async () => {
    const way = await wayOf(2);
    await way.toTheEnd();
    const records = way.at.deps.records.length;

    expect(await way.step()).toBe('over');

    expect(way.at.deps.records).toHaveLength(records);
    expect(way.control.jobs()).toHaveLength(1);
  });

  it('is carried out in pieces where there are no jobs', async () => {
    const way = await wayOf(LONG, { planning: { choice: 'direct' } });

    expect(await way.step()).toBe('goes-on');
    expect(way.at.pieces.map(({ chunk }) => chunk)).toStrictEqual([0, 1]);
    expect(way.at.pieces.flatMap(({ rows }) => rows.map(({ at }) => at))).toStrictEqual(
      LONG.map((_, at) => at),
    );
    for (const piece of way.at.pieces)
      expect(Buffer.byteLength(sqsText(JSON.stringify(piece)))).toBeLessThan(262_144);
    expect(await way.group()).toMatchObject({ state: 'direct', chunks: 2, sentAt: '2026-11-20T12:00:00Z' });
    const [one, two] = way.at.pieces.splice(0);
    if (one === undefined || two === undefined) throw new Error('pieces are missing');
    await handleChunk(two, way.at.changing());
    expect(await way.step()).toBe('goes-on');
    await handleChunk(one, way.at.changing());
    expect(await way.step()).toBe('over');

    expect(await way.run()).toMatchObject({ state: 'done', groups: { g001: { state: 'done', failed: 0 } } });
    expect(way.at.actions()).toStrictEqual(['planned', 'run-started', 'run-ended']);
    expect(way.control.jobs()).toStrictEqual([]);
  });

  it('begins nothing while Holdfast is paused, and goes on afterwards', async () => {
    const way = await wayOf(2);
    way.at.pause('somebody said so');

    expect(await way.step()).toBe('paused');
    expect(await way.run()).toMatchObject({ state: 'approved' });
    expect(way.control.jobs()).toStrictEqual([]);
    way.at.pause(undefined);

    expect((await way.toTheEnd()).state).toBe('done');
  });

  it('that nobody knows is over', async () => {
    const way = await wayOf(1);

    expect(await stepRun('run-0000000000000000', way.stepping())).toBe('over');
  });

  it('is not carried out by a plan that is not its own', async () => {
    const way = await wayOf(2);
    const held = await getRun(way.id, way.at.deps.documents);
    if (held === undefined) throw new Error('there is no run');
    await putRun({ ...held.run, plan: 'plan-0000000000000000' }, held, way.at.deps.documents);

    await expect(way.step()).rejects.toThrow('holds another plan');

    expect(way.control.jobs()).toStrictEqual([]);
  });

  it('does not end well where a list of versions is shorter than the plan', async () => {
    const way = await wayOf(3, { planning: { choice: 'direct' } });
    const { folder } = await way.run();
    const name = `${folder}/groups/g001.csv`;
    await way.at.put(name, ((await way.at.text(name)) ?? '').split('\n').slice(1).join('\n'));

    await expect(way.step()).rejects.toThrow('was changed after the plan was made');

    expect(way.at.pieces).toStrictEqual([]);
  });
});

describe('a run is stopped', () => {
  it('with its jobs, when the policy changes', async () => {
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const way = await wayOf(3, {
      control: { hold: async ({ status }) => (status === 'Active' ? held : undefined) },
    });
    await way.step();
    const { jobId = '' } = way.control.jobs()[0] ?? {};
    await way.control.until(jobId, 'Active');
    way.at.activate(POLICY, 'other');

    expect(await way.step()).toBe('goes-on');
    release?.();
    expect(await way.control.until(jobId)).toMatchObject({ status: 'Cancelled', succeeded: 0 });
    expect(await way.step()).toBe('over');

    expect((await way.run()).state).toBe('cancelled');
    expect(way.at.deeds().slice(-2)).toMatchObject([
      { action: 'run-cancelled', detail: expect.stringContaining('the policy changed') },
      { action: 'job-ended', detail: expect.stringContaining('Cancelled') },
    ]);
    expect(await active(way)).toStrictEqual([]);
    expect(lockedIn(new Set(['k0', 'k1', 'k2']))).toStrictEqual([]);
  });

  it('by hand, even where a job was made that nobody noted', async () => {
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const way = await wayOf(3, {
      control: { hold: async ({ status }) => (status === 'Active' ? held : undefined) },
    });
    const create: JobControl['create'] = async (request) => {
      await way.jobs.create(request);
      throw CRASH;
    };
    await expect(way.step(withJobs(way, { create }))).rejects.toThrow('killed');
    const { jobId = '' } = way.control.jobs()[0] ?? {};
    await way.control.until(jobId, 'Active');
    const run = await getRun(way.id, way.at.deps.documents);
    if (run === undefined) throw new Error('there is no run');
    await putRun({ ...run.run, state: 'cancelled' }, run, way.at.deps.documents);

    expect(await way.step()).toBe('goes-on');
    release?.();

    expect(await way.control.until(jobId)).toMatchObject({ status: 'Cancelled' });
    expect(await way.step()).toBe('over');
    expect(way.at.deeds().at(-1)).toMatchObject({ action: 'job-ended' });
    expect(await active(way)).toStrictEqual([]);
  });

  it.each(['waiting', 'approved'] as const)(
    'when its listing became too old while it was %s',
    async (state) => {
      const rails = state === 'waiting' ? { ...FREE, versions: 0 } : FREE;
      const way = await wayOf(2, { planning: { rails } });
      expect((await way.run()).state).toBe(state);
      now += 30 * 24 * HOUR;

      expect(await way.step()).toBe('over');

      expect(way.control.jobs()).toStrictEqual([]);
      expect((await way.run()).state).toBe('cancelled');
      expect(way.at.deeds().at(-1)).toMatchObject({
        action: 'run-cancelled',
        detail: expect.stringContaining('too old'),
      });
      expect(await active(way)).toStrictEqual([]);
    },
  );

  it('and not, once it has begun, by the age of its listing', async () => {
    const way = await wayOf(2);
    await way.step();
    now += 30 * 24 * HOUR;

    expect((await way.toTheEnd()).state).toBe('done');
  });
});

describe('what a job failed to lock', () => {
  it('goes to the functions, and nothing else does', async () => {
    const bad = new Set(['k1', 'k3']);
    const way = await wayOf(6, { control: { fault: ({ key }) => (bad.has(key) ? DENIED : undefined) } });
    await way.step();
    await way.control.until(way.control.jobs()[0]?.jobId ?? '');

    expect(await way.step()).toBe('goes-on');

    expect(way.at.pieces.map(({ rows }) => rows.map(({ key }) => key).sort())).toStrictEqual([['k1', 'k3']]);
    expect(await way.group()).toMatchObject({ state: 'direct', byJob: 4, chunks: 1 });
    expect((await way.toTheEnd()).state).toBe('done');
    expect(lockedIn(bad)).toHaveLength(2);
    expect(way.control.jobs()).toHaveLength(1);
  });

  it('is named where the functions cannot lock it either', async () => {
    const way = await wayOf(3, { control: { fault: ({ key }) => (key === 'k1' ? DENIED : undefined) } });
    await way.step();
    await way.control.until(way.control.jobs()[0]?.jobId ?? '');
    await way.step();
    const [piece] = way.at.pieces.splice(0);
    if (piece === undefined) throw new Error('there is no piece');
    await way.at.put(
      `runs/${way.id}/ends/g001-0-000000.json`,
      JSON.stringify({ succeeded: 0, failed: [{ key: 'k1', versionId: 'v', outcome: 'no-permission' }] }),
    );

    expect(await way.step()).toBe('over');

    expect(await way.run()).toMatchObject({
      state: 'partly-failed',
      groups: { g001: { byJob: 2, failed: 1 } },
    });
    expect(way.at.deeds().at(-1)).toMatchObject({ detail: `${way.id}: 2 of 3 versions as planned, 1 not` });
  });

  it('is all of it, where the job died at half of its first thousand', async () => {
    const way = await wayOf(1_100, { control: { fault: () => DENIED } });
    await way.step();
    const { jobId = '' } = way.control.jobs()[0] ?? {};
    expect(await way.control.until(jobId)).toMatchObject({ status: 'Failed' });

    expect(await way.step()).toBe('goes-on');

    expect(way.at.pieces.map(({ rows }) => rows.length)).toStrictEqual([500, 500, 100]);
    expect(await way.group()).toMatchObject({
      ...{ state: 'direct', byJob: 0, chunks: 3 },
      jobTrouble: expect.stringContaining('Failed'),
    });
    expect(way.at.pieces.flatMap(({ rows }) => rows.map(({ at }) => at))).toStrictEqual(
      Array.from({ length: 1_100 }, (_, at) => at),
    );
  }, 30_000);

  it('is looked at version by version where its report names what its list does not', async () => {
    let bad = '';
    const way = await wayOf(45, { control: { fault: ({ key }) => (key === bad ? DENIED : undefined) } });
    // Of so many versions every other one is read afterwards, and this one is not.
    const list = await way.at.text(`${(await way.run()).folder}/groups/g001.csv`);
    bad = list?.split('\n')[1]?.split(',')[1] ?? '';
    await way.step();
    await way.control.until(way.control.jobs()[0]?.jobId ?? '');
    const report: JobControl['report'] = async function* (id, prefix) {
      for await (const cells of way.jobs.report(id, prefix))
        yield cells[3] === 'failed' ? [cells[0] ?? '', 'somebody-else', ...cells.slice(2)] : cells;
    };

    await way.step(withJobs(way, { report }));

    expect(bad).toMatch(/^k\d+$/);
    expect(way.at.pieces.map(({ rows }) => rows.length)).toStrictEqual([45]);
    expect((await way.toTheEnd()).state).toBe('done');
  });
});

describe('pieces that were lost', () => {
  it('are sent again after six hours, and not before', async () => {
    const way = await wayOf(LONG, { planning: { choice: 'direct' } });
    await way.step();
    const [one] = way.at.pieces.splice(0);
    if (one === undefined) throw new Error('there is no piece');
    await handleChunk(one, way.at.changing());
    const taken = bulk.taken.length;

    now += 6 * HOUR;
    expect(await way.step()).toBe('goes-on');
    expect(way.at.pieces).toStrictEqual([]);
    now += 1;
    expect(await way.step()).toBe('goes-on');
    expect(way.at.pieces.map(({ rows }) => rows.length)).toStrictEqual([
      one.rows.length,
      105 - one.rows.length,
    ]);
    // From then on it is six hours again.
    now += HOUR;
    await way.step();
    expect(way.at.pieces).toHaveLength(2);

    expect((await way.toTheEnd()).state).toBe('done');
    // What the first piece had locked was found in place.
    expect(bulk.taken.length - taken).toBe(105 - one.rows.length);
  });

  it('of what a job left are only those again, by its report', async () => {
    const bad = new Set(['k1', 'k3']);
    const way = await wayOf(6, { control: { fault: ({ key }) => (bad.has(key) ? DENIED : undefined) } });
    await way.step();
    await way.control.until(way.control.jobs()[0]?.jobId ?? '');
    await way.step();
    way.at.pieces.splice(0);
    now += 7 * HOUR;

    await way.step();

    expect(way.at.pieces.map(({ rows }) => rows.map(({ key }) => key).sort())).toStrictEqual([['k1', 'k3']]);
    expect((await way.toTheEnd()).state).toBe('done');
  });
});

describe('a job', () => {
  it('is not made twice by a crash right after it was made', async () => {
    const way = await wayOf(3);
    const create: JobControl['create'] = async (request) => {
      await way.jobs.create(request);
      throw CRASH;
    };
    await expect(way.step(withJobs(way, { create }))).rejects.toThrow('killed');
    expect(await way.group()).toMatchObject({ state: 'job', attempt: 1 });
    // It is found by its tags: S3 does not remember tokens for ever.
    const again = async (): Promise<string> => {
      throw new Error('it was made twice');
    };

    expect(await way.step(withJobs(way, { create: again }))).toMatch(/^goes-on|over$/);
    expect((await way.toTheEnd()).state).toBe('done');

    expect(way.control.jobs()).toHaveLength(1);
    expect((await way.group())?.jobId).toBe(way.control.jobs()[0]?.jobId);
  });

  it('is made again where the crash came before', async () => {
    const way = await wayOf(3);
    const create = async (): Promise<string> => {
      throw CRASH;
    };
    await expect(way.step(withJobs(way, { create }))).rejects.toThrow('killed');

    expect((await way.toTheEnd()).state).toBe('done');

    expect(way.control.jobs()).toHaveLength(1);
    expect(way.at.actions().filter((action) => action === 'job-intended')).toHaveLength(2);
  });

  it('is not made after a crash from a list that was changed since', async () => {
    const way = await wayOf(3);
    const create = async (): Promise<string> => {
      throw CRASH;
    };
    await expect(way.step(withJobs(way, { create }))).rejects.toThrow('killed');
    const name = `${(await way.run()).folder}/groups/g001.csv`;
    await way.at.put(name, ((await way.at.text(name)) ?? '').replace('k2', 'k9'));

    await expect(way.step()).rejects.toThrow('was changed after the plan was made');

    expect(way.control.jobs()).toStrictEqual([]);
  });

  it('that is not known yet is waited for', async () => {
    const way = await wayOf(3, { control: { unknownAtFirst: 2 } });

    expect([await way.step(), await way.step()]).toStrictEqual(['goes-on', 'goes-on']);
    expect((await way.toTheEnd()).state).toBe('done');

    expect(way.control.jobs()).toHaveLength(1);
    expect(way.at.pieces).toStrictEqual([]);
  });
});

describe('two who take a step with a run at the same moment', () => {
  it('make one job, whoever is faster', async () => {
    const way = await wayOf(3);

    const results = await Promise.all([way.step(), way.step(), way.step()]);

    expect(results).toContain('goes-on');
    expect(results.filter((result) => result !== 'goes-on' && result !== 'elsewhere')).toStrictEqual([]);
    expect((await way.toTheEnd()).state).toBe('done');
    expect(way.control.jobs()).toHaveLength(1);
    expect(way.at.actions().filter((action) => action === 'run-started')).toHaveLength(1);
  });

  it.each(['manifestAt', 'create'] as const)(
    'make one job where the other takes a whole step before %s',
    async (moment) => {
      const way = await wayOf(3);
      const others: StepResult[] = [];
      const before =
        <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
        async (...args: Args): Promise<Result> => {
          if (others.length === 0) others.push(await way.step());
          return call(...args);
        };
      const call = way.jobs[moment].bind(way.jobs) as (...args: unknown[]) => Promise<unknown>;

      expect(await way.step(withJobs(way, { [moment]: before(call) }))).toBe('elsewhere');

      expect(others).toStrictEqual(['goes-on']);
      expect(way.control.jobs()).toHaveLength(1);
      expect((await way.group())?.jobId).toBe(way.control.jobs()[0]?.jobId);
      expect((await way.toTheEnd()).state).toBe('done');
      expect(way.control.jobs()).toHaveLength(1);
    },
  );

  it('send the same pieces, and each counts once', async () => {
    const way = await wayOf(3, { planning: { choice: 'direct' } });
    const others: StepResult[] = [];
    const send = async (bodies: readonly string[]): Promise<void> => {
      if (others.length === 0) others.push(await way.step());
      await way.stepping().changes.send(bodies);
    };

    expect(await way.step({ changes: { send } })).toBe('elsewhere');

    const [one, two, ...rest] = way.at.pieces;
    expect(one).toStrictEqual(two);
    expect(rest).toStrictEqual([]);
    expect((await way.toTheEnd()).state).toBe('done');
    const locked: VersionRef[] = way.at.deps.records.flatMap((record) =>
      record.phase === 'outcome' && record.outcome === 'locked' ? [record as unknown as VersionRef] : [],
    );
    expect(locked).toHaveLength(3);
  });

  it('end the run once', async () => {
    const way = await wayOf(3);
    await way.step();
    await way.control.until(way.control.jobs()[0]?.jobId ?? '');

    const results = await Promise.all([way.step(), way.step()]);

    expect(results).toContain('over');
    expect((await way.run()).state).toBe('done');
    expect(await active(way)).toStrictEqual([]);
    expect(way.at.pieces).toStrictEqual([]);
  });
});

it('gives every version the date of the plan', async () => {
  const ref = await upload(bulk.client, bucket, 'one');
  const way = await wayOf(['two']);

  await way.toTheEnd();

  expect(await bulk.retention(ref)).toStrictEqual({ Mode: 'GOVERNANCE', RetainUntilDate: UNTIL });
});
