import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { S3JobControl } from '../../../lib/aws/s3-job-control.ts';
import { parseInstant } from '../../../lib/lock/instant.ts';
import { type JobRequest } from '../../../lib/ports/job-control.ts';
import { type VersionRef } from '../../../lib/ports/lock-store.ts';
import { type ControlOptions, type RunningControl } from '../../../local/control/index.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { ACCOUNT, type Bulk, HOSTILE, makeOldBucket, ROLE, startBulk } from '../../helpers/bulk.ts';
import { fileOf } from '../../helpers/cli.ts';
import { allOf } from '../../helpers/records.ts';

const UNTIL = parseInstant('2027-07-01T00:00:00Z');

let bulk: Bulk;
let bucket: string;
let reports: string;
let control: RunningControl;
let jobs: S3JobControl;

beforeAll(async () => {
  bulk = await startBulk();
});
afterAll(async () => {
  await bulk.close();
});
beforeEach(async () => {
  bucket = await makeBucket(bulk.client);
  reports = await makeBucket(bulk.client, 'versioned');
  await start();
});

async function start(options: Partial<ControlOptions> = {}, s3 = bulk.client): Promise<void> {
  const { control: server, client } = await bulk.control(options);
  control = server;
  jobs = new S3JobControl({ control: client, s3, account: ACCOUNT, role: ROLE, bucket: reports });
}

const listOf = (refs: readonly VersionRef[]): string =>
  fileOf(
    'g001.csv',
    refs.map(({ key, versionId }) => `${bucket},${encodeURIComponent(key)},${versionId}\n`).join(''),
  );

async function requestFor(refs: readonly VersionRef[], more: Partial<JobRequest> = {}): Promise<JobRequest> {
  return {
    ...{ token: 'token', description: 'holdfast plan-1 g001 attempt 1', tags: { plan: 'plan-1' } },
    operation: { kind: 'retention', mode: 'GOVERNANCE', until: UNTIL },
    manifest: await jobs.putManifest('runs/run-1/g001.csv', listOf(refs)),
    reportPrefix: 'reports/run-1/g001',
    ...more,
  };
}

describe('a list', () => {
  it('is encrypted as jobs take it where the bucket has a key of its own by default', async () => {
    // What an upload does not say is what the bucket says.
    const client = bulk.clientFor();
    client.middlewareStack.add(
      (next, context) => async (args) => {
        const { headers } = args.request as { headers: Record<string, string> };
        if (context.commandName === 'PutObjectCommand') headers['x-amz-server-side-encryption'] ??= 'aws:kms';
        return next(args);
      },
      { step: 'build' },
    );
    await start({}, client);
    await client.send(new PutObjectCommand({ Bucket: reports, Key: 'other', Body: 'x' }));
    expect(await client.send(new HeadObjectCommand({ Bucket: reports, Key: 'other' }))).toMatchObject({
      ServerSideEncryption: 'aws:kms',
    });
    const ref = await upload(bulk.client, bucket, 'a');

    const request = await requestFor([ref]);
    const id = await jobs.create(request);

    const found = await bulk.client.send(
      new HeadObjectCommand({ Bucket: reports, Key: request.manifest.key }),
    );
    expect(found).toMatchObject({
      ServerSideEncryption: 'AES256',
      ETag: `"${request.manifest.etag}"`,
      ContentType: 'text/csv',
    });
    expect(await control.until(id)).toMatchObject({ status: 'Complete', succeeded: 1 });
  });

  it('is sent as it lies on disk', async () => {
    const file = listOf([await upload(bulk.client, bucket, HOSTILE)]);
    const { key } = await jobs.putManifest('list.csv', file);

    const { Body } = await bulk.client.send(new GetObjectCommand({ Bucket: reports, Key: key }));
    expect(await Body?.transformToString()).toContain(`${bucket},a%2Bb%20%2525%20%22q%22%2C%0A%F0%9F%98%80,`);
  });
});

describe('a job', () => {
  it('gives every version of the list the same lock, hostile keys and null versions too', async () => {
    const old = await makeOldBucket(bulk.client, HOSTILE, 'twice');
    ({ bucket } = old);
    const [hostile, older] = old.refs as [VersionRef, VersionRef];
    const newer = await upload(bulk.client, bucket, 'twice');
    expect([hostile, older]).toMatchObject([{ versionId: 'null' }, { versionId: 'null' }]);

    const id = await jobs.create(await requestFor([hostile, older]));

    expect(await control.until(id)).toMatchObject({ succeeded: 2, failed: 0 });
    const expected = { Mode: 'GOVERNANCE', RetainUntilDate: new Date(UNTIL) };
    expect(await bulk.retention(hostile)).toStrictEqual(expected);
    expect(await bulk.retention(older)).toStrictEqual(expected);
    expect(await bulk.retention(newer)).toBeUndefined();
  });

  it('places holds', async () => {
    const ref = await upload(bulk.client, bucket, 'a');
    await control.until(await jobs.create(await requestFor([ref], { operation: { kind: 'hold-on' } })));

    expect(await bulk.hold(ref)).toBe('ON');
    expect(await bulk.retention(ref)).toBeUndefined();
  });

  it('hands versions to a function, with the terms of the run', async () => {
    const payloads: unknown[] = [];
    await start({
      invoke: async (arn, payload) => {
        payloads.push({ arn, payload });
        const { invocationId, tasks } = payload as { invocationId: string; tasks: { taskId: string }[] };
        const results = tasks.map(({ taskId }) => ({ taskId, resultCode: 'Succeeded', resultString: '' }));
        return {
          invocationSchemaVersion: '2.0',
          treatMissingKeysAs: 'TemporaryFailure',
          invocationId,
          results,
        };
      },
    });
    const ref = await upload(bulk.client, bucket, 'a');
    const arn = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:batch-task:7`;
    const operation = { kind: 'function', arn, arguments: { run: 'run-1', to: 'GOVERNANCE' } } as const;

    expect(await control.until(await jobs.create(await requestFor([ref], { operation })))).toMatchObject({
      succeeded: 1,
    });
    expect(payloads).toMatchObject([
      {
        arn,
        payload: {
          job: { userArguments: { run: 'run-1', to: 'GOVERNANCE' } },
          tasks: [{ s3Bucket: bucket, s3Key: 'a', s3VersionId: ref.versionId }],
        },
      },
    ]);
  });

  it('asked for twice with the same token is one', async () => {
    const request = await requestFor([await upload(bulk.client, bucket, 'a')]);

    const id = await jobs.create(request);
    expect(await jobs.create(request)).toBe(id);
    // A command that was killed sends its list once more; the same list is the same request.
    expect(await jobs.create({ ...request, manifest: request.manifest })).toBe(id);
    expect(control.jobs()).toHaveLength(1);
    expect(await jobs.create({ ...request, token: 'another' })).not.toBe(id);
  });
});

describe('a job is found', () => {
  it('by its tags, whatever became of it', async () => {
    const tags = { 'holdfast-plan': 'plan-1', 'holdfast-group': 'g001', 'holdfast-attempt': '1' };
    const request = await requestFor([await upload(bulk.client, bucket, 'a')], { tags });
    const id = await jobs.create(request);
    expect(await jobs.find(tags, request.description)).toBe(id);

    await control.until(id);

    expect(await jobs.find(tags, request.description)).toBe(id);
  });

  it('by all of them: the description alone is nobody’s name', async () => {
    const tags = { 'holdfast-plan': 'plan-1', 'holdfast-group': 'g001' };
    const request = await requestFor([await upload(bulk.client, bucket, 'a')], { tags });
    await jobs.create(request);

    expect(await jobs.find({ ...tags, 'holdfast-group': 'g002' }, request.description)).toBeUndefined();
    expect(await jobs.find({ ...tags, 'holdfast-attempt': '1' }, request.description)).toBeUndefined();
    expect(await jobs.find(tags, 'another')).toBeUndefined();
  });

  it('among jobs with the same description', async () => {
    const refs = [await upload(bulk.client, bucket, 'a')];
    const ids: string[] = [];
    for (const group of ['g001', 'g002', 'g003'])
      ids.push(await jobs.create(await requestFor(refs, { token: group, tags: { group } })));

    expect(await jobs.find({ group: 'g002' }, 'holdfast plan-1 g001 attempt 1')).toBe(ids[1]);
  });
});

describe('a refusal', () => {
  const denied = { status: 403, code: 'AccessDenied', message: 'Access Denied' };
  const fault = { status: 400, code: 'BadRequestException', message: 'Request invalid' };
  const asked = async (operation: string): Promise<unknown> => {
    if (operation === 'CreateJob')
      return jobs.create(await requestFor([await upload(bulk.client, bucket, 'a')]));
    if (operation === 'DescribeJob') return jobs.describe('0');
    return operation === 'ListJobs' ? jobs.find({ a: 'b' }, 'd') : jobs.cancel('0');
  };

  it.each([
    ['CreateJob', `s3:CreateJob, and iam:PassRole on ${ROLE}`],
    ['DescribeJob', 's3:DescribeJob'],
    ['ListJobs', 's3:ListJobs'],
    ['UpdateJobStatus', 's3:UpdateJobStatus'],
  ])('of %s says what is missing', async (operation, needs) => {
    await start({ refuse: (name) => (name === operation ? denied : undefined) });

    await expect(asked(operation)).rejects.toMatchObject({
      ...{ name: 'HoldfastError', code: 'no-permission', exitCode: 4 },
      message: expect.stringMatching(
        new RegExp(`the store denied it \\(AccessDenied\\); it needs ${needs}$`),
      ),
    });
  });

  it('for a fault in the request says which', async () => {
    await start({ refuse: (name) => (name === 'CreateJob' ? fault : undefined) });

    await expect(asked('CreateJob')).rejects.toMatchObject({
      ...{ code: 'bad-input', message: expect.stringContaining('400 BadRequestException: Request invalid') },
    });
  });

  it('to store the list says so', async () => {
    reports = `${reports}-not-there`;
    await start();

    await expect(jobs.putManifest('list.csv', listOf([]))).rejects.toMatchObject({
      ...{ code: 'bad-input', message: expect.stringContaining(`s3://${reports}/list.csv`) },
    });
    await expect(jobs.manifestAt('list.csv')).rejects.toMatchObject({ name: 'HoldfastError' });
    await expect(allOf(jobs.report('0', 'reports'))).rejects.toMatchObject({ code: 'bad-input' });
  });

  it('of nobody is no verdict', async () => {
    await control.close();

    await expect(jobs.describe('0')).rejects.toMatchObject({ code: 'unreachable', exitCode: 5 });
  });
});

describe('a list that is stored already', () => {
  it('is named as it was when it was stored', async () => {
    const stored = await jobs.putManifest('list.csv', listOf([]));

    expect(await jobs.manifestAt('list.csv')).toStrictEqual(stored);
  });
});

describe('the state of a job', () => {
  it('is unknown of one that the store does not know', async () => {
    expect(await jobs.describe('00000000-0000-0000-0000-000000000000')).toBeUndefined();
  });

  it('is unknown at first', async () => {
    await start({ unknownAtFirst: 1 });
    const id = await jobs.create(await requestFor([await upload(bulk.client, bucket, 'a')]));

    expect(await jobs.describe(id)).toBeUndefined();
    expect(await jobs.describe(id)).toMatchObject({ id });
  });

  it('tells how many tasks went well, and how many did not', async () => {
    await start({
      fault: ({ key }) => (key === 'b' ? { status: 403, code: 'AccessDenied', message: 'no' } : undefined),
    });
    const refs = [await upload(bulk.client, bucket, 'a'), await upload(bulk.client, bucket, 'b')];
    const id = await jobs.create(await requestFor(refs));
    await control.until(id);

    expect(await jobs.describe(id)).toStrictEqual({
      ...{ id, state: 'complete', status: 'Complete', total: 2, succeeded: 1, failed: 1 },
      reasons: [],
    });
  });

  it('tells why it failed', async () => {
    const request = await requestFor([await upload(bulk.client, bucket, 'a')]);
    const id = await jobs.create({ ...request, manifest: { ...request.manifest, etag: 'other' } });
    await control.until(id, 'Failed');

    expect(await jobs.describe(id)).toMatchObject({
      state: 'failed',
      reasons: [expect.stringContaining('ManifestETag')],
    });
  });

  it('is cancelled when somebody cancels it', async () => {
    let goOn = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await start({ hold: async ({ status }) => (status === 'Ready' ? gate : undefined) });
    const ref = await upload(bulk.client, bucket, 'a');
    const id = await jobs.create(await requestFor([ref]));
    await control.until(id, 'Ready');
    await jobs.cancel(id);
    goOn();
    await control.until(id, 'Cancelled');

    expect(await jobs.describe(id)).toMatchObject({ state: 'cancelled', status: 'Cancelled' });
    expect(await bulk.retention(ref)).toBeUndefined();
  });
});

describe('a report', () => {
  it.each(['declared', 'sample'] as const)('is read whole, in many parts, in the %s order', async (order) => {
    await start({
      ...{ reportOrder: order, reportPartRows: 2 },
      fault: ({ key }) =>
        key === HOSTILE ? { status: 403, code: 'AccessDenied', message: 'no,\n"really"' } : undefined,
    });
    const refs = await Promise.all(
      ['a', 'b', 'c', 'd', 'e', HOSTILE].map(async (key) => upload(bulk.client, bucket, key)),
    );
    const id = await jobs.create(await requestFor(refs));
    await control.until(id);

    const lines = await allOf(jobs.report(id, 'reports/run-1/g001'));

    expect(lines).toHaveLength(6);
    const failed = lines.filter(([, , , state]) => state === 'failed');
    expect(failed).toMatchObject([
      [
        bucket,
        'a%2Bb+%2525+%22q%22%2C%0A%F0%9F%98%80',
        refs[5]?.versionId,
        'failed',
        ...pair(order),
        'no,\n"really"',
      ],
    ]);
    expect(lines.map(([, key]) => key)).toStrictEqual(expect.arrayContaining(['a', 'b', 'c', 'd', 'e']));
  });

  it('is empty where there is none', async () => {
    expect(await allOf(jobs.report('none', 'reports/run-1/g001'))).toStrictEqual([]);
    expect(await jobs.evidence('none', 'reports/run-1/g001')).toStrictEqual([]);
  });

  it('is evidence by the SHA-256 of each of its files', async () => {
    const id = await jobs.create(await requestFor([await upload(bulk.client, bucket, 'a')]));
    await control.until(id);

    const evidence = await jobs.evidence(id, 'reports/run-1/g001');

    expect(evidence.map(({ name }) => name)).toStrictEqual([
      `s3://${reports}/reports/run-1/g001/job-${id}/manifest.json`,
      expect.stringMatching(new RegExp(`^s3://${reports}/reports/run-1/g001/job-${id}/results/.+\\.csv$`)),
    ]);
    for (const { name, sha256 } of evidence) {
      const Key = name.slice(`s3://${reports}/`.length);
      const { Body } = await bulk.client.send(new GetObjectCommand({ Bucket: reports, Key }));
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
    }
  });
});

function pair(order: 'declared' | 'sample'): string[] {
  return order === 'declared' ? ['AccessDenied', '403'] : ['403', 'AccessDenied'];
}
