import { instantOf } from '../../../lib/lock/instant.ts';
import { DeleteObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { applyPlanned } from '../../../lib/app/apply-planned.ts';
import { plannedFor } from '../../../lib/app/run-direct.ts';
import { type JobEnd, placeOf } from '../../../lib/app/read-report.ts';
import { type JobDeps, runJob } from '../../../lib/app/run-job.ts';
import { type DeedRecord } from '../../../lib/audit/record.ts';
import { RunFolder } from '../../../lib/aws/run-folder.ts';
import { groupFile } from '../../../lib/aws/plan-folder.ts';
import { type JobStatus } from '../../../lib/ports/job-control.ts';
import { type VersionRef, versionIdOf } from '../../../lib/ports/lock-store.ts';
import { type GroupRun } from '../../../lib/runs/run.ts';
import { type ControlOptions, type RunningControl } from '../../../local/control/index.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import {
  ACCOUNT,
  type Bulk,
  type GroupParts,
  HOSTILE,
  jobDepsOf,
  madePlan,
  makeOldBucket,
  startBulk,
} from '../../helpers/bulk.ts';
import { onePolicy, testDeps, type TestDeps } from '../../helpers/deps.ts';

const NOON = Date.UTC(2026, 10, 20, 12);
const UNTIL = '2027-07-01T00:00:00Z';
const POLICY = onePolicy('{ mode: GOVERNANCE, until: 2027-06-30 }');
const FUNCTION = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:batch-task:7`;
const TODO: GroupRun = { engine: 'batch', state: 'todo', versions: 0, attempt: 0, byJob: 0 };

let bulk: Bulk;
let client: S3Client;
let bucket: string;

beforeAll(async () => {
  bulk = await startBulk({}, { clock: () => NOON });
  client = bulk.client;
});
afterAll(async () => {
  await bulk.close();
});
beforeEach(async () => {
  bucket = await makeBucket(client);
});

/** A group on its way: what is kept of it, and what can be done to it. */
interface Way {
  readonly deps: TestDeps;
  readonly control: RunningControl;
  readonly saved: Partial<GroupRun>[];
  /** Calls of the API that reached the server, with how many records there were. */
  readonly calls: string[];
  readonly seen: JobStatus[];
  readonly jobs: JobDeps;
  /** How often the list was stored. */
  lists: number;
  /** Runs the job from what was saved, as the next command would. */
  run(more?: RunOptions): Promise<JobEnd | 'interrupted'>;
}

interface RunOptions {
  readonly save?: (change: Partial<GroupRun>) => Promise<void>;
  readonly jobs?: Partial<JobDeps['jobs']>;
  readonly signal?: AbortSignal;
}

async function wayOf(
  group: GroupParts,
  options: Partial<ControlOptions> & { functionArn?: string } = {},
  on: Bulk = bulk,
): Promise<Way> {
  const { functionArn, ...control } = options;
  const reports = await makeBucket(on.client, 'versioned');
  const deps = testDeps({ client: on.client, policy: POLICY, now: () => NOON });
  const calls: string[] = [];
  const server = await on.control({
    ...control,
    refuse: (operation) => {
      calls.push(`${operation} after ${deps.records.length} records`);
      return control.refuse?.(operation);
    },
  });
  const made = madePlan([{ until: UNTIL, engine: 'batch', ...group }]);
  const [one] = made.plan.groups;
  if (one === undefined) throw new Error('there is no group');
  const jobs = jobDepsOf(deps, {
    ...{ client: on.client, control: server.client, bucket: reports },
    ...(functionArn !== undefined && { functionArn }),
  });
  const runs = new RunFolder(made.folder);
  let state: GroupRun = { ...TODO, versions: one.versions };
  const way: Way = {
    ...{ deps, control: server.control, calls, jobs, saved: [], seen: [], lists: 0 },
    async run({ save, signal, jobs: other } = {}) {
      const keep = async (change: Partial<GroupRun>): Promise<void> => {
        await save?.(change);
        state = { ...state, ...change };
        way.saved.push(change);
      };
      const stub = new Proxy(jobs.jobs, {
        get: (target, name, receiver): unknown =>
          other !== undefined && name in other
            ? Reflect.get(other, name)
            : bound(Reflect.get(target, name, receiver), target),
      });
      return runJob(
        {
          ...{ run: 'run-1', plan: 'plan-1', policy: 'policy-hash', group: one, state, listed: undefined },
          manifest: async () => {
            way.lists += 1;
            return jobs.jobs.putManifest('runs/run-1/g001.csv', groupFile(made.folder, one.id));
          },
          goodUntil: instantOf(Date.UTC(2200, 0, 1)),
          ...{ tolerance: made.plan.tolerance, rows: () => runs.rows(one.id) },
        },
        { ...jobs, jobs: stub },
        keep,
        (status) => way.seen.push(status),
        signal,
      );
    },
  };
  return way;
}

const bound = (member: unknown, to: object): unknown =>
  typeof member === 'function' ? (member.bind(to) as unknown) : member;

async function uploads(count: number, prefix = 'k'): Promise<VersionRef[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, at) => upload(client, bucket, `${prefix}${at}`)),
  );
}

const DENIED = { status: 403, code: 'AccessDenied', message: 'Access Denied, "really"\nno' };
const deeds = ({ deps }: Way): DeedRecord[] => deps.records.filter((record) => record.phase === 'deed');
const CRASH = new Error('killed');

/** Our function: it reads every version and decides once more. */
const functionOn =
  (deps: () => TestDeps): NonNullable<ControlOptions['invoke']> =>
  async (_, payload) => {
    const { invocationId, job, tasks } = payload as {
      invocationId: string;
      job: { userArguments: Record<string, string> };
      tasks: { taskId: string; s3Bucket: string; s3Key: string; s3VersionId: string }[];
    };
    const { to, until, tolerance } = job.userArguments;
    const group = { id: 'g001', to: to === 'hold' ? 'hold' : 'GOVERNANCE', ...(until && { until }) } as const;
    const results = await Promise.all(
      tasks.map(async ({ taskId, s3Bucket, s3Key, s3VersionId }) => {
        const key = decodeURIComponent(s3Key.replaceAll('+', ' '));
        const ref = { bucket: s3Bucket, key, versionId: versionIdOf(s3VersionId) };
        const planned = plannedFor(
          {},
          { ...group, bucket: s3Bucket, route: 'recheck', engine: 'batch-function', versions: 1, bytes: 1 },
          Number(tolerance),
        );
        const { outcome, asPlanned } = await applyPlanned(ref, planned, 'run-1', deps());
        return { taskId, resultCode: asPlanned ? 'Succeeded' : 'PermanentFailure', resultString: outcome };
      }),
    );
    return { invocationSchemaVersion: '2.0', treatMissingKeysAs: 'TemporaryFailure', invocationId, results };
  };

describe('a group by a job', () => {
  it('is locked, whatever its keys and ids, and the report vouches for it', async () => {
    const old = await makeOldBucket(client, HOSTILE);
    const refs = [
      ...old.refs,
      await upload(client, old.bucket, HOSTILE),
      await upload(client, old.bucket, 'a/b'),
    ];
    const way = await wayOf({ refs });

    expect(await way.run()).toStrictEqual({ byJob: 3, left: 'none', failed: new Set(), failures: {} });

    for (const ref of refs)
      expect(await bulk.retention(ref)).toStrictEqual({
        Mode: 'GOVERNANCE',
        RetainUntilDate: new Date(UNTIL),
      });
    expect(way.control.jobs()).toHaveLength(1);
    expect(way.seen.at(-1)).toMatchObject({ status: 'Complete', total: 3, succeeded: 3, failed: 0 });
  });

  it('is intended in a record before it is asked for, and recorded with its report afterwards', async () => {
    const way = await wayOf({ refs: await uploads(2), to: 'COMPLIANCE' });
    await way.run();

    expect(way.calls.find((call) => call.startsWith('CreateJob'))).toBe('CreateJob after 1 records');
    expect(deeds(way)).toMatchObject([
      {
        ...{ action: 'job-intended', cause: 'run-1', policy: 'policy-hash' },
        detail: `COMPLIANCE until ${UNTIL} on 2 versions of ${bucket}, g001 of plan-1, attempt 1`,
      },
      { action: 'job-created', detail: expect.stringContaining(way.control.jobs()[0]?.jobId ?? '-') },
      {
        action: 'job-ended',
        detail: expect.stringContaining('Complete, 2 of 2 versions by its report'),
        evidence: [
          { name: expect.stringMatching(/manifest\.json$/), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
          { name: expect.stringMatching(/\.csv$/), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
        ],
      },
    ]);
  });

  it('is not asked for where the intent cannot be stored', async () => {
    const way = await wayOf({ refs: await uploads(1) });
    const audit = { append: async () => Promise.reject(new Error('the disk is full')) };
    Object.assign(way.jobs, { audit });

    await expect(way.run()).rejects.toThrow('the disk is full');
    expect(way.control.jobs()).toStrictEqual([]);
  });

  it('gets its holds', async () => {
    const refs = await uploads(3);
    const way = await wayOf({ refs, to: 'hold', until: undefined });

    expect(await way.run()).toMatchObject({ byJob: 3, left: 'none' });
    for (const ref of refs) expect(await bulk.hold(ref)).toBe('ON');
    expect(deeds(way)[0]?.detail).toContain('legal hold ON on 3 versions');
  });

  it('goes on with a job that was made by an earlier command, without a second list', async () => {
    const way = await wayOf({ refs: await uploads(2) });
    const controller = new AbortController();
    controller.abort();
    expect(await way.run({ signal: controller.signal })).toBe('interrupted');
    expect(way.saved).toMatchObject([{ state: 'job', attempt: 1 }, { jobId: way.control.jobs()[0]?.jobId }]);

    expect(await way.run()).toMatchObject({ byJob: 2, left: 'none' });
    expect(way.control.jobs()).toHaveLength(1);
    expect(way.lists).toBe(1);
  });
});

describe('a group that must be decided version by version', () => {
  it('is handed to the function, whatever its keys and ids', async () => {
    const old = await makeOldBucket(client, HOSTILE);
    const refs = [...old.refs, await upload(client, old.bucket, HOSTILE)];
    const invoke = functionOn(() => way.deps);
    const way: Way = await wayOf(
      { refs, route: 'recheck', engine: 'batch-function' },
      { functionArn: FUNCTION, invoke },
    );

    expect(await way.run()).toMatchObject({ byJob: 2, left: 'none' });
    for (const ref of refs)
      expect(await bulk.retention(ref)).toStrictEqual({
        Mode: 'GOVERNANCE',
        RetainUntilDate: new Date(UNTIL),
      });
    expect(deeds(way)[0]?.detail).toContain('each decided once more');
  });

  it('is left to be looked at where the function did not do it', async () => {
    const refs = await uploads(4);
    const way: Way = await wayOf(
      { refs, route: 'recheck', engine: 'batch-function' },
      {
        functionArn: FUNCTION,
        invoke: async () => {
          throw new Error('out of memory');
        },
      },
    );

    expect(await way.run()).toStrictEqual({
      ...{ byJob: 0, left: 'some', failures: { other: 4 }, failed: new Set(refs.map(placeOf)) },
    });
  });

  it('is refused where no function was named', async () => {
    const way = await wayOf({ refs: await uploads(1), route: 'recheck', engine: 'batch-function' });

    await expect(way.run()).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('--batch-function'),
    });
    expect(way.control.jobs()).toStrictEqual([]);
    expect(deeds(way)).toStrictEqual([]);
  });
});

describe('a command that was killed', () => {
  it('after the job was made and before its name was kept makes no second one', async () => {
    const way = await wayOf({ refs: await uploads(3) });
    const save = async ({ jobId }: Partial<GroupRun>): Promise<void> => {
      if (jobId !== undefined) throw CRASH;
      return Promise.resolve();
    };
    await expect(way.run({ save })).rejects.toBe(CRASH);
    expect(way.control.jobs()).toHaveLength(1);

    expect(await way.run()).toMatchObject({ byJob: 3, left: 'none' });

    expect(way.control.jobs()).toHaveLength(1);
    expect(way.calls.filter((call) => call.startsWith('CreateJob'))).toHaveLength(1);
    expect(way.saved).toMatchObject([
      { state: 'job', attempt: 1 },
      { state: 'job', attempt: 1 },
      { jobId: way.control.jobs()[0]?.jobId },
    ]);
  });

  it('makes no second one even where the store does not list the first yet', async () => {
    const way = await wayOf({ refs: await uploads(3) });
    const save = async ({ jobId }: Partial<GroupRun>): Promise<void> => {
      if (jobId !== undefined) throw CRASH;
      return Promise.resolve();
    };
    await expect(way.run({ save })).rejects.toBe(CRASH);

    expect(await way.run({ jobs: { find: async () => undefined } })).toMatchObject({ byJob: 3 });
    expect(way.calls.filter((call) => call.startsWith('CreateJob'))).toHaveLength(2);
    expect(way.control.jobs()).toHaveLength(1);
  });

  it('before it asked for the job asks for it in the next command', async () => {
    const way = await wayOf({ refs: await uploads(2) });
    await expect(way.run({ jobs: { create: async () => Promise.reject(CRASH) } })).rejects.toBe(CRASH);
    expect(way.control.jobs()).toStrictEqual([]);

    expect(await way.run()).toMatchObject({ byJob: 2 });
    expect(way.control.jobs()).toHaveLength(1);
  });

  it('before it kept that it would ask has asked for nothing', async () => {
    const way = await wayOf({ refs: await uploads(1) });
    await expect(way.run({ save: async () => Promise.reject(CRASH) })).rejects.toBe(CRASH);

    expect(way.calls).toStrictEqual([]);
    expect(way.lists).toBe(0);
  });
});

describe('a job that the store does not know', () => {
  it('at first is waited for', async () => {
    const way = await wayOf({ refs: await uploads(2) }, { unknownAtFirst: 5 });

    expect(await way.run()).toMatchObject({ byJob: 2, left: 'none' });
    expect(way.control.jobs()).toHaveLength(1);
  });

  it('any more leaves every version to be looked at', async () => {
    const way = await wayOf(
      { refs: await uploads(2) },
      { unknownAtFirst: 1_000, hold: async () => new Promise(() => undefined) },
    );

    expect(await way.run()).toMatchObject({
      ...{ byJob: 0, left: 'all', trouble: expect.stringContaining('does not know the job') },
    });
  });
});

describe.each(['declared', 'sample'] as const)('a report in the %s order', (reportOrder) => {
  it('tells which versions are left, and why', async () => {
    const old = await makeOldBucket(client, HOSTILE);
    bucket = old.bucket;
    const faults: Record<string, { status: number; code: string; message: string }> = {
      [HOSTILE]: DENIED,
      k1: { status: 404, code: 'NoSuchVersion', message: 'The specified version does not exist.' },
      k2: { status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' },
      k3: { status: 400, code: 'InvalidRequest', message: 'no, not so' },
    };
    const refs = [...old.refs, ...(await uploads(8))];
    const way = await wayOf({ refs }, { reportOrder, fault: ({ key }) => faults[key] });

    expect(await way.run()).toStrictEqual({
      byJob: 5,
      left: 'some',
      failed: new Set(refs.filter((_, at) => [0, 2, 3, 4].includes(at)).map(placeOf)),
      failures: { denied: 1, gone: 1, throttled: 1, other: 1 },
    });
  });
});

describe('nothing is believed of a job', () => {
  it('that failed since more than half of its tasks did', async () => {
    const refs = Array.from({ length: 1_200 }, (_, at) => ({
      ...{ bucket, key: `k${at}`, versionId: versionIdOf('v') },
    }));
    const way = await wayOf({ refs }, { fault: () => DENIED, concurrency: 50 });

    expect(await way.run()).toMatchObject({
      ...{ byJob: 0, left: 'all' },
      trouble: expect.stringMatching(/tells of 1\d{3} of 1200 versions \(Failed, FailureThresholdExceeded/),
    });
    expect(deeds(way).at(-1)).toMatchObject({
      action: 'job-ended',
      detail: expect.stringContaining('Failed'),
    });
  });

  it('that somebody cancelled', async () => {
    const way = await wayOf(
      { refs: await uploads(2) },
      {
        hold: async ({ jobId, status }) => {
          if (status === 'Ready') await way.jobs.jobs.cancel(jobId);
        },
      },
    );

    expect(await way.run()).toMatchObject({ left: 'all', trouble: expect.stringContaining('Cancelled') });
  });

  it('that had no list', async () => {
    const way = await wayOf({ refs: await uploads(2) });
    const manifest = async (): Promise<{ key: string; etag: string }> => ({
      key: 'elsewhere.csv',
      etag: 'e',
    });
    const create = way.jobs.jobs.create.bind(way.jobs.jobs);

    const end = await way.run({
      jobs: { create: async (request) => create({ ...request, manifest: await manifest() }) },
    });
    expect(end).toMatchObject({ left: 'all', trouble: expect.stringContaining('ManifestNotReadable') });
  });

  it('of whose report a part is missing', async () => {
    const way = await wayOf(
      { refs: await uploads(4) },
      {
        reportPartRows: 1,
        hold: async ({ status }) => {
          if (status !== 'Complete') return;
          const { bucket: Bucket } = (way.jobs.jobs as unknown as { options: { bucket: string } }).options;
          const { Contents = [] } = await client.send(
            new ListObjectsV2Command({ Bucket, Prefix: 'reports/' }),
          );
          const Key = Contents.find((each) => each.Key?.endsWith('.csv') === true)?.Key;
          await client.send(new DeleteObjectCommand({ Bucket, Key }));
        },
      },
    );
    // The report is read when it was tampered with.
    const create = way.jobs.jobs.create.bind(way.jobs.jobs);
    const end = await way.run({
      jobs: {
        create: async (request) => {
          const id = await create(request);
          await way.control.until(id);
          await new Promise((resolve) => setTimeout(resolve, 0));
          return id;
        },
      },
    });

    expect(end).toMatchObject({ byJob: 0, left: 'all', trouble: expect.stringContaining('3 of 4 versions') });
  });

  it('whose report says that versions are locked which are not', async () => {
    const liar = await startBulk({}, { clock: () => NOON, lies: ['forget'] });
    try {
      const Bucket = await makeBucket(liar.client);
      const refs = [await upload(liar.client, Bucket, 'a'), await upload(liar.client, Bucket, HOSTILE)];
      const way = await wayOf({ refs }, {}, liar);

      expect(await way.run()).toStrictEqual({
        ...{ byJob: 0, left: 'all', failed: new Set(), failures: {} },
        trouble: expect.stringContaining('"a" version'),
      });
      expect(deeds(way).at(-1)?.detail).toContain('does not carry the lock');
    } finally {
      await liar.close();
    }
  });
});
