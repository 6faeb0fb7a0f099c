import { afterEach, describe, expect, it } from '@jest/globals';
import { reportOf, startWorld, type World } from './support/world.ts';

const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:extend';

interface Payload {
  readonly invocationSchemaVersion: string;
  readonly invocationId: string;
  readonly job: object;
  readonly tasks: readonly { readonly taskId: string; readonly s3Key: string }[];
}
type Code = 'Succeeded' | 'TemporaryFailure' | 'PermanentFailure';

let world: World;
let calls: Payload[] = [];
afterEach(async () => {
  calls = [];
  await world.close();
});

/** A function that answers each task by its key. */
const functionOf = (resultOf: (key: string, call: number) => Code | undefined, more: object = {}) => {
  return async (_arn: string, payload: unknown): Promise<unknown> => {
    const { invocationSchemaVersion, invocationId, tasks, job } = payload as Payload;
    calls.push({ invocationSchemaVersion, invocationId, tasks, job });
    const results = tasks.flatMap(({ taskId, s3Key }) => {
      const resultCode = resultOf(s3Key, calls.length);
      return resultCode === undefined ? [] : [{ taskId, resultCode, resultString: `${resultCode}, so` }];
    });
    return { invocationSchemaVersion, invocationId, results, ...more };
  };
};

const invokeWith = (more: object = {}) => ({
  Operation: { LambdaInvoke: { FunctionArn: FUNCTION, ...more } },
});

async function rowsOf(id: string): Promise<string> {
  const { Results } = JSON.parse(await world.read(`bulk/run-1/job-${id}/manifest.json`)) as {
    Results: { Key: string }[];
  };
  return (await Promise.all(Results.map(async ({ Key }) => world.read(Key)))).join('');
}

describe('a job that invokes a function', () => {
  it('sends keys escaped, the ARN of the bucket and versions in the first schema', async () => {
    world = await startWorld({ invoke: functionOf(() => 'Succeeded') });
    const id = await world.create({ ...invokeWith(), manifest: 'plain,a%20%2B%C3%BC/b,v1\n' });

    expect(await world.control.until(id)).toMatchObject({ status: 'Complete', succeeded: 1 });
    expect(calls).toStrictEqual([
      {
        invocationSchemaVersion: '1.0',
        invocationId: expect.any(String),
        job: { id },
        tasks: [
          {
            taskId: expect.any(String),
            s3Key: 'a+%2B%C3%BC/b',
            s3VersionId: 'v1',
            s3BucketArn: 'arn:aws:s3:::plain',
          },
        ],
      },
    ]);
  });

  it('sends arguments and the name of the bucket in the second', async () => {
    world = await startWorld({ invoke: functionOf(() => 'Succeeded') });
    const UserArguments = { run: 'r1', until: '2036-01-01T00:00:00Z' };
    const more = { InvocationSchemaVersion: '2.0', UserArguments };
    const id = await world.create({ ...invokeWith(more), manifest: 'plain,a,v1\n' });
    await world.control.until(id);

    expect(calls[0]).toMatchObject({
      invocationSchemaVersion: '2.0',
      job: { id, userArguments: UserArguments },
      tasks: [{ s3Bucket: 'plain' }],
    });
  });

  it('hands over several tasks a call, and each once', async () => {
    world = await startWorld({ invoke: functionOf(() => 'Succeeded'), tasksPerCall: 4, concurrency: 1 });
    const manifest = Array.from({ length: 10 }, (_, index) => `plain,k${index},v\n`).join('');
    await world.control.until(await world.create({ ...invokeWith(), manifest }));

    const keys = calls.flatMap(({ tasks }) => tasks.map(({ s3Key }) => s3Key));
    expect(calls.map(({ tasks }) => tasks.length)).toStrictEqual([4, 4, 2]);
    expect([...keys].sort()).toStrictEqual(Array.from({ length: 10 }, (_, index) => `k${index}`));
    expect(keys).not.toStrictEqual([...keys].sort());
  });

  it('is told of success and failure by the function', async () => {
    world = await startWorld({
      invoke: functionOf((key) => (key === 'good' ? 'Succeeded' : 'PermanentFailure')),
    });
    const manifest = 'plain,good,v\nplain,bad,v\n';
    const id = await world.create({ ...invokeWith(), manifest, Report: reportOf() });

    expect(await world.control.until(id)).toMatchObject({ status: 'Complete', succeeded: 1, failed: 1 });
    expect(await rowsOf(id)).toBe(
      'plain,good,v,succeeded,,200,"Succeeded, so"\n' +
        'plain,bad,v,failed,PermanentFailure,200,"PermanentFailure, so"\n',
    );
  });

  it('tries temporary failures again, a bounded number of times', async () => {
    world = await startWorld({
      invoke: functionOf((key, call) => (key === 'soon' && call > 1 ? 'Succeeded' : 'TemporaryFailure')),
      attempts: 3,
    });
    const id = await world.create({ ...invokeWith(), manifest: 'plain,soon,v\nplain,never,v\n' });

    expect(await world.control.until(id)).toMatchObject({ succeeded: 1, failed: 1 });
    expect(calls.map(({ tasks }) => tasks.length)).toStrictEqual([2, 2, 1]);
  });

  it.each([
    ['Succeeded', { succeeded: 1, failed: 0 }, 1],
    ['PermanentFailure', { succeeded: 0, failed: 1 }, 1],
    [undefined, { succeeded: 0, failed: 1 }, 3],
  ])('treats missing results as %s', async (treatMissingKeysAs, expected, times) => {
    world = await startWorld({ invoke: functionOf(() => undefined, { treatMissingKeysAs }), attempts: 3 });
    const id = await world.create({ ...invokeWith(), manifest: 'plain,a,v\n' });

    expect(await world.control.until(id)).toMatchObject(expected);
    expect(calls).toHaveLength(times);
  });

  it.each([
    ['throws', async () => Promise.reject(new Error('Task timed out after 3 seconds'))],
    ['returns nothing', async () => undefined],
    ['answers another call', functionOf(() => 'Succeeded', { invocationId: 'other' })],
    ['answers in another schema', functionOf(() => 'Succeeded', { invocationSchemaVersion: '2.0' })],
  ])('fails the tasks of a call when the function %s', async (_what, invoke) => {
    world = await startWorld({ invoke });
    const id = await world.create({ ...invokeWith(), manifest: 'plain,a,v\n', Report: reportOf() });

    expect(await world.control.until(id)).toMatchObject({ status: 'Complete', failed: 1 });
    expect(await rowsOf(id)).toMatch(/^plain,a,v,failed,PermanentFailure,200,"/);
  });

  it('fails when a key is too long', async () => {
    world = await startWorld({ invoke: functionOf(() => 'Succeeded') });
    const id = await world.create({ ...invokeWith(), manifest: `plain,${'k'.repeat(1025)},v\n` });

    expect(await world.control.until(id)).toMatchObject({ status: 'Failed' });
  });
});
