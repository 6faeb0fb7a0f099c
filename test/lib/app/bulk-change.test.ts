import { type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Chunk,
  type ChunkEnd,
  chunkSchema,
  endSchema,
  endsPrefix,
  handleChunk,
} from '../../../lib/app/bulk-change.ts';
import { S3LockStore } from '../../../lib/aws/s3-lock-store.ts';
import { type VersionRef } from '../../../lib/ports/lock-store.ts';
import { providerNamed } from '../../../lib/providers/index.ts';
import { type Run } from '../../../lib/runs/run.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { type Bulk, HOSTILE, makeOldBucket, startBulk } from '../../helpers/bulk.ts';
import { onePolicy } from '../../helpers/deps.ts';
import { type Deployment, deploymentOn } from '../../helpers/deployment.ts';

const NOON = Date.UTC(2026, 10, 20, 12);
const UNTIL = '2027-07-01T00:00:00Z';
const POLICY = onePolicy('{ mode: GOVERNANCE, until: 2027-06-30 }');
const RUN = 'run-0123456789abcdef';

let bulk: Bulk;
let client: S3Client;
let bucket: string;
let at: Deployment;
let failing = false;

beforeAll(async () => {
  bulk = await startBulk(
    { 'no-put': ['s3:PutObjectRetention'] },
    {
      clock: () => NOON,
      fault: ({ operation }) =>
        failing && operation === 'HeadObject'
          ? { status: 500, code: 'InternalError', message: 'We encountered an internal error.' }
          : undefined,
    },
  );
  client = bulk.client;
});
afterAll(async () => {
  await bulk.close();
});
beforeEach(async () => {
  failing = false;
  bucket = await makeBucket(client);
  at = await deploymentOn(bulk, { policy: POLICY, now: () => NOON });
  await at.put(`runs/${RUN}/run.json`, JSON.stringify(UNDER_WAY));
});

const UNDER_WAY: Run = {
  ...{ version: 1, id: RUN, plan: 'plan-0000000000000000', policy: 'policy-hash', source: 's3://b/' },
  ...{ started: '2026-11-20T12:00:00Z', by: 'test', state: 'running', waitsFor: [], groups: {} },
};

const pieceOf = (refs: readonly VersionRef[], more: Partial<Chunk> = {}): Chunk =>
  chunkSchema.parse({
    ...{ run: RUN, policy: 'policy-hash', tolerance: 86_400_000, sending: 0, chunk: 0 },
    group: { id: 'g001', bucket: refs[0]?.bucket ?? bucket, to: 'GOVERNANCE', until: UNTIL },
    rows: refs.map(({ key, versionId }, place) => ({ at: place, key, versionId })),
    ...more,
  });
const endAt = async (chunk = '000000'): Promise<ChunkEnd | undefined> => {
  const text = await at.text(`${endsPrefix(RUN, 'g001', 0)}${chunk}.json`);
  return text === undefined ? undefined : endSchema.parse(JSON.parse(text));
};
const outcomes = (): unknown[] =>
  at.deps.records.flatMap((record) => (record.phase === 'outcome' ? [record.outcome] : []));

describe('a piece of a run', () => {
  it('is locked, recorded, and its end stored', async () => {
    const refs = [await upload(client, bucket, 'a'), await upload(client, bucket, HOSTILE)];

    const end = await handleChunk(pieceOf(refs, { chunk: 7 }), at.changing());

    expect(end).toStrictEqual({ succeeded: 2, failed: [] });
    expect(await endAt('000007')).toStrictEqual(end);
    for (const ref of refs)
      expect(await bulk.retention(ref)).toStrictEqual({
        Mode: 'GOVERNANCE',
        RetainUntilDate: new Date(UNTIL),
      });
    expect(outcomes()).toStrictEqual(['locked', 'locked']);
    expect(at.deps.records.every(({ cause }) => cause === RUN)).toBe(true);
  });

  it('that comes twice does it once', async () => {
    const piece = pieceOf([await upload(client, bucket, 'a')]);
    const taken = bulk.taken.length;

    const ends = [await handleChunk(piece, at.changing()), await handleChunk(piece, at.changing())];

    expect(ends[0]).toStrictEqual(ends[1]);
    expect(bulk.taken.length - taken).toBe(1);
    expect(outcomes()).toStrictEqual(['locked', 'found-in-place']);
    expect(await at.names(endsPrefix(RUN, 'g001', 0))).toHaveLength(1);
  });

  it('locks versions with the id null', async () => {
    const { bucket: old, refs } = await makeOldBucket(client, 'old', HOSTILE);

    expect(await handleChunk(pieceOf(refs), at.changing())).toMatchObject({ succeeded: 2 });

    expect(refs.map(({ versionId }) => versionId)).toStrictEqual(['null', 'null']);
    for (const { key, versionId } of refs)
      expect(await bulk.retention({ bucket: old, key, versionId })).toMatchObject({ Mode: 'GOVERNANCE' });
  });

  it('gives each version a date of its own where it says so', async () => {
    const [one, two] = [await upload(client, bucket, 'a'), await upload(client, bucket, 'b')];
    at.activate(
      'version: 1\nrules:\n  - { name: a, match: { prefix: a }, lock: { mode: GOVERNANCE, until: 2027-06-30 } }\n  - { name: b, match: { prefix: b }, lock: { mode: GOVERNANCE, until: 2027-07-30 } }\n',
      'policy-hash',
    );
    const piece = pieceOf([one, two], {
      group: { id: 'g001', bucket, to: 'GOVERNANCE' },
      rows: [
        { at: 0, key: one.key, versionId: one.versionId, until: UNTIL },
        { at: 1, key: two.key, versionId: two.versionId, until: '2027-07-31T00:00:00Z' },
      ],
    });

    await handleChunk(piece, at.changing());

    expect(await bulk.retention(one)).toMatchObject({ RetainUntilDate: new Date(UNTIL) });
    expect(await bulk.retention(two)).toMatchObject({ RetainUntilDate: new Date('2027-07-31T00:00:00Z') });
  });

  it('writes nothing once the policy is another one', async () => {
    const ref = await upload(client, bucket, 'a');
    at.activate(POLICY, 'other');

    expect(await handleChunk(pieceOf([ref]), at.changing())).toBe('moved');

    expect(await bulk.retention(ref)).toBeUndefined();
    expect(await endAt()).toBeUndefined();
    expect(at.deps.records).toStrictEqual([]);
  });

  it('writes nothing once its run was cancelled', async () => {
    const ref = await upload(client, bucket, 'a');
    const run: Run = {
      ...{
        version: 1,
        id: RUN,
        plan: 'plan-1',
        policy: 'policy-hash',
        source: 's',
        started: UNTIL,
        by: 'test',
      },
      ...{ state: 'cancelled', waitsFor: [], groups: {} },
    };
    await at.put(`runs/${RUN}/run.json`, JSON.stringify(run));

    expect(await handleChunk(pieceOf([ref]), at.changing())).toBe('cancelled');

    expect(await bulk.retention(ref)).toBeUndefined();
    expect(await endAt()).toBeUndefined();
  });

  it('comes again while Holdfast is paused', async () => {
    const ref = await upload(client, bucket, 'a');
    at.pause('paused by somebody');

    await expect(handleChunk(pieceOf([ref]), at.changing())).rejects.toThrow('paused by somebody');
    expect([await bulk.retention(ref), await endAt()]).toStrictEqual([undefined, undefined]);
    at.pause(undefined);

    expect(await handleChunk(pieceOf([ref]), at.changing())).toMatchObject({ succeeded: 1 });
  });

  it('names the versions that did not end as planned, and why', async () => {
    const ref = await upload(client, bucket, 'a');
    const gone = { bucket, key: 'gone', versionId: ref.versionId };
    const denied = new S3LockStore({ client: bulk.clientFor('no-put'), provider: providerNamed('aws') });

    const end = await handleChunk(pieceOf([ref, gone]), { ...at.changing(), store: denied });

    expect(end).toStrictEqual({
      // What is gone needs no lock any more.
      succeeded: 1,
      failed: [{ key: 'a', versionId: ref.versionId, outcome: 'no-permission', detail: expect.any(String) }],
    });
    expect(await endAt()).toStrictEqual(JSON.parse(JSON.stringify(end)));
  });

  it('counts all of its versions where the bucket has no lock, also those that were not tried any more', async () => {
    const plain = await makeBucket(client, 'versioned');
    const refs = await Promise.all(
      Array.from({ length: 60 }, async (_, place) => upload(client, plain, `k${place}`)),
    );

    const end = await handleChunk(pieceOf(refs), at.changing());

    if (typeof end === 'string') throw new Error(end);
    expect(end.succeeded).toBe(0);
    expect(end.failed.map(({ key }) => key)).toStrictEqual(refs.map(({ key }) => key));
    expect(new Set(end.failed.map(({ outcome }) => outcome))).toStrictEqual(new Set(['no-lock-on-bucket']));
  });

  it('comes again where the store gave no verdict', async () => {
    const refs = await Promise.all(
      Array.from({ length: 40 }, async (_, place) => upload(client, bucket, `k${place}`)),
    );
    failing = true;

    await expect(handleChunk(pieceOf(refs), at.changing())).rejects.toThrow();

    expect(await endAt()).toBeUndefined();
  }, 30_000);

  it.each([
    ['a run that is no name', { run: '../active' }],
    ['a group that is no name', { group: { id: '../g001', bucket: 'b', to: 'hold' } }],
    ['a lock that nobody plans', { group: { id: 'g001', bucket: 'b', to: 'OFF' } }],
    ['a version without an id', { rows: [{ at: 0, key: 'k', versionId: '' }] }],
  ])('is refused with %s', (_, more) => {
    const good = pieceOf([{ bucket: 'b', key: 'k', versionId: 'null' as VersionRef['versionId'] }]);

    expect(chunkSchema.safeParse(good).success).toBe(true);
    expect(chunkSchema.safeParse({ ...good, ...more }).success).toBe(false);
  });
});
