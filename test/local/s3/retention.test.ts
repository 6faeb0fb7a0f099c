import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  type ObjectLockRetention,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startS3, type RunningS3 } from '../../../local/s3/index.ts';
import { clientOf, refusalOf } from './support/client.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-11-20T08:00:00.250Z');
const Bucket = 'locked';

let now = START;
let server: RunningS3;
let s3: S3Client;

beforeAll(async () => {
  server = await startS3({ clock: () => now });
  s3 = clientOf(server);
  await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  await s3.send(new CreateBucketCommand({ Bucket: 'plain' }));
});

afterAll(async () => {
  s3.destroy();
  await server.close();
});

const retention = (Mode: 'GOVERNANCE' | 'COMPLIANCE', days: number): ObjectLockRetention => ({
  Mode,
  RetainUntilDate: new Date(now + days * DAY),
});

let count = 0;
async function upload(Retention?: ObjectLockRetention): Promise<{ Key: string; VersionId: string }> {
  count += 1;
  const Key = `object-${count}`;
  const { VersionId = '' } = await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  if (Retention) await s3.send(new PutObjectRetentionCommand({ Bucket, Key, VersionId, Retention }));
  return { Key, VersionId };
}

describe('what PutObjectRetention accepts and refuses', () => {
  const lockRefusal = { code: 'AccessDenied', status: 403 };
  const table: readonly [
    string,
    ObjectLockRetention | undefined,
    ObjectLockRetention,
    boolean,
    { code: string; status: number } | 'accepted',
  ][] = [
    ['a future date on an unlocked version', undefined, retention('COMPLIANCE', 1), false, 'accepted'],
    [
      'a date in the past',
      undefined,
      retention('GOVERNANCE', -1),
      false,
      { code: 'InvalidArgument', status: 400 },
    ],
    [
      'a past date on a lock: the date is judged first',
      retention('GOVERNANCE', 9),
      retention('GOVERNANCE', -1),
      false,
      { code: 'InvalidArgument', status: 400 },
    ],
    [
      'a date beyond one hundred years',
      undefined,
      retention('GOVERNANCE', 36_900),
      false,
      { code: 'InvalidArgument', status: 400 },
    ],
    [
      'a mode without a date',
      undefined,
      { Mode: 'GOVERNANCE' },
      false,
      { code: 'MalformedXML', status: 400 },
    ],
    [
      'a date without a mode',
      undefined,
      { RetainUntilDate: new Date(now + DAY) },
      false,
      { code: 'MalformedXML', status: 400 },
    ],
    ['GOVERNANCE, later', retention('GOVERNANCE', 9), retention('GOVERNANCE', 10), false, 'accepted'],
    ['GOVERNANCE, the same date', retention('GOVERNANCE', 9), retention('GOVERNANCE', 9), false, 'accepted'],
    ['GOVERNANCE, earlier', retention('GOVERNANCE', 9), retention('GOVERNANCE', 8), false, lockRefusal],
    [
      'GOVERNANCE, earlier with bypass',
      retention('GOVERNANCE', 9),
      retention('GOVERNANCE', 8),
      true,
      'accepted',
    ],
    ['GOVERNANCE, removed', retention('GOVERNANCE', 9), {}, false, lockRefusal],
    ['GOVERNANCE, removed with bypass', retention('GOVERNANCE', 9), {}, true, 'accepted'],
    ['GOVERNANCE to COMPLIANCE', retention('GOVERNANCE', 9), retention('COMPLIANCE', 9), false, lockRefusal],
    [
      'GOVERNANCE to COMPLIANCE, later',
      retention('GOVERNANCE', 9),
      retention('COMPLIANCE', 10),
      false,
      lockRefusal,
    ],
    [
      'GOVERNANCE to COMPLIANCE with bypass',
      retention('GOVERNANCE', 9),
      retention('COMPLIANCE', 9),
      true,
      'accepted',
    ],
    ['COMPLIANCE, later', retention('COMPLIANCE', 9), retention('COMPLIANCE', 10), false, 'accepted'],
    ['COMPLIANCE, the same date', retention('COMPLIANCE', 9), retention('COMPLIANCE', 9), false, 'accepted'],
    [
      'COMPLIANCE, earlier with bypass',
      retention('COMPLIANCE', 9),
      retention('COMPLIANCE', 8),
      true,
      lockRefusal,
    ],
    [
      'COMPLIANCE to GOVERNANCE, later with bypass',
      retention('COMPLIANCE', 9),
      retention('GOVERNANCE', 10),
      true,
      lockRefusal,
    ],
    ['COMPLIANCE, removed with bypass', retention('COMPLIANCE', 9), {}, true, lockRefusal],
  ];

  it.each(table)('%s', async (_what, stored, Retention, bypass, expected) => {
    const version = await upload(stored);

    const call = s3.send(
      new PutObjectRetentionCommand({
        Bucket,
        ...version,
        Retention,
        ...(bypass ? { BypassGovernanceRetention: true } : {}),
      }),
    );

    if (expected === 'accepted') await expect(call).resolves.toBeDefined();
    else expect(await refusalOf(call)).toStrictEqual(expected);
  });
});

describe('what is stored', () => {
  it('is what was sent, to the millisecond, in GET and HEAD', async () => {
    const wanted = retention('GOVERNANCE', 3);
    const version = await upload(wanted);

    const { Retention } = await s3.send(new GetObjectRetentionCommand({ Bucket, ...version }));
    const head = await s3.send(new HeadObjectCommand({ Bucket, ...version }));

    expect(Retention).toStrictEqual(wanted);
    expect([head.ObjectLockMode, head.ObjectLockRetainUntilDate]).toStrictEqual([
      'GOVERNANCE',
      wanted.RetainUntilDate,
    ]);
  });

  it('is gone after a removal', async () => {
    const version = await upload(retention('GOVERNANCE', 3));
    await s3.send(
      new PutObjectRetentionCommand({ Bucket, ...version, Retention: {}, BypassGovernanceRetention: true }),
    );

    const read = s3.send(new GetObjectRetentionCommand({ Bucket, ...version }));

    expect(await refusalOf(read)).toStrictEqual({ code: 'NoSuchObjectLockConfiguration', status: 404 });
  });

  it('is still told when it has expired, and protects no more', async () => {
    const version = await upload(retention('COMPLIANCE', 1));
    now += 2 * DAY;
    try {
      const { Retention } = await s3.send(new GetObjectRetentionCommand({ Bucket, ...version }));
      const deleted = await s3.send(new DeleteObjectCommand({ Bucket, ...version }));

      expect(Retention?.Mode).toBe('COMPLIANCE');
      expect(deleted.VersionId).toBe(version.VersionId);
    } finally {
      now = START;
    }
  });
});

describe('legal holds', () => {
  it('were never there, are there, and are told OFF afterwards', async () => {
    const version = await upload();
    const read = async (): Promise<string | undefined> =>
      (await s3.send(new GetObjectLegalHoldCommand({ Bucket, ...version }))).LegalHold?.Status;
    const write = (Status: 'ON' | 'OFF'): Promise<unknown> =>
      s3.send(new PutObjectLegalHoldCommand({ Bucket, ...version, LegalHold: { Status } }));

    const never = await refusalOf(read());
    await write('ON');
    const held = await read();
    await write('OFF');
    const cleared = await read();

    expect([never, held, cleared]).toStrictEqual([
      { code: 'NoSuchObjectLockConfiguration', status: 404 },
      'ON',
      'OFF',
    ]);
  });

  it('keep a version whose retention is bypassed', async () => {
    const version = await upload(retention('GOVERNANCE', 3));
    await s3.send(new PutObjectLegalHoldCommand({ Bucket, ...version, LegalHold: { Status: 'ON' } }));

    const remove = s3.send(new DeleteObjectCommand({ Bucket, ...version, BypassGovernanceRetention: true }));

    expect(await refusalOf(remove)).toStrictEqual({ code: 'AccessDenied', status: 403 });
  });
});

describe('where there is nothing to lock', () => {
  const Retention = retention('GOVERNANCE', 1);
  const LegalHold = { Status: 'ON' } as const;

  it.each([
    ['a bucket without Object Lock', { Bucket: 'plain', Key: 'k' }, { code: 'InvalidRequest', status: 400 }],
    ['a missing key', { Bucket, Key: 'missing' }, { code: 'NoSuchKey', status: 404 }],
    ['a missing bucket', { Bucket: 'missing-bucket', Key: 'k' }, { code: 'NoSuchBucket', status: 404 }],
    [
      'a version id S3 never made',
      { Bucket, Key: 'missing', VersionId: 'not-a-version' },
      { code: 'InvalidArgument', status: 400 },
    ],
  ])('%s', async (_what, target, expected) => {
    const calls = [
      s3.send(new PutObjectRetentionCommand({ ...target, Retention })),
      s3.send(new GetObjectRetentionCommand(target)),
      s3.send(new PutObjectLegalHoldCommand({ ...target, LegalHold })),
      s3.send(new GetObjectLegalHoldCommand(target)),
    ];

    expect(await Promise.all(calls.map((call) => refusalOf(call)))).toStrictEqual(calls.map(() => expected));
  });

  it('a delete marker, named or on top', async () => {
    const { Key } = await upload();
    const { VersionId } = await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    const expected = { code: 'MethodNotAllowed', status: 405 };

    const refusals = [
      await refusalOf(s3.send(new PutObjectRetentionCommand({ Bucket, Key, VersionId, Retention }))),
      await refusalOf(s3.send(new GetObjectRetentionCommand({ Bucket, Key, VersionId }))),
      await refusalOf(s3.send(new PutObjectLegalHoldCommand({ Bucket, Key, LegalHold }))),
    ];
    const head = await refusalOf(s3.send(new HeadObjectCommand({ Bucket, Key, VersionId })));

    expect(refusals).toStrictEqual([expected, expected, expected]);
    expect(head.status).toBe(405);
  });

  it('a version that is gone', async () => {
    const version = await upload();
    await s3.send(new DeleteObjectCommand({ Bucket, ...version }));

    const read = s3.send(new GetObjectRetentionCommand({ Bucket, ...version }));

    expect(await refusalOf(read)).toStrictEqual({ code: 'NoSuchVersion', status: 404 });
  });
});
