import { PutObjectTaggingCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { handleTask, type TaskTerms, termsOf } from '../../../lib/app/bulk-task.ts';
import { type LockDeps } from '../../../lib/app/deps.ts';
import { S3LockStore } from '../../../lib/aws/s3-lock-store.ts';
import { parseInstant } from '../../../lib/lock/instant.ts';
import { providerNamed } from '../../../lib/providers/index.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { type Bulk, HOSTILE, makeOldBucket, startBulk } from '../../helpers/bulk.ts';
import { onePolicy, testDeps, type TestDeps } from '../../helpers/deps.ts';

const NOON = Date.UTC(2026, 10, 20, 12);
const UNTIL = '2027-07-01T00:00:00Z';
const POLICY = onePolicy('{ mode: GOVERNANCE, until: 2027-06-30 }');
/** Whether a version is locked depends on a tag, and nobody can take the lock back. */
const BY_TAG = onePolicy(
  '{ mode: COMPLIANCE, until: 2027-06-30 }',
  '    match: { tags: { class: invoice } }\n    settle: PT10M\n',
);
const RUN = 'run-0123456789abcdef';
const TERMS: TaskTerms = {
  ...{ run: RUN, policy: 'policy-hash' },
  planned: { to: 'GOVERNANCE', until: parseInstant(UNTIL), tolerance: 86_400_000 },
};
const COMPLIANCE: TaskTerms = {
  ...TERMS,
  planned: { to: 'COMPLIANCE', until: parseInstant(UNTIL), tolerance: 86_400_000 },
};

let bulk: Bulk;
let client: S3Client;
let bucket: string;
let now = NOON;
let trouble: 'none' | 'busy' | 'denied' = 'none';

beforeAll(async () => {
  bulk = await startBulk(
    { 'no-put': ['s3:PutObjectRetention'] },
    {
      clock: () => now,
      fault: ({ operation }) =>
        trouble === 'busy' && operation === 'HeadObject'
          ? { status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' }
          : undefined,
    },
  );
  client = bulk.client;
});
afterAll(async () => {
  await bulk.close();
});
beforeEach(async () => {
  now = NOON;
  trouble = 'none';
  bucket = await makeBucket(client);
});

const depsFor = (policy = POLICY, more: Partial<LockDeps> = {}): TestDeps => ({
  ...testDeps({ client, policy, now: () => now }),
  ...more,
});
const outcomesOf = ({ records }: TestDeps): unknown[] =>
  records.flatMap((record) => (record.phase === 'outcome' ? [record.outcome] : []));

const DAY = 86_400_000;

describe('a task of a bulk job', () => {
  it.each(['plain', HOSTILE])('locks %j', async (key) => {
    const ref = await upload(client, bucket, key);
    const deps = depsFor();

    expect(await handleTask(ref, TERMS, deps)).toStrictEqual({ code: 'Succeeded', text: 'locked' });

    expect(await bulk.retention(ref)).toStrictEqual({ Mode: 'GOVERNANCE', RetainUntilDate: new Date(UNTIL) });
    expect(deps.records).toContainEqual(expect.objectContaining({ phase: 'outcome', cause: RUN, key }));
  });

  it('locks a version with the id null', async () => {
    const { refs } = await makeOldBucket(client, HOSTILE);
    const [ref] = refs;
    if (ref === undefined) throw new Error('there is no version');

    expect(await handleTask(ref, TERMS, depsFor())).toMatchObject({ code: 'Succeeded' });

    expect(await bulk.retention(ref)).toMatchObject({ Mode: 'GOVERNANCE' });
  });

  it('that is run twice finds the lock in place', async () => {
    const ref = await upload(client, bucket, 'a');
    const deps = depsFor();
    await handleTask(ref, TERMS, deps);

    expect(await handleTask(ref, TERMS, deps)).toStrictEqual({ code: 'Succeeded', text: 'found-in-place' });
    expect(outcomesOf(deps)).toStrictEqual(['locked', 'found-in-place']);
  });

  it('writes nothing under another policy', async () => {
    const ref = await upload(client, bucket, 'a');
    const deps = depsFor();

    expect(await handleTask(ref, { ...TERMS, policy: 'older' }, deps)).toMatchObject({
      ...{ code: 'PermanentFailure', text: expect.stringContaining('policy changed') },
    });

    expect(await bulk.retention(ref)).toBeUndefined();
    expect(deps.records).toStrictEqual([]);
  });

  it('locks by tags what carries them still', async () => {
    const ref = await upload(client, bucket, 'a', { Tagging: 'class=invoice' });
    now += 3_600_000;
    const deps = depsFor(BY_TAG);

    expect(await handleTask(ref, COMPLIANCE, deps)).toMatchObject({ code: 'Succeeded' });

    expect(await bulk.retention(ref)).toMatchObject({ Mode: 'COMPLIANCE' });
    // Nobody can take it back, so what is about to be done is stored first.
    expect(deps.records.map(({ phase }) => phase)).toStrictEqual(['intent', 'outcome']);
  });

  it('locks nothing by a tag that changed since the plan', async () => {
    const ref = await upload(client, bucket, 'a', { Tagging: 'class=invoice' });
    const { key: Key, versionId: VersionId } = ref;
    const Tagging = { TagSet: [{ Key: 'class', Value: 'draft' }] };
    await client.send(new PutObjectTaggingCommand({ Bucket: bucket, Key, VersionId, Tagging }));
    now += 3_600_000;
    const deps = depsFor(BY_TAG);

    expect(await handleTask(ref, COMPLIANCE, deps)).toMatchObject({
      ...{ code: 'PermanentFailure', text: expect.stringMatching(/^moved: /) },
    });

    expect(await bulk.retention(ref)).toBeUndefined();
    expect(outcomesOf(deps)).toStrictEqual(['moved']);
  });

  it('waits while tags may settle', async () => {
    const ref = await upload(client, bucket, 'a', { Tagging: 'class=invoice' });
    const deps = depsFor(BY_TAG);

    expect(await handleTask(ref, COMPLIANCE, deps)).toMatchObject({
      text: expect.stringMatching(/^settling: /),
    });

    expect(await bulk.retention(ref)).toBeUndefined();
  });

  it('is asked for again where the store is busy', async () => {
    const ref = await upload(client, bucket, 'a');
    trouble = 'busy';

    expect(await handleTask(ref, TERMS, depsFor())).toMatchObject({ code: 'TemporaryFailure' });

    trouble = 'none';
    expect(await handleTask(ref, TERMS, depsFor())).toMatchObject({ code: 'Succeeded' });
  }, 30_000);

  it('is asked for again while Holdfast is paused', async () => {
    const ref = await upload(client, bucket, 'a');
    const brake = { pausedBecause: async () => 'somebody said so', admit: async () => undefined };

    expect(await handleTask(ref, TERMS, depsFor(POLICY, { brake }))).toMatchObject({
      ...{ code: 'TemporaryFailure', text: expect.stringMatching(/^paused/) },
    });

    expect(await bulk.retention(ref)).toBeUndefined();
  });

  it('succeeds where the version is gone, and says so', async () => {
    const ref = await upload(client, bucket, 'a');

    expect(await handleTask({ ...ref, key: 'gone' }, TERMS, depsFor())).toStrictEqual({
      ...{ code: 'Succeeded', text: 'gone' },
    });
  });

  it('fails with the name of the permission that is missing', async () => {
    const ref = await upload(client, bucket, 'a');
    const store = new S3LockStore({ client: bulk.clientFor('no-put'), provider: providerNamed('aws') });

    expect(await handleTask(ref, TERMS, depsFor(POLICY, { store }))).toMatchObject({
      text: expect.stringContaining('no-permission'),
    });
    expect(await bulk.retention(ref)).toBeUndefined();
  });

  it('has not happened where its record could not be stored', async () => {
    const ref = await upload(client, bucket, 'a', { Tagging: 'class=invoice' });
    now += 3_600_000;
    const append = async (): Promise<void> => {
      throw new Error('no records today');
    };

    await expect(handleTask(ref, COMPLIANCE, depsFor(BY_TAG, { audit: { append } }))).rejects.toThrow(
      'no records today',
    );

    expect(await bulk.retention(ref)).toBeUndefined();
  });
});

describe('the terms of a job', () => {
  const given = {
    run: RUN,
    policy: 'h',
    to: 'GOVERNANCE',
    until: UNTIL,
    tolerance: '86400000',
    group: 'g001',
  };

  it('allow no more lateness than the deployment does', () => {
    expect(termsOf(given, 1_000)).toMatchObject({ planned: { tolerance: 1_000 } });
  });

  it('are read from what it was given', () => {
    expect(termsOf(given, DAY)).toStrictEqual({ ...TERMS, policy: 'h' });
    expect(termsOf({ ...given, to: 'COMPLIANCE' }, DAY)).toMatchObject({ planned: { to: 'COMPLIANCE' } });
    expect(termsOf({ run: RUN, policy: 'h', to: 'hold', tolerance: '0' }, DAY)).toStrictEqual({
      ...{ run: RUN, policy: 'h', planned: { to: 'hold' } },
    });
  });

  it.each([
    ['nothing', {}],
    ['no run', { ...given, run: undefined }],
    ['no policy', { ...given, policy: undefined }],
    ['a lock that is none', { ...given, to: 'OFF' }],
    ['no date', { ...given, until: undefined }],
    ['a date that is none', { ...given, until: 'tomorrow' }],
    ['a tolerance that is no number', { ...given, tolerance: '1e9' }],
    ['a tolerance below nothing', { ...given, tolerance: '-1' }],
  ])('are none of ours with %s', (_, some) => {
    const args = Object.fromEntries(Object.entries(some).filter(([, value]) => value !== undefined));

    expect(termsOf(args as Record<string, string>, DAY)).toBeUndefined();
  });
});
