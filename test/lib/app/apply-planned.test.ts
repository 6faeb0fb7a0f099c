import {
  DeleteObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { applyPlanned, type VersionEnd } from '../../../lib/app/apply-planned.ts';
import { parseInstant } from '../../../lib/lock/instant.ts';
import { type Mode } from '../../../lib/lock/state.ts';
import { type Planned } from '../../../lib/plan/still-wanted.ts';
import { type VersionRef, versionIdOf } from '../../../lib/ports/lock-store.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { type Bulk, HOSTILE, makeOldBucket, startBulk } from '../../helpers/bulk.ts';
import { onePolicy, testDeps, type TestDeps } from '../../helpers/deps.ts';

const NOON = Date.UTC(2026, 10, 20, 12);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The date of the group: later than its rule asks, as the tolerance lets it be. */
const GROUP = '2027-07-01T20:00:00Z';
const BY_RULE = 'until: 2027-06-30';
const GOVERNANCE = onePolicy(`{ mode: GOVERNANCE, ${BY_RULE} }`);
const COMPLIANCE = onePolicy(`{ mode: COMPLIANCE, ${BY_RULE} }`);
const HOLD = 'hold';

let bulk: Bulk;
let client: S3Client;
let bucket: string;
let now: number;
let puts: string[];
/** Done between a read and the write that follows it. */
let beforePut: (() => Promise<void>)[];

beforeAll(async () => {
  bulk = await startBulk(
    {
      'cannot-lock': ['s3:PutObjectRetention', 's3:PutObjectLegalHold'],
      'cannot-read': ['s3:GetObject', 's3:GetObjectVersion'],
      'cannot-tag': ['s3:GetObjectTagging', 's3:GetObjectVersionTagging'],
    },
    {
      clock: () => now,
      fault: ({ operation }) => {
        if (/^Put.*(Retention|Hold)$/.test(operation)) puts.push(operation);
        return undefined;
      },
    },
  );
  client = bulk.client;
});
afterAll(async () => {
  await bulk.close();
});
beforeEach(async () => {
  now = NOON;
  beforePut = [];
  bucket = await makeBucket(client);
  puts = [];
});

const planned = (to: Mode = 'GOVERNANCE', until = GROUP): Planned => ({
  ...{ to, until: parseInstant(until), tolerance: DAY },
});

/** A client of somebody who is not alone: others write between its reads and its writes. */
function clientFor(user: string): S3Client {
  const mine = bulk.clientFor(user);
  mine.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName === 'PutObjectRetentionCommand') await beforePut.shift()?.();
      return next(args);
    },
    { step: 'initialize' },
  );
  return mine;
}

function depsFor(policy: string, user = 'owner'): TestDeps {
  return testDeps({ client: clientFor(user), policy, now: () => now });
}

async function apply(
  ref: VersionRef,
  wanted: Planned = planned(),
  deps = depsFor(GOVERNANCE),
): Promise<VersionEnd> {
  puts = [];
  return applyPlanned(ref, wanted, 'run-1', deps);
}

async function lock(
  { bucket: Bucket, key: Key, versionId: VersionId }: VersionRef,
  Mode: Mode,
  until: string,
  BypassGovernanceRetention = false,
): Promise<void> {
  const Retention = { Mode, RetainUntilDate: new Date(until) };
  await client.send(
    new PutObjectRetentionCommand({ Bucket, Key, VersionId, Retention, BypassGovernanceRetention }),
  );
}

const stored = (Mode: Mode, until: string): object => ({ Mode, RetainUntilDate: new Date(until) });

describe('a version that still wants what was planned', () => {
  it.each(['GOVERNANCE', 'COMPLIANCE'] as const)('gets the date of its group, in %s', async (mode) => {
    const ref = await upload(client, bucket, HOSTILE);
    const deps = depsFor(mode === 'GOVERNANCE' ? GOVERNANCE : COMPLIANCE);

    expect(await apply(ref, planned(mode), deps)).toStrictEqual({ outcome: 'locked', asPlanned: true });

    expect(await bulk.retention(ref)).toStrictEqual(stored(mode, GROUP));
    expect(puts).toHaveLength(1);
    expect(deps.records.at(-1)).toMatchObject({
      ...{ outcome: 'locked', cause: 'run-1', key: HOSTILE, versionId: ref.versionId },
      ...{ before: { mode: 'absent' }, after: { mode, until: GROUP } },
    });
  });

  it('is the version that is named, and no other of its key', async () => {
    const older = await upload(client, bucket, 'a');
    const newer = await upload(client, bucket, 'a');

    await apply(older);

    expect(await bulk.retention(older)).toBeDefined();
    expect(await bulk.retention(newer)).toBeUndefined();
  });

  it('may have no id of its own', async () => {
    const { refs } = await makeOldBucket(client, HOSTILE);
    const [ref] = refs as [VersionRef];
    await upload(client, ref.bucket, HOSTILE);

    expect(await apply(ref)).toStrictEqual({ outcome: 'locked', asPlanned: true });
    expect(await bulk.retention(ref)).toStrictEqual(stored('GOVERNANCE', GROUP));
  });

  it('is extended where it carries a shorter lock', async () => {
    const ref = await upload(client, bucket, 'a');
    await lock(ref, 'GOVERNANCE', '2027-01-01T00:00:00Z');

    expect(await apply(ref)).toStrictEqual({ outcome: 'extended', asPlanned: true });
    expect(await bulk.retention(ref)).toStrictEqual(stored('GOVERNANCE', GROUP));
  });

  it('is locked anew where its lock has ended meanwhile', async () => {
    const ref = await upload(client, bucket, 'a');
    await lock(ref, 'COMPLIANCE', '2026-11-21T00:00:00Z');
    now += 2 * DAY;

    expect(await apply(ref)).toStrictEqual({ outcome: 'locked', asPlanned: true });
    expect(await bulk.retention(ref)).toStrictEqual(stored('GOVERNANCE', GROUP));
  });

  it('gets the planned date where the rule wants a later one now: a step on the way', async () => {
    const ref = await upload(client, bucket, 'a');
    const deps = depsFor(onePolicy('{ mode: GOVERNANCE, until: 2028-06-30 }'));

    expect(await apply(ref, planned(), deps)).toMatchObject({ asPlanned: true });
    expect(await bulk.retention(ref)).toStrictEqual(stored('GOVERNANCE', GROUP));
  });

  it('gets a hold', async () => {
    const ref = await upload(client, bucket, 'a');
    // Holds are wanted by matters, which no policy can ask for: what is planned is in place, or has moved.
    await client.send(
      new PutObjectLegalHoldCommand({ Bucket: bucket, Key: 'a', LegalHold: { Status: 'ON' } }),
    );

    expect(await apply(ref, { to: HOLD })).toStrictEqual({ outcome: 'found-in-place', asPlanned: true });
    expect(puts).toStrictEqual([]);
  });

  it('counts as planned where it is extended in the weaker mode that it has', async () => {
    const ref = await upload(client, bucket, 'a');
    await lock(ref, 'GOVERNANCE', '2027-01-01T00:00:00Z');

    expect(await apply(ref, planned(), depsFor(COMPLIANCE))).toMatchObject({
      ...{ outcome: 'mode-weaker', asPlanned: true },
    });
    expect(await bulk.retention(ref)).toStrictEqual(stored('GOVERNANCE', GROUP));
  });
});

describe('a version that carries the lock already', () => {
  it.each([
    ['the same', 'GOVERNANCE', GROUP],
    ['a longer one', 'GOVERNANCE', '2030-01-01T00:00:00Z'],
    ['a stricter one', 'COMPLIANCE', '2030-01-01T00:00:00Z'],
  ] as const)('is found so and not written: %s', async (_, mode, until) => {
    const ref = await upload(client, bucket, 'a');
    await lock(ref, mode, until);
    const deps = depsFor(GOVERNANCE);

    expect(await apply(ref, planned(), deps)).toStrictEqual({ outcome: 'found-in-place', asPlanned: true });

    expect(puts).toStrictEqual([]);
    expect(await bulk.retention(ref)).toStrictEqual(stored(mode, until));
    // It may be the trace of a write whose record was lost with a process.
    expect(deps.records).toMatchObject([{ phase: 'outcome', outcome: 'found-in-place' }]);
  });

  it('is found so even where no rule wants it any more', async () => {
    const ref = await upload(client, bucket, 'a');
    await lock(ref, 'GOVERNANCE', GROUP);

    expect(
      await apply(
        ref,
        planned(),
        depsFor(onePolicy('{ mode: GOVERNANCE, until: 2027-06-30 }', '    match: { prefix: x/ }\n')),
      ),
    ).toMatchObject({
      outcome: 'found-in-place',
    });
  });

  it('does nothing twice', async () => {
    const ref = await upload(client, bucket, 'a');
    await apply(ref);

    expect(await apply(ref)).toStrictEqual({ outcome: 'found-in-place', asPlanned: true });
    expect(puts).toStrictEqual([]);
  });
});

describe('a version that has moved', () => {
  const BY_TAG = `version: 1
rules:
  - name: strict
    settle: PT1M
    match: { tags: { class: strict } }
    lock: { mode: COMPLIANCE, ${BY_RULE} }
  - name: lenient
    match: { tags: { class: lenient } }
    lock: { mode: GOVERNANCE, ${BY_RULE} }
  - name: short
    match: { tags: { class: short } }
    lock: { mode: GOVERNANCE, until: 2027-01-31 }
`;

  async function tagged(before: string, after: string): Promise<VersionRef> {
    const ref = await upload(client, bucket, 'a', { Tagging: `class=${before}` });
    const Tagging = { TagSet: [{ Key: 'class', Value: after }] };
    await client.send(new PutObjectTaggingCommand({ Bucket: bucket, Key: 'a', Tagging }));
    now += HOUR;
    return ref;
  }

  it.each([
    [
      'another mode',
      'strict',
      'lenient',
      'COMPLIANCE',
      'GOVERNANCE is wanted now, and COMPLIANCE was planned',
    ],
    [
      'the other mode',
      'lenient',
      'strict',
      'GOVERNANCE',
      'COMPLIANCE is wanted now, and GOVERNANCE was planned',
    ],
    ['a shorter lock', 'lenient', 'short', 'GOVERNANCE', 'a lock until 2027-02-01T00:00:00Z is wanted now'],
    ['no lock', 'lenient', 'other', 'GOVERNANCE', 'no rule wants a date any more'],
  ] as const)('since its tags want %s is not written', async (_, before, after, mode, detail) => {
    const ref = await tagged(before, after);
    const deps = depsFor(BY_TAG);

    expect(await apply(ref, planned(mode), deps)).toMatchObject({
      ...{ outcome: 'moved', asPlanned: false, detail: expect.stringContaining(detail) },
    });

    expect(puts).toStrictEqual([]);
    expect(await bulk.retention(ref)).toBeUndefined();
    expect(deps.records).toMatchObject([{ phase: 'outcome', outcome: 'moved', cause: 'run-1' }]);
  });

  it('and moved back is locked as planned', async () => {
    const ref = await tagged('lenient', 'lenient');

    expect(await apply(ref, planned(), depsFor(BY_TAG))).toMatchObject({ outcome: 'locked' });
  });

  it('is not locked under COMPLIANCE while its tags may still settle', async () => {
    const ref = await upload(client, bucket, 'a', { Tagging: 'class=strict' });
    now += 30_000;
    const deps = depsFor(BY_TAG);

    expect(await apply(ref, planned('COMPLIANCE'), deps)).toStrictEqual({
      ...{ outcome: 'settling', asPlanned: false, detail: 'its tags may settle until 2026-11-20T12:01:00Z' },
    });
    expect(puts).toStrictEqual([]);

    now += 31_000;
    expect(await apply(ref, planned('COMPLIANCE'), deps)).toMatchObject({ outcome: 'locked' });
  });

  it.each([
    ['GOVERNANCE', 'lenient', BY_TAG],
    // The lock in GOVERNANCE could never become one in COMPLIANCE.
    ['GOVERNANCE', 'strict', `${BY_TAG}  - name: all\n    lock: { mode: GOVERNANCE, ${BY_RULE} }\n`],
  ] as const)('since its tags may not be read any more is not written: %s, %s', async (mode, tag, policy) => {
    const ref = await upload(client, bucket, 'a', { Tagging: `class=${tag}` });
    now += HOUR;

    expect(await apply(ref, planned(mode), depsFor(policy, 'cannot-tag'))).toStrictEqual({
      ...{ outcome: 'undecided', asPlanned: false },
      detail: 'its tags could not be read: s3:GetObjectVersionTagging is needed',
    });
    expect(puts).toStrictEqual([]);
  });

  it('is not given a date beyond what its rule wants by more than the tolerance', async () => {
    const ref = await upload(client, bucket, 'a');

    expect(await apply(ref, planned('GOVERNANCE', '2027-07-02T00:00:01Z'))).toMatchObject({
      ...{ outcome: 'moved', asPlanned: false },
    });
    expect(await apply(ref, planned('GOVERNANCE', '2027-07-02T00:00:00Z'))).toMatchObject({
      ...{ outcome: 'locked', asPlanned: true },
    });
  });

  it.each([
    ['gone', versionIdOf('0'.repeat(32)), 'gone'],
    ['a delete marker', undefined, 'marker'],
  ] as const)('and is %s now is left alone', async (_, id, outcome) => {
    await upload(client, bucket, 'a');
    const { VersionId = '' } = await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'a' }));
    const deps = depsFor(GOVERNANCE);
    const ref = { bucket, key: 'a', versionId: id ?? versionIdOf(VersionId) };

    expect(await apply(ref, planned(), deps)).toStrictEqual({ outcome, asPlanned: outcome === 'gone' });
    expect(puts).toStrictEqual([]);
    expect(deps.records).toMatchObject([{ phase: 'outcome', outcome }]);
  });

  it('into a bucket without versions is named so', async () => {
    const plain = await makeBucket(client, 'versioned');
    const ref = await upload(client, plain, 'a');

    expect(await apply(ref)).toMatchObject({ outcome: 'no-lock-on-bucket', asPlanned: false });
  });
});

describe('a version that was denied', () => {
  it('for want of permission to lock', async () => {
    const ref = await upload(client, bucket, 'a');

    expect(await apply(ref, planned(), depsFor(GOVERNANCE, 'cannot-lock'))).toStrictEqual({
      ...{ outcome: 'no-permission', asPlanned: false, detail: 's3:PutObjectRetention was denied' },
    });
  });

  it('for want of permission to read', async () => {
    const ref = await upload(client, bucket, 'a');

    expect(await apply(ref, planned(), depsFor(GOVERNANCE, 'cannot-read'))).toMatchObject({
      ...{ outcome: 'no-permission', asPlanned: false, detail: expect.stringContaining('s3:GetObject') },
    });
  });

  it('by a lock that others placed meanwhile', async () => {
    const ref = await upload(client, bucket, 'a');
    beforePut = [
      async () => lock(ref, 'GOVERNANCE', '2027-01-01T00:00:00Z'),
      async () => lock(ref, 'COMPLIANCE', '2027-02-01T00:00:00Z', true),
    ];
    const deps = depsFor(COMPLIANCE);

    expect(await apply(ref, planned('COMPLIANCE'), deps)).toMatchObject({
      ...{ outcome: 'refused-by-lock', asPlanned: false },
    });
    expect(await bulk.retention(ref)).toStrictEqual(stored('COMPLIANCE', '2027-02-01T00:00:00Z'));
    expect(deps.records.at(-1)).toMatchObject({ outcome: 'refused-by-lock' });
  });

  it('and is locked as wanted by others meanwhile ends as planned', async () => {
    const ref = await upload(client, bucket, 'a');
    beforePut = [async () => lock(ref, 'COMPLIANCE', '2030-01-01T00:00:00Z')];

    expect(await apply(ref)).toStrictEqual({ outcome: 'already-right', asPlanned: true });
  });

  it('by a stored COMPLIANCE lock that ends before the GOVERNANCE lock that is wanted', async () => {
    const ref = await upload(client, bucket, 'a');
    await lock(ref, 'COMPLIANCE', '2027-01-01T00:00:00Z');

    expect(await apply(ref)).toMatchObject({ outcome: 'mode-stricter', asPlanned: false });
    expect(puts).toStrictEqual([]);
  });
});

describe('records', () => {
  it('of a COMPLIANCE write begin before it: nobody can take it back', async () => {
    const ref = await upload(client, bucket, 'a');
    const deps = depsFor(COMPLIANCE);
    let before: readonly object[] = [];
    beforePut = [
      async () => {
        before = [...deps.records];
        return Promise.resolve();
      },
    ];

    await apply(ref, planned('COMPLIANCE'), deps);

    expect(before).toMatchObject([
      { phase: 'intent', wanted: [{ kind: 'retention', mode: 'COMPLIANCE', until: GROUP }] },
    ]);
    expect(deps.records).toMatchObject([{ phase: 'intent' }, { phase: 'outcome', outcome: 'locked' }]);
  });

  it('that cannot be stored stop it before the write', async () => {
    const ref = await upload(client, bucket, 'a');
    const audit = { append: async () => Promise.reject(new Error('the disk is full')) };

    await expect(apply(ref, planned('COMPLIANCE'), { ...depsFor(COMPLIANCE), audit })).rejects.toThrow(
      'the disk is full',
    );
    expect(puts).toStrictEqual([]);
  });
});

describe('while Holdfast is paused', () => {
  const brake = { pausedBecause: async () => 'wrong tags', admit: async () => undefined };

  it('nothing is written', async () => {
    const ref = await upload(client, bucket, 'a');

    expect(await apply(ref, planned(), { ...depsFor(GOVERNANCE), brake })).toStrictEqual({
      ...{ outcome: 'paused', asPlanned: false, detail: 'wrong tags' },
    });
    expect(puts).toStrictEqual([]);
  });

  it('what is in place is found so', async () => {
    const ref = await upload(client, bucket, 'a');
    await lock(ref, 'GOVERNANCE', GROUP);

    expect(await apply(ref, planned(), { ...depsFor(GOVERNANCE), brake })).toMatchObject({ asPlanned: true });
  });
});
