import {
  CreateBucketCommand,
  GetObjectRetentionCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { loadPolicy } from '../../lib/aws/load-policy.ts';
import { type Cloud, startCloud } from '../../local/cloud.ts';
import { HOSTILE } from '../helpers/bulk.ts';
import { fileOf } from '../helpers/cli.ts';

// The functions run as their bundles, each in an environment of its own, as they would in Lambda.
jest.setTimeout(30_000);

const POLICY = fileOf(
  'policy.yaml',
  'version: 1\nrules:\n  - { name: r, enforce: apply, match: { prefix: docs/ }, lock: { mode: GOVERNANCE, until: 2031-12-31 } }\n',
);
const { hash: policy } = loadPolicy(POLICY, { maximum: 'P12Y', enforce: 'apply' });
const UNTIL = '2032-01-01T00:00:00Z';
const RUN = 'run-0123456789abcdef';
const TERMS = { run: RUN, policy, group: 'g001', to: 'GOVERNANCE', until: UNTIL, tolerance: '86400000' };
const Bucket = 'acme-docs';

let cloud: Cloud;
let client: S3Client;
let logs: string[] = [];

async function start(inventories: readonly string[] = []): Promise<void> {
  cloud = await startCloud({ policyFile: POLICY, inventories, unheard: [Bucket, 'acme-old'] });
  cloud.output.on('log', (line) => logs.push(line));
  const { url: endpoint, region, credentials } = cloud;
  client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  await config(
    `runs/${RUN}/run.json`,
    JSON.stringify({
      ...{ version: 1, id: RUN, plan: 'p', policy, source: 's', started: UNTIL, by: 'x' },
      ...{ state: 'running', waitsFor: [], groups: {} },
    }),
  );
}
async function end(): Promise<void> {
  client.destroy();
  await cloud.close();
}
beforeEach(() => {
  logs = [];
});

const put = async (Key: string, into = Bucket): Promise<string> =>
  (await client.send(new PutObjectCommand({ Bucket: into, Key, Body: 'x' }))).VersionId ?? 'null';
const config = async (Key: string, Body: string): Promise<unknown> =>
  client.send(new PutObjectCommand({ Bucket: cloud.bucketOf('ConfigBucket'), Key, Body }));
const lockOf = async (Key: string, VersionId: string, from = Bucket): Promise<string | undefined> => {
  try {
    const { Retention } = await client.send(new GetObjectRetentionCommand({ Bucket: from, Key, VersionId }));
    return Retention?.Mode;
  } catch {
    return undefined;
  }
};
const messages = (...bodies: readonly string[]): object => ({
  Records: bodies.map((body, at) => ({
    ...{ messageId: `m${at}`, receiptHandle: `r${at}`, body, messageAttributes: {}, eventSource: 'aws:sqs' },
    attributes: { ApproximateReceiveCount: '1' },
  })),
});
const pieceOf = (keys: Readonly<Record<string, string>>, more: object = {}): string =>
  JSON.stringify({
    ...{ run: RUN, policy, tolerance: 86_400_000, sending: 0, chunk: 0 },
    group: { id: 'g001', bucket: Bucket, to: 'GOVERNANCE', until: UNTIL },
    rows: Object.entries(keys).map(([key, versionId], at) => ({ at, key, versionId })),
    ...more,
  });
/** What a metric summed up to. */
const metric = (name: string): number =>
  logs
    .filter((line) => line.includes('"_aws"'))
    .flatMap((line) => (JSON.parse(line) as Record<string, number | number[]>)[name] ?? [])
    .flat()
    .reduce((sum, value) => sum + value, 0);
/** What a function writes to its log comes by another way than its answer, and may come a moment later. */
async function expectMetrics(wanted: Readonly<Record<string, number>>): Promise<void> {
  const found = (): Record<string, number> =>
    Object.fromEntries(Object.keys(wanted).map((name) => [name, metric(name)]));
  for (let look = 0; look < 250 && JSON.stringify(found()) !== JSON.stringify(wanted); look += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(found()).toStrictEqual(wanted);
}

describe('the function that bulk jobs hand versions to', () => {
  beforeAll(async () => start());
  afterAll(end);

  it('answers every task for itself', async () => {
    const [plain, hostile, foreign] = [
      await put('docs/plain'),
      await put(`docs/${HOSTILE}`),
      await put('docs/foreign', cloud.bucketOf('ConfigBucket')),
    ];
    await client.send(new CreateBucketCommand({ Bucket: 'acme-old' }));
    const nothing = await put('docs/old', 'acme-old');
    const VersioningConfiguration = { Status: 'Enabled' as const };
    await client.send(new PutBucketVersioningCommand({ Bucket: 'acme-old', VersioningConfiguration }));
    const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled' as const };
    await client.send(new PutObjectLockConfigurationCommand({ Bucket: 'acme-old', ObjectLockConfiguration }));
    const loose = await put('loose');
    const tasks = [
      { s3Bucket: Bucket, s3Key: 'docs/plain', s3VersionId: plain },
      { s3Bucket: Bucket, s3Key: encodeURIComponent(`docs/${HOSTILE}`), s3VersionId: hostile },
      { s3Bucket: 'acme-old', s3Key: 'docs/old', s3VersionId: nothing },
      { s3Bucket: cloud.bucketOf('ConfigBucket'), s3Key: 'docs/foreign', s3VersionId: foreign },
      { s3Bucket: Bucket, s3Key: 'docs/plain', s3VersionId: null },
      { s3Bucket: Bucket, s3Key: 'docs/%', s3VersionId: plain },
      { s3Bucket: Bucket, s3Key: 'docs/gone', s3VersionId: plain },
      { s3Bucket: Bucket, s3Key: 'loose', s3VersionId: loose },
    ].map((task, at) => ({ taskId: `t${at}`, ...task }));

    const answer = await cloud.invoke('batchTask', {
      ...{
        invocationSchemaVersion: '2.0',
        invocationId: 'i1',
        job: { id: 'j1', userArguments: TERMS },
        tasks,
      },
    });

    expect(answer).toStrictEqual({
      invocationSchemaVersion: '2.0',
      invocationId: 'i1',
      treatMissingKeysAs: 'TemporaryFailure',
      results: [
        { taskId: 't0', resultCode: 'Succeeded', resultString: 'locked' },
        { taskId: 't1', resultCode: 'Succeeded', resultString: 'locked' },
        { taskId: 't2', resultCode: 'Succeeded', resultString: 'locked' },
        {
          taskId: 't3',
          resultCode: 'PermanentFailure',
          resultString: 'the bucket is not managed by this deployment',
        },
        { taskId: 't4', resultCode: 'PermanentFailure', resultString: 'the task names no version' },
        { taskId: 't5', resultCode: 'PermanentFailure', resultString: 'its key is not well encoded' },
        { taskId: 't6', resultCode: 'Succeeded', resultString: 'gone' },
        { taskId: 't7', resultCode: 'PermanentFailure', resultString: expect.stringMatching(/^moved: /) },
      ],
    });
    expect(nothing).toBe('null');
    expect([
      await lockOf('docs/plain', plain),
      await lockOf(`docs/${HOSTILE}`, hostile),
      await lockOf('docs/old', 'null', 'acme-old'),
      await lockOf('loose', loose),
    ]).toStrictEqual(['GOVERNANCE', 'GOVERNANCE', 'GOVERNANCE', undefined]);
  });

  it.each([
    ['in schema 1.0, which cannot say it', { invocationSchemaVersion: '1.0', job: { id: 'j' } }],
    ['by a job of somebody else', { job: { id: 'j', userArguments: { hello: 'world' } } }],
    ['with a date that is none', { job: { id: 'j', userArguments: { ...TERMS, until: 'tomorrow' } } }],
  ])('locks nothing where nobody says what was planned: %s', async (_, more) => {
    const s3VersionId = await put('docs/unsaid');
    const task = { taskId: 't', s3Key: 'docs/unsaid', s3VersionId, s3BucketArn: `arn:aws:s3:::${Bucket}` };

    const answer = await cloud.invoke('batchTask', {
      ...{ invocationSchemaVersion: '2.0', invocationId: 'i', tasks: [task] },
      ...more,
    });

    expect(answer).toMatchObject({
      results: [{ resultCode: 'PermanentFailure', resultString: 'the job does not say what was planned' }],
    });
    expect(await lockOf('docs/unsaid', s3VersionId)).toBeUndefined();
  });

  it('is not there for anybody else', async () => {
    await expect(cloud.invoke('batchTask', { Records: [] })).rejects.toThrow();
  });
});

describe('the function that locks pieces of runs', () => {
  beforeAll(async () => start());
  afterAll(end);

  it('locks what is planned, and leaves in the queue only what it could not read', async () => {
    const [ours, foreign] = [await put('docs/a'), await put('docs/a', cloud.bucketOf('ConfigBucket'))];

    const answer = await cloud.invoke(
      'onChange',
      messages(
        pieceOf({ 'docs/a': ours, 'docs/gone': ours }),
        pieceOf(
          { 'docs/a': foreign },
          { group: { id: 'g001', bucket: cloud.bucketOf('ConfigBucket'), to: 'GOVERNANCE', until: UNTIL } },
        ),
        pieceOf({ 'docs/a': ours }, { policy: 'another', chunk: 1 }),
        'no piece at all',
        pieceOf({ 'docs/a': ours }, { run: '../elsewhere' }),
      ),
    );

    expect(answer).toStrictEqual({ batchItemFailures: [{ itemIdentifier: 'm3' }, { itemIdentifier: 'm4' }] });
    expect(await lockOf('docs/a', ours)).toBe('GOVERNANCE');
    expect(await lockOf('docs/a', foreign, cloud.bucketOf('ConfigBucket'))).toBeUndefined();
    await expectMetrics({ BulkSucceeded: 2, BulkFailed: 0, ChunkFailed: 2 });
    expect(logs.join('\n')).toContain('not ours');
    expect(logs.join('\n')).toContain('the policy changed since the plan');
  });

  it('leaves its hands off a run that was cancelled', async () => {
    const version = await put('docs/cancelled');
    const cancelled = 'run-00000000000000ff';
    await config(
      `runs/${cancelled}/run.json`,
      JSON.stringify({
        ...{ version: 1, id: cancelled, plan: 'p', policy, source: 's', started: UNTIL, by: 'x' },
        ...{ state: 'cancelled', waitsFor: [], groups: {} },
      }),
    );

    const answer = await cloud.invoke(
      'onChange',
      messages(pieceOf({ 'docs/cancelled': version }, { run: cancelled })),
    );

    expect(answer).toStrictEqual({ batchItemFailures: [] });
    expect(await lockOf('docs/cancelled', version)).toBeUndefined();
    expect(logs.join('\n')).toContain('the run was cancelled');
  });
});

describe('while Holdfast is paused', () => {
  beforeAll(async () => {
    await start();
    const state = { paused: true, reason: 'an audit', by: 'somebody', at: '2026-11-20T12:00:00Z' };
    await config('brake.json', JSON.stringify(state));
  });
  afterAll(end);

  it('a piece stays in its queue, and a task is asked for again', async () => {
    const version = await put('docs/a');
    const task = { taskId: 't', s3Bucket: Bucket, s3Key: 'docs/a', s3VersionId: version };

    expect(await cloud.invoke('onChange', messages(pieceOf({ 'docs/a': version })))).toStrictEqual({
      batchItemFailures: [{ itemIdentifier: 'm0' }],
    });
    expect(
      await cloud.invoke('batchTask', {
        ...{ invocationSchemaVersion: '2.0', invocationId: 'i', job: { id: 'j', userArguments: TERMS } },
        tasks: [task],
      }),
    ).toMatchObject({
      results: [{ resultCode: 'TemporaryFailure', resultString: expect.stringContaining('paused') }],
    });

    expect(await lockOf('docs/a', version)).toBeUndefined();
  });
});

describe('the functions that plan and step', () => {
  const empty = 's3://inventory/nobody/holdfast';
  beforeAll(async () => start([empty, 'nowhere', `s3://inventory/${Bucket}/holdfast`]));
  afterAll(end);

  it('tell of places without an inventory, and of those that are none, and go on with the others', async () => {
    await put('docs/a');
    const { bucket, key } = await cloud.inventory(Bucket);

    expect(await cloud.invoke('onPlan', {})).toStrictEqual([
      { inventory: empty },
      { inventory: 'nowhere' },
      { inventory: `s3://${bucket}/${key}`, plan: expect.stringMatching(/^p-/), sent: 1 },
    ]);

    await expectMetrics({ NoInventory: 1, PlanFailed: 1, PlansLooked: 1 });
  });

  it('take no inventory that is too old', async () => {
    const old = await startCloud({ policyFile: POLICY, inventories: [`s3://inventory/${Bucket}/old`] });
    const other = new S3Client({
      endpoint: old.url,
      region: old.region,
      credentials: old.credentials,
      forcePathStyle: true,
    });
    await other.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
    await old.inventory(Bucket, { id: 'old', now: Date.now() - 30 * 86_400_000 });

    expect(await old.invoke('onPlan', {})).toStrictEqual([{ inventory: `s3://inventory/${Bucket}/old` }]);

    other.destroy();
    await old.close();
  });

  it('leave a message that is none in its queue, and alarm', async () => {
    expect(await cloud.invoke('onCount', messages('{"kind":"nothing"}', 'x'))).toStrictEqual({
      batchItemFailures: [{ itemIdentifier: 'm0' }, { itemIdentifier: 'm1' }],
    });

    await expectMetrics({ PlanFailed: 2 });
  });

  it('alarm for a run that cannot go on, and go on with the others', async () => {
    const [bad, good] = ['run-00000000000000aa', 'run-00000000000000bb'];
    await config(`runs/${bad}/run.json`, '{"version":2}');
    await config('runs/active.json', JSON.stringify([bad, good]));

    const results = (await cloud.invoke('onRun', {})) as Record<string, string>;

    // A plan of an earlier test may have been put together meanwhile, and its run is stepped too.
    expect(results).toMatchObject({ [bad]: 'failed', [good]: 'over' });
    await expectMetrics({ RunFailed: 1, RunsStepped: Object.keys(results).length });
  });
});
