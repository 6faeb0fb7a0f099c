import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  UploadPartCommand,
  type DefaultRetention,
  type ObjectLockRetention,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startS3, type RunningS3, type S3Event } from '../../../local/s3/index.ts';
import { clientOf, refusalOf } from './support/client.ts';
import { md5, send } from './support/raw.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-11-20T08:00:00Z');
const Bucket = 'held';
const day = (days: number): Date => new Date(START + days * DAY);

let now = START;
let server: RunningS3;
let s3: S3Client;
const events: S3Event[] = [];

beforeAll(async () => {
  server = await startS3({ clock: () => now, notify: (event) => events.push(event) });
  s3 = clientOf(server);
  await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
});

afterAll(async () => {
  s3.destroy();
  await server.close();
});

beforeEach(() => {
  now = START;
});

async function told(client: S3Client, Key: string): Promise<ObjectLockRetention | undefined> {
  return (await client.send(new GetObjectRetentionCommand({ Bucket, Key }))).Retention;
}

type Lock = Pick<
  PutObjectCommandInput,
  | 'ObjectLockMode'
  | 'ObjectLockRetainUntilDate'
  | 'ObjectLockEventHold'
  | 'ObjectLockEventHoldDurationDays'
  | 'ObjectLockEventHoldDurationYears'
>;

const put = async (Key: string, lock: Lock): Promise<void> => {
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ...lock }));
};

async function uploadInParts(Key: string, lock: Lock): Promise<void> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...lock }));
  const part = { Bucket, Key, UploadId, PartNumber: 1 };
  const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body: 'x' }));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
}

async function copy(Key: string, lock: Lock): Promise<void> {
  await put('source', { ObjectLockMode: 'GOVERNANCE', ...ON_IN_DAYS, ObjectLockEventHoldDurationDays: 99 });
  await s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/source`, ...lock }));
}

const ON_IN_DAYS = { ObjectLockEventHold: 'ON', ObjectLockEventHoldDurationDays: 10 } as const;

describe.each([
  ['an upload', put],
  ['an upload in parts', uploadInParts],
  ['a copy, which leaves the hold of its source behind', copy],
])('%s', (_what, create) => {
  it.each<[string, Lock, ObjectLockRetention]>([
    [
      'under a hold in days',
      { ObjectLockMode: 'COMPLIANCE', ...ON_IN_DAYS },
      { Mode: 'COMPLIANCE', EventHold: 'ON', EventHoldDuration: { Days: 10 }, RetainUntilDate: day(12) },
    ],
    [
      'under a hold in years',
      { ObjectLockMode: 'GOVERNANCE', ObjectLockEventHold: 'ON', ObjectLockEventHoldDurationYears: 1 },
      {
        Mode: 'GOVERNANCE',
        EventHold: 'ON',
        EventHoldDuration: { Years: 1 },
        RetainUntilDate: new Date('2027-11-22T08:00:00Z'),
      },
    ],
    [
      'under a hold with a date',
      { ObjectLockMode: 'GOVERNANCE', ...ON_IN_DAYS, ObjectLockRetainUntilDate: day(30) },
      { Mode: 'GOVERNANCE', EventHold: 'ON', EventHoldDuration: { Days: 10 }, RetainUntilDate: day(30) },
    ],
    [
      'under no hold, which is said',
      { ObjectLockMode: 'GOVERNANCE', ObjectLockEventHold: 'OFF', ObjectLockRetainUntilDate: day(30) },
      { Mode: 'GOVERNANCE', EventHold: 'OFF', RetainUntilDate: day(30) },
    ],
  ])('%s', async (_case, lock, expected) => {
    const key = `${create.name}-${Math.random()}`;

    await create(key, lock);
    now += 2 * DAY;

    expect(await told(s3, key)).toStrictEqual(expected);
  });
});

it('an upload under a hold is told as a creation alone', async () => {
  await put('quiet', { ObjectLockMode: 'GOVERNANCE', ...ON_IN_DAYS });

  expect(events.filter(({ key }) => key === 'quiet').map(({ name }) => name)).toStrictEqual([
    'ObjectCreated:Put',
  ]);
});

describe('headers that are refused', () => {
  const MODE = { 'x-amz-object-lock-mode': 'GOVERNANCE' };
  const DATE = 'x-amz-object-lock-retain-until-date';
  const HOLD = 'x-amz-object-lock-event-hold';
  const DAYS = 'x-amz-object-lock-event-hold-duration-days';
  const YEARS = 'x-amz-object-lock-event-hold-duration-years';

  it.each<[string, Record<string, string>, string]>([
    ['a hold without a mode', { [HOLD]: 'ON', [DAYS]: '1' }, 'InvalidRequest'],
    [
      'a hold without a mode, with a date',
      { [HOLD]: 'OFF', [DATE]: '2030-01-01T00:00:00Z' },
      'InvalidRequest',
    ],
    ['on without a duration', { ...MODE, [HOLD]: 'ON' }, 'InvalidRequest'],
    ['off without a date', { ...MODE, [HOLD]: 'OFF' }, 'InvalidRequest'],
    [
      'off with a duration',
      { ...MODE, [HOLD]: 'OFF', [DAYS]: '1', [DATE]: '2030-01-01T00:00:00Z' },
      'InvalidRequest',
    ],
    ['a duration and no hold', { ...MODE, [DAYS]: '1', [DATE]: '2030-01-01T00:00:00Z' }, 'InvalidRequest'],
    ['days and years', { ...MODE, [HOLD]: 'ON', [DAYS]: '1', [YEARS]: '1' }, 'InvalidRequest'],
    ['a hold that is none', { ...MODE, [HOLD]: 'on', [DAYS]: '1' }, 'InvalidArgument'],
    ['no days', { ...MODE, [HOLD]: 'ON', [DAYS]: '0' }, 'InvalidArgument'],
    ['half a day', { ...MODE, [HOLD]: 'ON', [DAYS]: '0.5' }, 'InvalidArgument'],
    ['more than 36,500 days', { ...MODE, [HOLD]: 'ON', [DAYS]: '36501' }, 'InvalidArgument'],
    ['more than 100 years', { ...MODE, [HOLD]: 'ON', [YEARS]: '101' }, 'InvalidArgument'],
    [
      'a date before the end of the duration',
      { ...MODE, [HOLD]: 'ON', [DAYS]: '10', [DATE]: day(9).toISOString() },
      'InvalidArgument',
    ],
  ])('%s', async (_what, headers, code) => {
    const answer = await send(server.url, {
      method: 'PUT',
      path: `/${Bucket}/refused`,
      body: 'x',
      headers: { ...headers, 'content-md5': md5('x') },
    });

    expect([answer.status, answer.code]).toStrictEqual([400, code]);
  });

  it('want proof of the body, as any lock does', async () => {
    const headers = { ...MODE, [HOLD]: 'ON', [DAYS]: '1' };

    const answer = await send(server.url, { method: 'PUT', path: `/${Bucket}/bare`, body: 'x', headers });

    expect([answer.status, answer.code]).toStrictEqual([400, 'InvalidRequest']);
  });
});

describe('the default of a bucket', () => {
  const configure = (client: S3Client, rule: DefaultRetention | undefined) =>
    client.send(
      new PutObjectLockConfigurationCommand({
        Bucket,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          ...(rule && { Rule: { DefaultRetention: rule } }),
        },
      }),
    );
  const HELD = { EventHold: 'ON' } as const;

  afterEach(() => configure(s3, undefined));

  it.each<[string, DefaultRetention, ObjectLockRetention]>([
    [
      'an event hold',
      { Mode: 'GOVERNANCE', DefaultEventHold: { Days: 10 } },
      { Mode: 'GOVERNANCE', ...HELD, EventHoldDuration: { Days: 10 }, RetainUntilDate: day(12) },
    ],
    [
      'an event hold and a period, which stands while it is longer',
      { Mode: 'COMPLIANCE', Days: 30, DefaultEventHold: { Days: 10 } },
      { Mode: 'COMPLIANCE', ...HELD, EventHoldDuration: { Days: 10 }, RetainUntilDate: day(30) },
    ],
    [
      'an event hold as long as the period, in the other unit',
      { Mode: 'GOVERNANCE', Days: 365, DefaultEventHold: { Years: 1 } },
      {
        Mode: 'GOVERNANCE',
        ...HELD,
        EventHoldDuration: { Years: 1 },
        RetainUntilDate: new Date('2027-11-22T08:00:00Z'),
      },
    ],
  ])('%s', async (what, rule, expected) => {
    await configure(s3, rule);
    const { ObjectLockConfiguration } = await s3.send(new GetObjectLockConfigurationCommand({ Bucket }));

    await put(what, {});
    now += 2 * DAY;

    expect(ObjectLockConfiguration?.Rule).toStrictEqual({ DefaultRetention: rule });
    expect(await told(s3, what)).toStrictEqual(expected);
  });

  it('gives way to the lock that an upload brings', async () => {
    await configure(s3, { Mode: 'GOVERNANCE', DefaultEventHold: { Days: 10 } });

    await put('own', { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: day(5) });

    expect(await told(s3, 'own')).toStrictEqual({ Mode: 'GOVERNANCE', RetainUntilDate: day(5) });
  });

  it.each<[string, DefaultRetention, string]>([
    ['a hold longer than the period', days(10, { Days: 11 }), 'InvalidArgument'],
    ['a hold longer than the period, in years', days(364, { Years: 1 }), 'InvalidArgument'],
    ['a hold of no days', days(10, { Days: 0 }), 'InvalidArgument'],
    ['a hold of 101 years', { Mode: 'GOVERNANCE', DefaultEventHold: { Years: 101 } }, 'InvalidArgument'],
    ['a hold of days and years', days(10, { Days: 1, Years: 1 }), 'MalformedXML'],
    ['a hold of neither', days(10, {}), 'MalformedXML'],
    ['a hold without a mode', { DefaultEventHold: { Days: 1 } }, 'MalformedXML'],
  ])('refused: %s', async (_what, rule, code) => {
    expect(await refusalOf(configure(s3, rule))).toStrictEqual({ code, status: 400 });
  });

  function days(Days: number, DefaultEventHold: NonNullable<DefaultRetention['DefaultEventHold']>) {
    return { Mode: 'GOVERNANCE', Days, DefaultEventHold } as const;
  }

  describe('and all else on a store that knows no event holds', () => {
    const retain = (client: S3Client, Retention: ObjectLockRetention) =>
      client.send(new PutObjectRetentionCommand({ Bucket, Key: 'k', Retention }));
    const DATED = { Mode: 'GOVERNANCE', RetainUntilDate: day(5) } as const;
    const DURATION = { EventHoldDuration: { Days: 10 } } as const;
    const ABSENT = { code: 'NotImplemented', status: 501 };

    async function other(eventHolds: 'refused' | 'ignored') {
      const store = await startS3({ clock: () => now, dialect: { eventHolds } });
      const client = clientOf(store);
      await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
      await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
      const close = async () => {
        client.destroy();
        await store.close();
      };
      return { client, close };
    }

    it('and refuses them: nothing is stored', async () => {
      const { client, close } = await other('refused');

      const refusals = await Promise.all([
        refusalOf(retain(client, { ...DATED, ...HELD, ...DURATION })),
        refusalOf(retain(client, { Mode: 'GOVERNANCE', EventHold: 'OFF' })),
        refusalOf(configure(client, { Mode: 'GOVERNANCE', Days: 20, DefaultEventHold: { Days: 10 } })),
        refusalOf(
          client.send(
            new PutObjectCommand({
              Bucket,
              Key: 'n',
              Body: 'x',
              ObjectLockMode: 'GOVERNANCE',
              ...ON_IN_DAYS,
            }),
          ),
        ),
      ]);
      const stored = await refusalOf(told(client, 'k'));
      await retain(client, DATED);
      const plain = await told(client, 'k');
      await close();

      expect(refusals).toStrictEqual([ABSENT, ABSENT, ABSENT, ABSENT]);
      expect(stored.code).toBe('NoSuchObjectLockConfiguration');
      expect(plain).toStrictEqual(DATED);
    });

    it('and drops them: what is left is stored', async () => {
      const { client, close } = await other('ignored');

      const releasing = await refusalOf(retain(client, { Mode: 'GOVERNANCE', EventHold: 'OFF' }));
      await retain(client, { ...DATED, ...HELD, ...DURATION });
      await configure(client, { Mode: 'GOVERNANCE', Days: 20, DefaultEventHold: { Days: 10 } });
      const lock = { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: day(7) } as const;
      await client.send(new PutObjectCommand({ Bucket, Key: 'own', Body: 'x', ...lock, ...ON_IN_DAYS }));
      await client.send(new PutObjectCommand({ Bucket, Key: 'default', Body: 'x' }));
      const stored = await Promise.all(['k', 'own', 'default'].map((key) => told(client, key)));
      await close();

      expect(releasing).toStrictEqual({ code: 'MalformedXML', status: 400 });
      expect(stored).toStrictEqual([
        DATED,
        { Mode: 'GOVERNANCE', RetainUntilDate: day(7) },
        { Mode: 'GOVERNANCE', RetainUntilDate: day(20) },
      ]);
    });
  });
});
