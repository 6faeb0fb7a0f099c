import { describe, expect, it } from '@jest/globals';
import { parseBatchInvocation } from '../../../lib/events/batch-task.ts';
import { HOSTILE } from '../../helpers/bulk.ts';

const one = (task: object, more: object = {}): ReturnType<typeof parseBatchInvocation>['tasks'][number] => {
  const { tasks } = parseBatchInvocation({
    invocationSchemaVersion: '2.0',
    invocationId: 'i',
    job: { id: 'j', userArguments: {} },
    tasks: [{ taskId: 't', s3Bucket: 'docs', s3Key: 'k', s3VersionId: 'v', ...task }],
    ...more,
  });
  const [first] = tasks;
  if (first === undefined) throw new Error('there is no task');
  return first;
};

describe('an invocation by a bulk job', () => {
  it('is read in schema 1.0, which names the ARN of the bucket and knows no arguments', () => {
    expect(
      parseBatchInvocation({
        invocationSchemaVersion: '1.0',
        invocationId: 'invocation-1',
        job: { id: 'job-1' },
        tasks: [{ taskId: 't1', s3Key: 'k', s3VersionId: 'v1', s3BucketArn: 'arn:aws:s3:::docs' }],
      }),
    ).toStrictEqual({
      schemaVersion: '1.0',
      invocationId: 'invocation-1',
      job: 'job-1',
      userArguments: {},
      tasks: [{ taskId: 't1', bucket: 'docs', key: 'k', versionId: 'v1' }],
    });
  });

  it('is read in schema 2.0, with several tasks and what the job was given to say', () => {
    expect(
      parseBatchInvocation({
        invocationSchemaVersion: '2.0',
        invocationId: 'invocation-2',
        job: { id: 'job-2', userArguments: { run: 'run-1', to: 'hold' } },
        tasks: [
          { taskId: 't1', s3Key: 'a', s3VersionId: 'v1', s3Bucket: 'docs' },
          { taskId: 't2', s3Key: 'b', s3VersionId: 'null', s3Bucket: 'other' },
        ],
      }),
    ).toStrictEqual({
      schemaVersion: '2.0',
      invocationId: 'invocation-2',
      job: 'job-2',
      userArguments: { run: 'run-1', to: 'hold' },
      tasks: [
        { taskId: 't1', bucket: 'docs', key: 'a', versionId: 'v1' },
        { taskId: 't2', bucket: 'other', key: 'b', versionId: 'null' },
      ],
    });
  });

  it.each(['arn:aws:s3:::docs', 'arn:aws-cn:s3:::docs', 'arn:aws-us-gov:s3:::docs'])(
    'names the bucket of %s',
    (s3BucketArn) => {
      expect(one({ s3Bucket: undefined, s3BucketArn })).toMatchObject({ bucket: 'docs' });
    },
  );

  it.each([
    ['a+b', 'a b'],
    ['a%2Bb', 'a+b'],
    ['a%20b', 'a b'],
    ['a%2520b', 'a%20b'],
    ['folder/%C3%A9.txt', 'folder/é.txt'],
    [encodeURIComponent(HOSTILE), HOSTILE],
  ])('decodes the key %s', (s3Key, key) => {
    expect(one({ s3Key })).toMatchObject({ key });
  });

  it.each([{ s3VersionId: null }, { s3VersionId: undefined }, { s3VersionId: '' }])(
    'answers no task that names no version: %j',
    (task) => {
      expect(one(task)).toStrictEqual({ taskId: 't', fault: 'the task names no version' });
    },
  );

  it('says which task cannot be read, and reads the others', () => {
    const { tasks } = parseBatchInvocation({
      invocationSchemaVersion: '1.0',
      invocationId: 'i',
      job: { id: 'j', userArguments: null },
      tasks: [
        { taskId: 't1', s3Key: 'bad%', s3VersionId: 'v', s3BucketArn: 'arn:aws:s3:::docs' },
        { taskId: 't2', s3Key: 'k', s3VersionId: 'v' },
        { taskId: 't3', s3Key: 'k', s3VersionId: 'v', s3BucketArn: 'arn:aws:s3:::' },
        { taskId: 't4', s3Key: 'k', s3VersionId: 'v', s3BucketArn: 'arn:aws:s3:::docs' },
      ],
    });

    expect(tasks).toStrictEqual([
      { taskId: 't1', fault: 'its key is not well encoded' },
      { taskId: 't2', fault: 'the task names no bucket' },
      { taskId: 't3', fault: 'the task names no bucket' },
      { taskId: 't4', bucket: 'docs', key: 'k', versionId: 'v' },
    ]);
  });

  it.each([
    ['nothing', undefined],
    ['an upload', { Records: [] }],
    [
      'a schema that is not known',
      { invocationSchemaVersion: '3.0', invocationId: 'i', job: { id: 'j' }, tasks: [] },
    ],
    [
      'a task without an id',
      { invocationSchemaVersion: '1.0', invocationId: 'i', job: { id: 'j' }, tasks: [{ s3Key: 'k' }] },
    ],
    [
      'arguments that are no texts',
      {
        invocationSchemaVersion: '2.0',
        invocationId: 'i',
        job: { id: 'j', userArguments: { n: 1 } },
        tasks: [],
      },
    ],
  ])('is refused where it is %s', (_, event) => {
    expect(() => parseBatchInvocation(event)).toThrow();
  });
});
