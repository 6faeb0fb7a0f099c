import {
  DeleteObjectCommand,
  GetObjectRetentionCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { HoldfastError } from '../../../lib/errors.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { lockVersion } from '../../../lib/app/lock-version.ts';
import { type VersionRef, versionIdOf } from '../../../lib/ports/lock-store.ts';
import { type Fault } from '../../../local/s3/types.ts';
import { customerKey, makeBucket, upload } from '../../helpers/bucket.ts';
import { onePolicy, testDeps, type TestDepsOptions } from '../../helpers/deps.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';

const DENIED = {
  'cannot-see-locks': ['s3:GetObjectRetention', 's3:GetObjectLegalHold'],
  'cannot-see-tags': ['s3:GetObjectTagging', 's3:GetObjectVersionTagging'],
  'cannot-lock': ['s3:PutObjectRetention', 's3:PutObjectLegalHold'],
  'cannot-read': ['s3:GetObject', 's3:GetObjectVersion'],
};
const YEAR = onePolicy('{ mode: COMPLIANCE, for: P1Y }', '    match: { prefix: "" }\n').replace(
  'prefix: ""',
  'bucket: "**"',
);
const GOVERNANCE = YEAR.replace('COMPLIANCE', 'GOVERNANCE');

describe('locking one version', () => {
  let embedded: Embedded;
  let owner: S3Client;
  let bucket: string;
  /** What the store answers instead, by operation; and every operation that was asked for. */
  let faults: Record<string, Fault[]> = {};
  let calls: string[] = [];

  beforeAll(async () => {
    embedded = await startEmbedded(DENIED, {
      fault: ({ operation }) => {
        calls.push(operation);
        return faults[operation]?.shift();
      },
    });
    owner = embedded.clientFor();
    bucket = await makeBucket(owner);
  });
  beforeEach(() => {
    faults = {};
    calls = [];
  });
  afterAll(async () => {
    await embedded.close();
  });

  const deps = (policy: string, more: Partial<TestDepsOptions> = {}): ReturnType<typeof testDeps> =>
    testDeps({ client: owner, policy, ...more });
  const storedLock = async ({
    bucket: Bucket,
    key: Key,
    versionId: VersionId,
  }: VersionRef): Promise<object | undefined> =>
    (await owner.send(new GetObjectRetentionCommand({ Bucket, Key, VersionId }))).Retention;
  const lock = async (
    ref: VersionRef,
    Mode: 'GOVERNANCE' | 'COMPLIANCE',
    RetainUntilDate: Date,
  ): Promise<void> => {
    const { bucket: Bucket, key: Key, versionId: VersionId } = ref;
    await owner.send(
      new PutObjectRetentionCommand({ Bucket, Key, VersionId, Retention: { Mode, RetainUntilDate } }),
    );
  };
  // One second for the whole file: a test that asked twice could ask in two of them.
  const today = Math.floor(Date.now() / 1_000) * 1_000;
  const inDays = (days: number): Date => new Date(today + days * 86_400_000);

  describe('the plain way', () => {
    it('sets the lock that the rule wants, confirms it and records it', async () => {
      const ref = await upload(owner, bucket, 'plain');
      const test = deps(GOVERNANCE);

      const { records } = await lockVersion(ref, 'event-1', test);

      expect(records).toStrictEqual(test.records);
      expect(records).toMatchObject([
        {
          phase: 'outcome',
          outcome: 'locked',
          ...ref,
          rules: ['r'],
          decidedBy: 'r',
          policy: 'policy-hash',
          before: { mode: 'absent' },
          wanted: [{ kind: 'retention', mode: 'GOVERNANCE' }],
          after: { mode: 'GOVERNANCE' },
          cause: 'event-1',
        },
      ]);
      expect(await storedLock(ref)).toMatchObject({ Mode: 'GOVERNANCE' });
    });

    it('needs three requests for an untagged version, and reads tags only where a rule asks for them', async () => {
      const plain = await upload(owner, bucket, 'requests');
      calls = [];
      await lockVersion(plain, 'e', deps(GOVERNANCE));
      expect(calls).toStrictEqual(['HeadObject', 'PutObjectRetention', 'GetObjectRetention']);

      const tagged = await upload(owner, bucket, 'requests', { Tagging: 'keep=P1D' });
      calls = [];
      await lockVersion(
        tagged,
        'e',
        deps(onePolicy('{ mode: GOVERNANCE, for: { tag: keep, otherwise: P2D } }')),
      );
      expect(calls).toStrictEqual([
        'HeadObject',
        'GetObjectTagging',
        'PutObjectRetention',
        'GetObjectRetention',
      ]);
    });

    it('doing it twice does it once', async () => {
      const ref = await upload(owner, bucket, 'twice');
      const test = deps(GOVERNANCE);
      await lockVersion(ref, 'e', test);
      const first = await storedLock(ref);
      calls = [];

      const { records } = await lockVersion(ref, 'e', test);

      expect(records).toMatchObject([{ outcome: 'found-in-place' }]);
      expect(calls).toStrictEqual(['HeadObject']);
      expect(await storedLock(ref)).toStrictEqual(first);
    });

    it('stores the intent of a COMPLIANCE write before it writes', async () => {
      const ref = await upload(owner, bucket, 'intent');
      const test = deps(YEAR);
      const atIntent: string[][] = [];
      const audit = {
        append: async (record: (typeof test.records)[number]) => {
          if (record.phase === 'intent') atIntent.push([...calls]);
          await test.audit.append(record);
        },
      };
      calls = [];

      await lockVersion(ref, 'e', { ...test, audit });

      expect(
        test.records.map((record) => ('outcome' in record && record.outcome) || record.phase),
      ).toStrictEqual(['intent', 'locked']);
      expect(atIntent).toStrictEqual([['HeadObject']]);
    });

    it('places a hold where a rule waits for a tag', async () => {
      const ref = await upload(owner, bucket, 'hold');

      const { records } = await lockVersion(
        ref,
        'e',
        deps(
          onePolicy(
            '{ mode: COMPLIANCE, for: P5Y, from: { tag: closed-on, untilThen: held } }',
            '    match: { prefix: h }\n',
          ),
        ),
      );

      expect(records).toMatchObject([{ outcome: 'held', after: { hold: 'on' } }]);
    });

    it('locks what only its uploader can decrypt', async () => {
      const ref = await upload(owner, bucket, 'sse-c', customerKey());

      expect((await lockVersion(ref, 'e', deps(GOVERNANCE))).records).toMatchObject([
        { outcome: 'locked', before: { mode: 'none' } },
      ]);
    });

    it('looks the current version up where the event names none', async () => {
      const ref = await upload(owner, bucket, 'unnamed');

      const { records } = await lockVersion({ bucket, key: 'unnamed' }, 'e', deps(GOVERNANCE));

      expect(records).toMatchObject([{ outcome: 'locked', versionId: ref.versionId }]);
    });

    it('reads tags and currency where one rule needs both', async () => {
      const ref = await upload(owner, bucket, 'both', { Tagging: 'keep=P3D' });
      const policy = onePolicy('{ mode: GOVERNANCE, for: { tag: keep, otherwise: P1D }, versions: current }');

      expect((await lockVersion(ref, 'e', deps(policy))).records).toMatchObject([{ outcome: 'locked' }]);
    });

    it('asks whether the version is current only for a rule of current versions', async () => {
      const policy = onePolicy(
        '{ mode: GOVERNANCE, remaining: { atLeast: P30D, extendTo: P44D }, versions: current }',
      );
      const older = await upload(owner, bucket, 'rolling');
      const newer = await upload(owner, bucket, 'rolling');

      expect((await lockVersion(older, 'e', deps(policy))).records).toMatchObject([{ outcome: 'unmatched' }]);
      expect((await lockVersion(newer, 'e', deps(policy))).records).toMatchObject([{ outcome: 'locked' }]);
    });
  });

  describe('a lock that is already there', () => {
    it('is extended when it ends too early', async () => {
      const ref = await upload(owner, bucket, 'extend');
      await lock(ref, 'GOVERNANCE', inDays(1));

      expect((await lockVersion(ref, 'e', deps(GOVERNANCE))).records).toMatchObject([
        { outcome: 'extended', before: { mode: 'GOVERNANCE' }, after: { mode: 'GOVERNANCE' } },
      ]);
    });

    it('is never shortened', async () => {
      const ref = await upload(owner, bucket, 'longer');
      await lock(ref, 'GOVERNANCE', inDays(900));
      const before = await storedLock(ref);

      expect((await lockVersion(ref, 'e', deps(GOVERNANCE))).records).toMatchObject([
        { outcome: 'found-in-place' },
      ]);
      expect(await storedLock(ref)).toStrictEqual(before);
    });

    it('keeps its weaker mode, grows its date, and the gap is reported', async () => {
      const ref = await upload(owner, bucket, 'weaker');
      await lock(ref, 'GOVERNANCE', inDays(1));

      expect((await lockVersion(ref, 'e', deps(YEAR))).records).toMatchObject([
        {
          outcome: 'mode-weaker',
          after: { mode: 'GOVERNANCE' },
          residuals: [{ mode: 'COMPLIANCE', because: 'mode-weaker' }],
        },
      ]);
      expect(await storedLock(ref)).toMatchObject({ Mode: 'GOVERNANCE' });
    });

    it('in a weaker mode is extended for the longest rule of that mode', async () => {
      const ref = await upload(owner, bucket, 'weaker-long');
      await lock(ref, 'GOVERNANCE', inDays(10));
      const policy = `${onePolicy('{ mode: COMPLIANCE, for: P5D }', '    match: { bucket: "**" }\n')}  - name: long\n    lock: { mode: GOVERNANCE, for: P50D }\n`;

      const { records } = await lockVersion(ref, 'e', deps(policy));

      expect(records.map(({ outcome }) => outcome)).toStrictEqual(['mode-weaker', 'extended']);
      expect(await storedLock(ref)).toMatchObject({ Mode: 'GOVERNANCE' });
    });

    it('keeps its stricter mode and its date, and the gap is reported', async () => {
      const ref = await upload(owner, bucket, 'stricter');
      await lock(ref, 'COMPLIANCE', inDays(1));
      const before = await storedLock(ref);

      expect((await lockVersion(ref, 'e', deps(GOVERNANCE))).records).toMatchObject([
        { outcome: 'mode-stricter', residuals: [{ mode: 'GOVERNANCE', because: 'mode-stricter' }] },
      ]);
      expect(await storedLock(ref)).toStrictEqual(before);
    });

    it('leaves a hold that somebody else placed as it is', async () => {
      const ref = await upload(owner, bucket, 'foreign-hold');
      const { bucket: Bucket, key: Key, versionId: VersionId } = ref;
      await owner.send(
        new PutObjectLegalHoldCommand({ Bucket, Key, VersionId, LegalHold: { Status: 'ON' } }),
      );

      expect((await lockVersion(ref, 'e', deps(GOVERNANCE))).records).toMatchObject([
        { outcome: 'locked', before: { hold: 'on' }, after: { hold: 'on' } },
      ]);
    });
  });

  describe('the breaker', () => {
    it('is asked before a short COMPLIANCE lock grows to years, as before a new one', async () => {
      const ref = await upload(owner, bucket, 'birth-lock');
      await lock(ref, 'COMPLIANCE', inDays(1));
      const test = deps(YEAR);
      const brake = {
        ...test.brake,
        admit: async () => ({ why: 'tripped' as const, reason: 'enough for now' }),
      };

      const { records, paused } = await lockVersion(ref, 'e', { ...test, brake });

      expect(paused).toBe(true);
      expect(records).toMatchObject([{ outcome: 'paused', detail: 'enough for now' }]);
      expect(await storedLock(ref)).toMatchObject({ RetainUntilDate: inDays(1) });
    });

    it('is told how large the version is', async () => {
      const ref = await upload(owner, bucket, 'seven-bytes', { Body: '1234567' });
      const test = deps(YEAR);
      const loads: unknown[] = [];
      const brake = {
        ...test.brake,
        admit: async (load: unknown) => {
          loads.push(load);
          return undefined;
        },
      };

      await lockVersion(ref, 'e', { ...test, brake });

      expect(loads).toStrictEqual([{ versions: 1, bytes: 7 }]);
    });

    it('parks by itself what is larger than a whole hour', async () => {
      const ref = await upload(owner, bucket, 'too-large');
      const test = deps(YEAR);
      const brake = {
        ...test.brake,
        admit: async () => ({ why: 'too-large' as const, reason: 'too large' }),
      };

      expect((await lockVersion(ref, 'e', { ...test, brake })).records).toMatchObject([
        { outcome: 'over-breaker' },
      ]);
    });
  });

  describe('what cannot be locked is recorded with its reason', () => {
    it('a version that is gone', async () => {
      const ref = await upload(owner, bucket, 'gone');
      await owner.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'gone', VersionId: ref.versionId }));

      expect((await lockVersion(ref, 'e', deps(GOVERNANCE))).records).toMatchObject([{ outcome: 'gone' }]);
    });

    it('a delete marker', async () => {
      await upload(owner, bucket, 'marker');
      const { VersionId } = await owner.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'marker' }));
      const ref = { bucket, key: 'marker', versionId: versionIdOf(VersionId ?? '') };

      expect((await lockVersion(ref, 'e', deps(GOVERNANCE))).records).toMatchObject([{ outcome: 'marker' }]);
    });

    it('a version in a bucket without Object Lock', async () => {
      const versioned = await makeBucket(owner, 'versioned');
      const ref = await upload(owner, versioned, 'x');

      expect((await lockVersion(ref, 'e', deps(GOVERNANCE))).records).toMatchObject([
        { outcome: 'no-lock-on-bucket', next: expect.stringContaining('Object Lock') },
      ]);
    });

    it('a version that no rule covers', async () => {
      const ref = await upload(owner, bucket, 'unmatched');
      const policy = onePolicy('{ mode: GOVERNANCE, for: P1D }', '    match: { prefix: other/ }\n');

      expect((await lockVersion(ref, 'e', deps(policy))).records).toMatchObject([
        { outcome: 'unmatched', rules: [] },
      ]);
    });

    it('a rule under observation writes nothing', async () => {
      const ref = await upload(owner, bucket, 'observe');
      const policy = onePolicy('{ mode: COMPLIANCE, for: P9Y }', '    enforce: observe\n');
      calls = [];

      const { records } = await lockVersion(ref, 'e', deps(policy));

      expect(records).toMatchObject([{ outcome: 'observed', wanted: [{ mode: 'COMPLIANCE' }] }]);
      expect(calls).toStrictEqual(['HeadObject']);
    });

    it('a date beyond the cap', async () => {
      const ref = await upload(owner, bucket, 'cap');
      const policy = `version: 1\nsettings: { maximum: P1Y }\nrules:\n  - name: r\n    lock: { mode: GOVERNANCE, until: 2050-01-01 }\n`;

      expect((await lockVersion(ref, 'e', deps(policy))).records).toMatchObject([
        { outcome: 'over-cap', reports: [{ rule: 'r', code: 'over-cap' }] },
      ]);
    });

    it('a date that the store would keep as another one', async () => {
      const ref = await upload(owner, bucket, 'far');
      const policy = onePolicy('{ mode: GOVERNANCE, until: 2110-01-01 }');
      calls = [];

      const { records } = await lockVersion(
        ref,
        'e',
        testDeps({ client: owner, policy, provider: 'ceph-rgw' }),
      );

      expect(records).toMatchObject([{ outcome: 'over-cap' }]);
      expect(calls).not.toContain('PutObjectRetention');
    });

    it('a lock from a machine whose clock is wrong: nothing is counted or recorded before that is known', async () => {
      const ref = await upload(owner, bucket, 'clock');
      const wrong = deps(onePolicy('{ mode: COMPLIANCE, for: P1Y }'));
      wrong.store.requireWritable = () => {
        throw new HoldfastError('clock-apart', { what: 'the clocks are apart', next: 'set one' });
      };
      calls = [];

      await expect(lockVersion(ref, 'e', wrong)).rejects.toMatchObject({ code: 'clock-apart' });

      expect(wrong.records).toStrictEqual([]);
      expect(calls).not.toContain('PutObjectRetention');
    });

    it('a term that is over', async () => {
      const ref = await upload(owner, bucket, 'over');

      expect(
        (await lockVersion(ref, 'e', deps(onePolicy('{ mode: GOVERNANCE, until: 2020-01-01 }')))).records,
      ).toMatchObject([{ outcome: 'term-over' }]);
    });

    it('tags that must settle first', async () => {
      const ref = await upload(owner, bucket, 'settle', { Tagging: 'a=b' });
      const policy = onePolicy(
        '{ mode: COMPLIANCE, for: P1Y }',
        '    settle: PT10M\n    match: { tags: { a: b } }\n',
      );
      calls = [];

      const { records, settleUntil } = await lockVersion(ref, 'e', deps(policy));

      expect(records).toMatchObject([{ outcome: 'settling' }]);
      expect(settleUntil).toBeGreaterThan(Date.now());
      expect(calls).not.toContain('PutObjectRetention');
    });

    it('a lock that stands when a message comes again: it may be a write that was never recorded', async () => {
      const ref = await upload(owner, bucket, 'again');
      await lockVersion(ref, 'e', deps(YEAR));

      const { records } = await lockVersion(ref, 'e', deps(YEAR), { again: true });

      expect(records).toMatchObject([{ outcome: 'found-in-place', decidedBy: 'r' }]);
    });
  });

  describe('permissions that are missing', () => {
    it('a lock that may not be seen is tried, refused by S3, and never counted as covered', async () => {
      const ref = await upload(owner, bucket, 'unseen-longer');
      await lock(ref, 'COMPLIANCE', inDays(900));
      const test = deps(YEAR, { client: embedded.clientFor('cannot-see-locks') });

      const { records } = await lockVersion(ref, 'e', test);

      expect(records).toMatchObject([{ outcome: 'no-permission', after: { mode: 'absent' } }]);
      expect(await storedLock(ref)).toMatchObject({ RetainUntilDate: inDays(900) });
    });

    it('a lock that cannot be read back is not confirmed', async () => {
      const ref = await upload(owner, bucket, 'unseen-set');
      const test = deps(GOVERNANCE, { client: embedded.clientFor('cannot-see-locks') });

      expect((await lockVersion(ref, 'e', test)).records).toMatchObject([
        { outcome: 'not-confirmed', detail: expect.stringContaining('s3:GetObjectRetention') },
      ]);
    });

    it('on a store that is not known to refuse weakening, nothing is tried unseen', async () => {
      const ref = await upload(owner, bucket, 'unseen-generic');
      const test = deps(GOVERNANCE, { client: embedded.clientFor('cannot-see-locks'), provider: 'generic' });
      calls = [];

      expect((await lockVersion(ref, 'e', test)).records).toMatchObject([{ outcome: 'no-permission' }]);
      expect(calls).not.toContain('PutObjectRetention');
    });

    it('a denied write that no lock explains is a missing permission', async () => {
      const ref = await upload(owner, bucket, 'denied');
      const test = deps(YEAR, { client: embedded.clientFor('cannot-lock') });

      const { records } = await lockVersion(ref, 'e', test);

      expect(records).toMatchObject([
        {
          phase: 'outcome',
          outcome: 'no-permission',
          detail: expect.stringContaining('s3:PutObjectRetention'),
        },
      ]);
      expect(test.records.map(({ phase }) => phase)).toStrictEqual(['intent', 'outcome']);
    });

    it('tags that may not be read leave the rule undecided, and the other rules at work', async () => {
      const ref = await upload(owner, bucket, 'untagged', { Tagging: 'a=b' });
      const policy = `${onePolicy('{ mode: GOVERNANCE, for: P1D }')}  - name: t\n    match: { tags: { a: b } }\n    lock: { mode: GOVERNANCE, for: P9D }\n`;
      const test = deps(policy, { client: embedded.clientFor('cannot-see-tags') });

      expect((await lockVersion(ref, 'e', test)).records).toMatchObject([
        { outcome: 'locked' },
        { outcome: 'undecided' },
      ]);
    });

    it('GOVERNANCE waits while a COMPLIANCE rule may still match, but not for ever', async () => {
      const ref = await upload(owner, bucket, 'held-back', { Tagging: 'a=b' });
      const strict =
        '  - name: strict\n    settle: PT0S\n    match: { tags: { a: b } }\n    lock: { mode: COMPLIANCE, for: P1Y }\n';
      const policy = `${onePolicy('{ mode: GOVERNANCE, for: P1D }')}${strict}`;
      const test = deps(policy, { client: embedded.clientFor('cannot-see-tags') });

      const early = await lockVersion(ref, 'e', test, { lastChance: false });
      const last = await lockVersion(ref, 'e', test, { lastChance: true });

      expect(early.records).toMatchObject([{ outcome: 'undecided' }]);
      expect(last.records).toMatchObject([{ outcome: 'locked' }, { outcome: 'undecided' }]);
    });

    it('a version that may not be read', async () => {
      const ref = await upload(owner, bucket, 'unreadable');
      const test = deps(GOVERNANCE, { client: embedded.clientFor('cannot-read') });

      expect((await lockVersion(ref, 'e', test)).records).toMatchObject([{ outcome: 'no-permission' }]);
    });
  });

  describe('a store that falters', () => {
    const slowDown: Fault = { status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' };
    const denied: Fault = { status: 403, code: 'AccessDenied', message: 'Access Denied' };

    it('is asked again when it asks to slow down', async () => {
      const ref = await upload(owner, bucket, 'slow');
      faults = { PutObjectRetention: [slowDown], HeadObject: [slowDown] };

      expect((await lockVersion(ref, 'e', deps(GOVERNANCE))).records).toMatchObject([{ outcome: 'locked' }]);
    });

    it('is given up within the budget, for the message to come again', async () => {
      const ref = await upload(owner, bucket, 'too-slow');
      faults = { HeadObject: Array.from({ length: 20 }, () => slowDown) };
      const test = deps(GOVERNANCE, { client: embedded.clientFor(), budget: 300 });

      await expect(lockVersion(ref, 'e', test)).rejects.toMatchObject({ name: 'HoldfastError', exitCode: 5 });
      expect(test.records).toStrictEqual([]);
    });

    it('that denies a young version is asked again after a pause, where stores are known to do that', async () => {
      const ref = await upload(owner, bucket, 'young');
      faults = { PutObjectRetention: [denied, denied] };
      const test = deps(GOVERNANCE, { provider: 'ovh' });

      expect((await lockVersion(ref, 'e', test)).records).toMatchObject([{ outcome: 'locked' }]);
      expect(test.waits).toStrictEqual([250, 750]);
    });

    it('that denies an old version is believed', async () => {
      const ref = await upload(owner, bucket, 'old');
      faults = { PutObjectRetention: [denied] };
      const test = deps(GOVERNANCE, { provider: 'ovh', now: () => Date.now() + 60_000 });

      expect((await lockVersion(ref, 'e', test)).records).toMatchObject([{ outcome: 'no-permission' }]);
      expect(test.waits).toStrictEqual([]);
    });

    it('another writer who was faster has done our work', async () => {
      const ref = await upload(owner, bucket, 'race');
      const test = deps(GOVERNANCE);
      const { store } = test;
      const raced = Object.assign(Object.create(store) as typeof store, {
        write: async (...[target, write]: Parameters<typeof store.write>) => {
          await lock(target, 'COMPLIANCE', inDays(900));
          return store.write(target, write);
        },
      });

      expect((await lockVersion(ref, 'e', { ...test, store: raced })).records).toMatchObject([
        { outcome: 'already-right', after: { mode: 'COMPLIANCE' } },
      ]);
    });

    it('another writer locked otherwise: the law is asked again, of what is stored now', async () => {
      const ref = await upload(owner, bucket, 'race-otherwise');
      const test = deps(GOVERNANCE);
      const { store } = test;
      const raced = Object.assign(Object.create(store) as typeof store, {
        write: async (...[target, write]: Parameters<typeof store.write>) => {
          await lock(target, 'COMPLIANCE', inDays(2));
          return store.write(target, write);
        },
      });

      expect((await lockVersion(ref, 'e', { ...test, store: raced })).records).toMatchObject([
        {
          outcome: 'mode-stricter',
          after: { mode: 'COMPLIANCE' },
          residuals: [{ because: 'mode-stricter' }],
        },
      ]);
    });

    it('another writer is faster twice: the stored lock is named as the reason', async () => {
      const ref = await upload(owner, bucket, 'race-twice');
      const test = deps(YEAR);
      const { store } = test;
      const steps = [['GOVERNANCE', 1] as const, ['GOVERNANCE', 900] as const];
      const raced = Object.assign(Object.create(store) as typeof store, {
        write: async (...[target, write]: Parameters<typeof store.write>) => {
          const [mode, days] = steps.shift() ?? [];
          if (mode !== undefined && days !== undefined) await lock(target, mode, inDays(days));
          return store.write(target, write);
        },
      });

      const { records } = await lockVersion(ref, 'e', { ...test, store: raced });

      expect(records).toMatchObject([{ outcome: 'already-right', after: { mode: 'GOVERNANCE' } }]);
    });

    it.each([
      ['ExpiredToken', 400],
      ['RequestTimeout', 400],
      ['OperationAborted', 409],
    ])('that answers %s has given no verdict: the message comes again', async (code, status) => {
      const ref = await upload(owner, bucket, `passing-${code}`);
      faults = { PutObjectRetention: Array.from({ length: 20 }, () => ({ status, code, message: code })) };

      await expect(lockVersion(ref, 'e', deps(GOVERNANCE))).rejects.toMatchObject({ exitCode: 5 });
    });

    it('that loses the version after accepting the lock is not believed', async () => {
      const ref = await upload(owner, bucket, 'odd-404');
      faults = { GetObjectRetention: [{ status: 404, code: 'SomethingElse', message: '' }] };

      expect((await lockVersion(ref, 'e', deps(YEAR))).records).toMatchObject([{ outcome: 'not-confirmed' }]);
    });

    it('that accepts a lock and keeps another is not believed', async () => {
      const ref = await upload(owner, bucket, 'liar');
      const test = deps(GOVERNANCE);
      const { store } = test;
      const lying = Object.assign(Object.create(store) as typeof store, {
        write: async (target: VersionRef) => {
          await lock(target, 'GOVERNANCE', inDays(1));
          return { kind: 'accepted' as const };
        },
      });

      expect((await lockVersion(ref, 'e', { ...test, store: lying })).records).toMatchObject([
        { outcome: 'not-confirmed', detail: 'the store shows another lock than it accepted' },
      ]);
    });
  });
});
