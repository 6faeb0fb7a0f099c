import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ApplyDeps,
  type ApplyProgress,
  type ApplyResult,
  carryOut,
} from '../../../lib/app/apply-plan.ts';
import { RunFolder } from '../../../lib/aws/run-folder.ts';
import { type VersionRef } from '../../../lib/ports/lock-store.ts';
import { type Run, withGroup } from '../../../lib/runs/run.ts';
import { type ControlOptions, type RunningControl } from '../../../local/control/index.ts';
import { type Fault, type FaultCall } from '../../../local/s3/types.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import {
  ACCOUNT,
  applyDepsOf,
  type Bulk,
  HOSTILE,
  jobDepsOf,
  madePlan,
  type MadePlan,
  runOf,
  startBulk,
} from '../../helpers/bulk.ts';
import { onePolicy, testDeps, type TestDeps } from '../../helpers/deps.ts';
import { allOf } from '../../helpers/records.ts';

const NOON = Date.UTC(2026, 10, 20, 12);
const UNTIL = '2027-07-01T00:00:00Z';
const POLICY = onePolicy('{ mode: GOVERNANCE, until: 2027-06-30 }');
const FUNCTION = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:batch-task:7`;
const DENIED: Fault = { status: 403, code: 'AccessDenied', message: 'Access Denied' };
const BUSY: Fault = { status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' };

let bulk: Bulk;
let client: S3Client;
/** A client that leaves it to the pool to try again. */
let impatient: S3Client;
let bucket: string;
/** What is asked of the store, in its order. */
let calls: FaultCall[];
let fault: (call: FaultCall) => Fault | undefined;

beforeAll(async () => {
  bulk = await startBulk(
    {},
    {
      clock: () => NOON,
      fault: (call) => {
        calls.push(call);
        return fault(call);
      },
    },
  );
  client = bulk.client;
  impatient = new S3Client({
    ...{ endpoint: bulk.s3.url, region: bulk.s3.region, forcePathStyle: true, maxAttempts: 1 },
    credentials: { accessKeyId: 'owner', secretAccessKey: 'secret' },
  });
});
afterAll(async () => {
  impatient.destroy();
  await bulk.close();
});
beforeEach(async () => {
  calls = [];
  fault = () => undefined;
  bucket = await makeBucket(client);
});

const uploads = async (count: number, prefix = 'k'): Promise<VersionRef[]> =>
  Promise.all(Array.from({ length: count }, async (_, at) => upload(client, bucket, `${prefix}${at}`)));

/** The retentions asked for since the test last looked, by key. */
function puts(): string[] {
  return calls
    .splice(0)
    .flatMap(({ operation, key = '' }) => (operation === 'PutObjectRetention' ? [key] : []));
}

interface Command {
  readonly deps: TestDeps;
  readonly result: ApplyResult;
  readonly progress: ApplyProgress[];
}

interface CommandOptions {
  readonly jobs?: ApplyDeps['jobs'];
  readonly signal?: AbortSignal;
  readonly most?: number;
  readonly change?: Partial<ApplyDeps>;
  readonly onProgress?: (progress: ApplyProgress) => void;
}

/** One command: it knows of those before it what lies in the folder. */
async function command(made: MadePlan, options: CommandOptions = {}): Promise<Command> {
  const { jobs, signal, most, change, onProgress } = options;
  const deps = testDeps({ client: impatient, policy: POLICY, now: () => NOON });
  const run: Run = (await new RunFolder(made.folder).read()) ?? runOf(made);
  const progress: ApplyProgress[] = [];
  const result = await carryOut(
    made.plan,
    run,
    { ...applyDepsOf(made, deps, jobs, most), ...change },
    (step) => {
      progress.push(step);
      onProgress?.(step);
    },
    signal,
  );
  return { deps, result, progress };
}

async function jobsOn(
  options: Partial<ControlOptions> = {},
): Promise<{ jobs: NonNullable<ApplyDeps['jobs']>; control: RunningControl }> {
  const { control, client: controlClient } = await bulk.control(options);
  const deps = testDeps({ client, policy: POLICY, now: () => NOON });
  const reports = await makeBucket(client, 'versioned');
  const jobs = jobDepsOf(deps, { client, control: controlClient, bucket: reports, functionArn: FUNCTION });
  return { jobs, control };
}

const LOCKED = { Mode: 'GOVERNANCE', RetainUntilDate: new Date(UNTIL) };

async function expectLocked(refs: readonly VersionRef[]): Promise<void> {
  for (const ref of refs) expect(await bulk.retention(ref)).toStrictEqual(LOCKED);
}

const actions = ({ deps }: Command): (string | undefined)[] =>
  deps.records.flatMap((record) => (record.phase === 'deed' ? [record.action] : []));
const stateOf = async (made: MadePlan): Promise<Run | undefined> => new RunFolder(made.folder).read();

describe('a run', () => {
  it('locks every version of every group, each by its engine', async () => {
    const { jobs, control } = await jobsOn({
      invoke: async (_, payload) => {
        const { invocationId, tasks } = payload as {
          invocationId: string;
          tasks: { taskId: string }[];
        };
        const results = tasks.map(({ taskId }) => ({
          taskId,
          resultCode: 'PermanentFailure',
          resultString: 'later',
        }));
        return {
          invocationSchemaVersion: '2.0',
          treatMissingKeysAs: 'TemporaryFailure',
          invocationId,
          results,
        };
      },
    });
    const plain = [...(await uploads(10, 'plain/')), await upload(client, bucket, HOSTILE)];
    const recheck = await uploads(3, 'recheck-');
    const own = await uploads(4, 'own/');
    const held = await uploads(2, 'held/');
    const made = madePlan([
      { refs: plain, until: UNTIL, engine: 'batch' },
      { refs: recheck, until: UNTIL, route: 'recheck', engine: 'batch-function' },
      { refs: own, dates: own.map(() => UNTIL), route: 'own-date', engine: 'direct' },
      { refs: held, to: 'hold', engine: 'batch' },
    ]);

    const done = await command(made, { jobs });

    expect(done.result).toMatchObject({
      ...{ total: 20, counts: { succeeded: 20, failed: 0, byOutcome: { 'by-job': 13, locked: 7 } } },
      ...{ run: { state: 'done' }, jobTroubles: [] },
    });
    expect(done.result.stopped).toBeUndefined();
    await expectLocked([...plain, ...recheck, ...own]);
    for (const ref of held) expect(await bulk.hold(ref)).toBe('ON');
    expect(control.jobs()).toHaveLength(3);
    expect(actions(done)).toStrictEqual(['run-started', 'run-ended']);
    expect(await stateOf(made)).toMatchObject({ state: 'done', ended: '2026-11-20T12:00:00Z' });
    expect(done.progress.at(-1)).toStrictEqual({ succeeded: 20, failed: 0, total: 20, jobs: [] });
  });

  it('of nothing is done', async () => {
    expect((await command(madePlan([]))).result).toMatchObject({ run: { state: 'done' }, total: 0 });
  });

  it('that is done does nothing when it is asked for again, and says the same', async () => {
    const { jobs, control } = await jobsOn();
    const made = madePlan([
      { refs: await uploads(5), until: UNTIL, engine: 'batch' },
      { refs: await uploads(5, 'd'), until: UNTIL },
    ]);
    const first = await command(made, { jobs });
    calls = [];

    const second = await command(made, { jobs });

    expect(second.result.counts).toStrictEqual(first.result.counts);
    expect(second.result.run.state).toBe('done');
    expect(calls).toStrictEqual([]);
    expect(control.jobs()).toHaveLength(1);
  });

  it('finds in place what is locked already', async () => {
    const refs = await uploads(6);
    await command(madePlan([{ refs: refs.slice(0, 4), until: UNTIL }]));
    calls = [];

    const { result } = await command(madePlan([{ refs, until: UNTIL }]));

    expect(result.counts.byOutcome).toStrictEqual({ locked: 2, 'found-in-place': 4 });
    expect(puts().sort()).toStrictEqual(['k4', 'k5']);
  });

  it('goes on past versions that went away, and counts them by their name', async () => {
    const refs = await uploads(3);
    const [first] = refs as [VersionRef];
    await client.send(
      new DeleteObjectCommand({ Bucket: bucket, Key: first.key, VersionId: first.versionId }),
    );
    const made = madePlan([{ refs, until: UNTIL }]);

    expect((await command(made)).result).toMatchObject({
      ...{ run: { state: 'done' }, counts: { succeeded: 3, failed: 0, byOutcome: { gone: 1, locked: 2 } } },
    });
  });
});

describe('what a job failed to lock', () => {
  it('is done direct, and nothing else is', async () => {
    const refs = await uploads(8);
    const { jobs } = await jobsOn({ fault: ({ key }) => (key === 'k1' || key === 'k5' ? BUSY : undefined) });
    const made = madePlan([{ refs, until: UNTIL, engine: 'batch' }]);

    const { result } = await command(made, { jobs });

    expect(result).toMatchObject({
      ...{ run: { state: 'done' }, jobTroubles: [] },
      counts: { succeeded: 8, failed: 0, byOutcome: { 'by-job': 6, locked: 2 } },
    });
    await expectLocked(refs);
    expect(puts().sort()).toStrictEqual(['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7']);
  });

  it('and cannot be locked at all is named, and tried once more by the next command', async () => {
    const refs = await uploads(4);
    fault = ({ operation, key }) => (operation === 'PutObjectRetention' && key === 'k2' ? DENIED : undefined);
    const { jobs, control } = await jobsOn();
    const made = madePlan([{ refs, until: UNTIL, engine: 'batch' }]);

    const first = await command(made, { jobs });
    expect(first.result).toMatchObject({
      ...{ run: { state: 'partly-failed' } },
      counts: { succeeded: 3, failed: 1, byOutcome: { 'by-job': 3, 'no-permission': 1 } },
    });

    fault = () => undefined;
    calls = [];
    const second = await command(made, { jobs });

    expect(second.result).toMatchObject({
      ...{ run: { state: 'done' } },
      counts: { succeeded: 4, failed: 0, byOutcome: { 'by-job': 3, locked: 1 } },
    });
    expect(new Set(calls.map(({ key }) => key))).toStrictEqual(new Set(['k2']));
    expect(control.jobs()).toHaveLength(1);
  });

  it('is every version of a group whose job failed whole, and what it did lock is found in place', async () => {
    const refs = await uploads(4);
    const { jobs } = await jobsOn({
      hold: async ({ jobId, status }) => {
        if (status === 'Completing') await jobs.jobs.cancel(jobId).catch(() => undefined);
        if (status === 'Completing') throw new Error('the report could not be written');
      },
    });
    const made = madePlan([{ refs, until: UNTIL, engine: 'batch' }]);

    const { result } = await command(made, { jobs });

    expect(result).toMatchObject({
      ...{ run: { state: 'done' } },
      counts: { succeeded: 4, failed: 0, byOutcome: { 'found-in-place': 4 } },
      jobTroubles: [expect.stringMatching(/^g001: its report tells of 4 of 4 versions \(Failed/)],
    });
    expect(puts()).toHaveLength(4);
  });
});

describe('a run that failed in part', () => {
  it('tries what failed once more, and nothing else', async () => {
    const refs = await uploads(30);
    const failing = new Set(['k3', 'k4', 'k17']);
    fault = ({ operation, key = '' }) =>
      operation === 'PutObjectRetention' && failing.has(key) ? DENIED : undefined;
    const made = madePlan([{ refs, until: UNTIL }]);
    const first = await command(made);
    expect(first.result).toMatchObject({
      ...{ run: { state: 'partly-failed' } },
      counts: { succeeded: 27, failed: 3, byOutcome: { locked: 27, 'no-permission': 3 } },
    });
    expect(first.result.stopped).toBeUndefined();
    failing.delete('k4');
    calls = [];

    const second = await command(made);

    expect(second.result).toMatchObject({
      counts: { succeeded: 28, failed: 2 },
      run: { state: 'partly-failed' },
    });
    expect(new Set(calls.map(({ key }) => key))).toStrictEqual(new Set(['k3', 'k4', 'k17']));
    failing.clear();
    calls = [];

    const third = await command(made);

    expect(third.result).toMatchObject({
      ...{ run: { state: 'done' } },
      counts: { succeeded: 30, failed: 0, byOutcome: { locked: 30 } },
    });
    expect(puts().sort()).toStrictEqual(['k17', 'k3']);
    await expectLocked(refs);
  });

  it('tries again what the store was too busy for, before it counts as failed', async () => {
    const refs = await uploads(6);
    let refused = 0;
    fault = ({ operation, key }) =>
      operation === 'PutObjectRetention' && key === 'k2' && (refused += 1) < 4 ? BUSY : undefined;

    const { result } = await command(madePlan([{ refs, until: UNTIL }]));

    expect(result).toMatchObject({ run: { state: 'done' }, counts: { succeeded: 6, failed: 0 } });
  });
});

describe('while Holdfast is paused', () => {
  /** Paused after so many questions. */
  const brakeAfter = (questions: number): ApplyDeps['brake'] => {
    let asked = 0;
    return {
      pausedBecause: async () => {
        asked += 1;
        return asked > questions ? 'wrong tags' : undefined;
      },
      admit: async () => undefined,
    };
  };

  it('a run stops, and the next command goes on from there', async () => {
    const refs = await uploads(20);
    const made = madePlan([{ refs, until: UNTIL }]);

    const paused = await command(made, { change: { brake: brakeAfter(7) }, most: 1 });

    expect(paused.result).toMatchObject({
      ...{ stopped: { kind: 'paused', detail: 'wrong tags' }, run: { state: 'running' } },
      counts: { succeeded: 7, failed: 1, byOutcome: { locked: 7, paused: 1 } },
    });
    expect(puts()).toHaveLength(7);
    expect(actions(paused)).toStrictEqual(['run-started']);

    const resumed = await command(made);

    expect(resumed.result).toMatchObject({
      ...{ run: { state: 'done' } },
      counts: { succeeded: 20, failed: 0, byOutcome: { locked: 20 } },
    });
    expect(puts()).toHaveLength(13);
    await expectLocked(refs);
  });

  it('no job is made that sets retention', async () => {
    const refs = await uploads(3);
    const { jobs, control } = await jobsOn();
    const made = madePlan([{ refs, until: UNTIL, engine: 'batch' }]);

    const paused = await command(made, { jobs, change: { brake: brakeAfter(0) } });

    expect(control.jobs()).toStrictEqual([]);
    expect(paused.result.stopped).toMatchObject({ kind: 'paused', detail: 'wrong tags' });

    expect((await command(made, { jobs })).result.run.state).toBe('done');
    await expectLocked(refs);
  });

  it('holds are placed', async () => {
    const refs = await uploads(3);
    const { jobs } = await jobsOn();
    const made = madePlan([{ refs, to: 'hold', engine: 'batch' }]);

    const { result } = await command(made, { jobs, change: { brake: brakeAfter(0) } });

    expect(result.run.state).toBe('done');
    for (const ref of refs) expect(await bulk.hold(ref)).toBe('ON');
  });

  it('a job that was made before is gone on with: its versions are being locked anyway', async () => {
    const refs = await uploads(3);
    const { jobs, control } = await jobsOn();
    const made = madePlan([{ refs, until: UNTIL, engine: 'batch' }]);
    const controller = new AbortController();
    controller.abort();
    const running = runOf(made);
    const runs = new RunFolder(made.folder);
    await runs.write(running);
    // Made, and then left alone.
    await command(made, {
      jobs: { ...jobs, clock: { ...jobs.clock, wait: async () => Promise.reject(new Error('killed')) } },
      change: {},
    }).catch(() => undefined);
    expect(control.jobs()).toHaveLength(1);

    const { result } = await command(made, { jobs, change: { brake: brakeAfter(0) } });

    expect(result.run.state).toBe('done');
  });
});

describe('stopped on request', () => {
  it('a run ends what is under way, notes it, and goes on with the next command', async () => {
    const refs = await uploads(40);
    const made = madePlan([
      { refs: refs.slice(0, 30), until: UNTIL },
      { refs: refs.slice(30), until: UNTIL },
    ]);
    const controller = new AbortController();

    const stopped = await command(made, {
      ...{ signal: controller.signal, most: 4 },
      onProgress: ({ succeeded }) => {
        if (succeeded === 10) controller.abort();
      },
    });

    const { counts } = stopped.result;
    expect(stopped.result).toMatchObject({ stopped: { kind: 'interrupted' }, run: { state: 'running' } });
    expect(counts.succeeded).toBeGreaterThanOrEqual(10);
    expect(counts.succeeded).toBeLessThanOrEqual(14);
    expect(counts.failed).toBe(0);
    // Everything that was written was noted.
    expect(puts()).toHaveLength(counts.succeeded);
    expect(await allOf(new RunFolder(made.folder).ends('g001'))).toHaveLength(counts.succeeded);

    const resumed = await command(made);

    expect(resumed.result).toMatchObject({
      ...{ run: { state: 'done' } },
      counts: { succeeded: 40, failed: 0, byOutcome: { locked: 40 } },
    });
    expect(puts()).toHaveLength(40 - counts.succeeded);
    await expectLocked(refs);
  });

  it('before it began, it writes nothing', async () => {
    const controller = new AbortController();
    controller.abort();
    const made = madePlan([{ refs: await uploads(3), until: UNTIL }]);

    const { result } = await command(made, { signal: controller.signal });

    expect(puts()).toStrictEqual([]);
    expect(result.run.state).not.toBe('done');
    expect(result.counts.succeeded).toBe(0);
    expect(result.stopped).toMatchObject({ kind: 'interrupted' });
  });

  it('its jobs go on, and the next command takes them up', async () => {
    const refs = await uploads(5);
    const controller = new AbortController();
    let letGo = (): void => undefined;
    const isStopped = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    // The job is not done before the command has stopped, however slow the machine is.
    const { jobs, control } = await jobsOn({
      hold: async ({ status }) => (status === 'Active' ? isStopped : undefined),
    });
    const made = madePlan([{ refs, until: UNTIL, engine: 'batch' }]);

    const stopped = await command(made, {
      ...{ jobs, signal: controller.signal },
      onProgress: () => {
        controller.abort();
      },
    });
    expect(stopped.result).toMatchObject({
      ...{ run: { state: 'running' }, stopped: { detail: expect.stringContaining('jobs go on') } },
    });

    letGo();
    const resumed = await command(made, { jobs });

    expect(resumed.result).toMatchObject({
      ...{ run: { state: 'done' }, counts: { succeeded: 5, byOutcome: { 'by-job': 5 } } },
    });
    expect(control.jobs()).toHaveLength(1);
  });
});

describe('a store that is not there', () => {
  it('stops the run, and the next command goes on', async () => {
    const refs = await uploads(60);
    let isDown = false;
    let answered = 0;
    fault = ({ operation }) => {
      if (operation === 'PutObjectRetention') answered += 1;
      if (answered > 10) isDown = true;
      return isDown ? BUSY : undefined;
    };
    const made = madePlan([{ refs, until: UNTIL }]);

    const { result } = await command(made, { most: 64 });

    expect(result.stopped).toMatchObject({ kind: 'unreachable' });
    expect(result.counts.succeeded + result.counts.failed).toBeLessThanOrEqual(60);
    fault = () => undefined;
    calls = [];

    expect((await command(made)).result).toMatchObject({
      ...{ run: { state: 'done' }, counts: { succeeded: 60, failed: 0 } },
    });
    await expectLocked(refs);
  });

  it('whose bucket has no Object Lock ends it at once', async () => {
    bucket = await makeBucket(client, 'versioned');
    const made = madePlan([{ refs: await uploads(40), until: UNTIL }]);
    calls = [];

    const { result } = await command(made, { most: 4 });

    expect(result.stopped).toMatchObject({
      kind: 'no-lock-on-bucket',
      detail: expect.stringContaining(bucket),
    });
    expect(result.counts.failed).toBeLessThanOrEqual(4);
  });
});

describe('without a place for records', () => {
  it('nothing more is begun; what was written is found in place by the next command', async () => {
    const refs = await uploads(30);
    const made = madePlan([{ refs, until: UNTIL }]);
    let stored = 0;
    const append = async (): Promise<void> => {
      stored += 1;
      if (stored > 10) throw new Error('the disk is full');
      return Promise.resolve();
    };

    await expect(command(made, { most: 4, change: { audit: { append } } })).rejects.toThrow(
      'the disk is full',
    );
    const written = puts().length;
    expect(written).toBeLessThan(20);

    const { result } = await command(made);

    expect(result).toMatchObject({ run: { state: 'done' }, counts: { succeeded: 30, failed: 0 } });
    expect(puts()).toHaveLength(30 - written);
  });
});

describe('a command that was killed', () => {
  it('while it did direct what a job had failed to lock is gone on with', async () => {
    const refs = await uploads(10);
    const { jobs, control } = await jobsOn({ fault: ({ key }) => (key < 'k4' ? BUSY : undefined) });
    const made = madePlan([{ refs, until: UNTIL, engine: 'batch' }]);
    const append = async (record: object): Promise<void> => {
      if ('key' in record && record.key === 'k2') throw new Error('killed');
      return Promise.resolve();
    };
    await expect(command(made, { jobs, most: 1, change: { audit: { append } } })).rejects.toThrow('killed');
    expect(await stateOf(made)).toMatchObject({ groups: { g001: { state: 'direct', byJob: 6 } } });
    calls = [];

    const { result } = await command(made, { jobs });

    expect(result).toMatchObject({ run: { state: 'done' }, counts: { succeeded: 10, failed: 0 } });
    expect(puts()).toStrictEqual(['k3']);
    expect(control.jobs()).toHaveLength(1);

    const { counts } = result;
    expect((await command(made, { jobs })).result.counts).toStrictEqual(counts);
  });

  it('with a journal that ends in half a line counts the same, now and later', async () => {
    const refs = await uploads(6);
    fault = ({ operation, key }) => (operation === 'PutObjectRetention' && key === 'k4' ? DENIED : undefined);
    const made = madePlan([{ refs, until: UNTIL }]);
    const first = await command(made);
    const runs = new RunFolder(made.folder);
    // As if it had been killed while it noted the last two.
    const { run } = first.result;
    await runs.write({ ...withGroup(run, 'g001', { state: 'direct' }), state: 'running' });
    const { readFileSync, writeFileSync } = await import('node:fs');
    const journal = `${made.folder}/run/g001.ndjson`;
    const lines = readFileSync(journal, 'utf8').trim().split('\n');
    writeFileSync(journal, `${lines.slice(0, -2).join('\n')}\n${lines.at(-2)?.slice(0, 10) ?? ''}`);

    const second = await command(made);
    expect(second.result.counts).toMatchObject({ succeeded: 5, failed: 1 });

    const third = await command(made);
    expect(third.result.counts).toStrictEqual(second.result.counts);
  });

  it('that had bulk jobs is not gone on with without them', async () => {
    const made = madePlan([{ refs: await uploads(2), until: UNTIL, engine: 'batch' }]);

    await expect(command(made)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('--batch-role'),
    });
  });
});
