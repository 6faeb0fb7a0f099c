import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  type ObjectLockRetention,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startS3, type RunningS3, type S3Event } from '../../../local/s3/index.ts';
import { clientOf, refusalOf, type Refusal } from './support/client.ts';
import { md5, send } from './support/raw.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-11-20T08:00:00Z');
const Bucket = 'held';

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

/** The date so many days after the start. */
const day = (days: number): Date => new Date(START + days * DAY);
const GOVERNANCE = { Mode: 'GOVERNANCE' } as const;
const COMPLIANCE = { Mode: 'COMPLIANCE' } as const;
const on = (Days: number) => ({ EventHold: 'ON', EventHoldDuration: { Days } }) as const;
const OFF = { EventHold: 'OFF' } as const;

const LOCKED: Refusal = { code: 'AccessDenied', status: 403 };
const BAD_REQUEST: Refusal = { code: 'InvalidRequest', status: 400 };
const BAD_ARGUMENT: Refusal = { code: 'InvalidArgument', status: 400 };
const BAD_XML: Refusal = { code: 'MalformedXML', status: 400 };

interface Target {
  readonly Key: string;
  readonly VersionId: string;
}

let count = 0;
async function upload(): Promise<Target> {
  count += 1;
  const Key = `object-${count}`;
  const { VersionId = '' } = await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  return { Key, VersionId };
}

async function retain(target: Target, Retention: ObjectLockRetention, bypass = false): Promise<void> {
  await s3.send(
    new PutObjectRetentionCommand({
      Bucket,
      ...target,
      Retention,
      ...(bypass && { BypassGovernanceRetention: true }),
    }),
  );
}

/** One request after the other, each at its day. */
type Step = readonly [at: number, retention: ObjectLockRetention, bypass?: 'bypass'];

async function after(steps: readonly Step[]): Promise<Target> {
  const target = await upload();
  for (const [at, retention, bypass] of steps) {
    now = START + at * DAY;
    await retain(target, retention, bypass === 'bypass');
  }
  return target;
}

async function told(target: Target, at: number): Promise<ObjectLockRetention | undefined> {
  now = START + at * DAY;
  return (await s3.send(new GetObjectRetentionCommand({ Bucket, ...target }))).Retention;
}

describe('what is told of a version', () => {
  const table: readonly [string, readonly Step[], at: number, ObjectLockRetention][] = [
    [
      'on: the date is the duration from now',
      [[0, { ...GOVERNANCE, ...on(10) }]],
      0,
      { ...GOVERNANCE, ...on(10), RetainUntilDate: day(10) },
    ],
    [
      'on: the date goes with the clock',
      [[0, { ...COMPLIANCE, ...on(10) }]],
      400,
      { ...COMPLIANCE, ...on(10), RetainUntilDate: day(410) },
    ],
    [
      'on in years: the calendar is followed over a leap day',
      [[0, { ...GOVERNANCE, EventHold: 'ON', EventHoldDuration: { Years: 2 } }]],
      0,
      {
        ...GOVERNANCE,
        EventHold: 'ON',
        EventHoldDuration: { Years: 2 },
        RetainUntilDate: new Date('2028-11-20T08:00:00Z'),
      },
    ],
    [
      'on with a date: the date stands while it is the later one',
      [[0, { ...GOVERNANCE, ...on(10), RetainUntilDate: day(30) }]],
      15,
      { ...GOVERNANCE, ...on(10), RetainUntilDate: day(30) },
    ],
    [
      'on with a date: the clock overtakes it',
      [[0, { ...GOVERNANCE, ...on(10), RetainUntilDate: day(30) }]],
      25,
      { ...GOVERNANCE, ...on(10), RetainUntilDate: day(35) },
    ],
    [
      'on with a date that is the end of the duration to the millisecond',
      [[0, { ...GOVERNANCE, ...on(10), RetainUntilDate: day(10) }]],
      0,
      { ...GOVERNANCE, ...on(10), RetainUntilDate: day(10) },
    ],
    [
      'on over a fixed date: that date stands',
      [
        [0, { ...COMPLIANCE, RetainUntilDate: day(50) }],
        [1, { ...COMPLIANCE, ...on(10) }],
      ],
      2,
      { ...COMPLIANCE, ...on(10), RetainUntilDate: day(50) },
    ],
    [
      'on with a date over a later fixed one: the later one stands',
      [
        [0, { ...COMPLIANCE, RetainUntilDate: day(50) }],
        [1, { ...COMPLIANCE, ...on(10), RetainUntilDate: day(40) }],
      ],
      2,
      { ...COMPLIANCE, ...on(10), RetainUntilDate: day(50) },
    ],
    [
      'a shorter duration: the date stands still',
      [
        [0, { ...COMPLIANCE, ...on(100) }],
        [10, { ...COMPLIANCE, ...on(10) }],
      ],
      50,
      { ...COMPLIANCE, ...on(10), RetainUntilDate: day(110) },
    ],
    [
      'a shorter duration: and goes on once it is overtaken',
      [
        [0, { ...COMPLIANCE, ...on(100) }],
        [10, { ...COMPLIANCE, ...on(10) }],
      ],
      101,
      { ...COMPLIANCE, ...on(10), RetainUntilDate: day(111) },
    ],
    [
      'a shorter duration with bypass but no date: the date stands still all the same',
      [
        [0, { ...GOVERNANCE, ...on(100) }],
        [10, { ...GOVERNANCE, ...on(10) }, 'bypass'],
      ],
      11,
      { ...GOVERNANCE, ...on(10), RetainUntilDate: day(110) },
    ],
    [
      'a shorter duration with bypass and a date: the date is brought forward',
      [
        [0, { ...GOVERNANCE, ...on(100) }],
        [10, { ...GOVERNANCE, ...on(10), RetainUntilDate: day(30) }, 'bypass'],
      ],
      11,
      { ...GOVERNANCE, ...on(10), RetainUntilDate: day(30) },
    ],
    [
      'a longer duration: the date goes out at once',
      [
        [0, { ...COMPLIANCE, ...on(10) }],
        [5, { ...COMPLIANCE, ...on(100) }],
      ],
      5,
      { ...COMPLIANCE, ...on(100), RetainUntilDate: day(105) },
    ],
    [
      'released: the date is the duration from the release, and stays',
      [
        [0, { ...COMPLIANCE, ...on(10) }],
        [200, { ...COMPLIANCE, ...OFF }],
      ],
      205,
      { ...COMPLIANCE, ...OFF, RetainUntilDate: day(210) },
    ],
    [
      'released before a date that was stored: that date stays',
      [
        [0, { ...GOVERNANCE, ...on(10), RetainUntilDate: day(50) }],
        [20, { ...GOVERNANCE, ...OFF }],
      ],
      20,
      { ...GOVERNANCE, ...OFF, RetainUntilDate: day(50) },
    ],
    [
      'released after the duration was made shorter: the frozen date stays',
      [
        [0, { ...GOVERNANCE, ...on(100) }],
        [10, { ...GOVERNANCE, ...on(1) }],
        [20, { ...GOVERNANCE, ...OFF }],
      ],
      20,
      { ...GOVERNANCE, ...OFF, RetainUntilDate: day(110) },
    ],
    [
      'released with a later date',
      [
        [0, { ...COMPLIANCE, ...on(10) }],
        [20, { ...COMPLIANCE, ...OFF, RetainUntilDate: day(90) }],
      ],
      20,
      { ...COMPLIANCE, ...OFF, RetainUntilDate: day(90) },
    ],
    [
      'released with an earlier date, which changes nothing',
      [
        [0, { ...COMPLIANCE, ...on(10) }],
        [20, { ...COMPLIANCE, ...OFF, RetainUntilDate: day(25) }],
      ],
      20,
      { ...COMPLIANCE, ...OFF, RetainUntilDate: day(30) },
    ],
    [
      'released with an earlier date and bypass',
      [
        [0, { ...GOVERNANCE, ...on(10) }],
        [20, { ...GOVERNANCE, ...OFF, RetainUntilDate: day(25) }, 'bypass'],
      ],
      20,
      { ...GOVERNANCE, ...OFF, RetainUntilDate: day(25) },
    ],
    [
      'released twice: the second changes nothing',
      [
        [0, { ...COMPLIANCE, ...on(10) }],
        [20, { ...COMPLIANCE, ...OFF }],
        [25, { ...COMPLIANCE, ...OFF }],
      ],
      25,
      { ...COMPLIANCE, ...OFF, RetainUntilDate: day(30) },
    ],
    [
      'released, and on again',
      [
        [0, { ...COMPLIANCE, ...on(10) }],
        [20, { ...COMPLIANCE, ...OFF }],
        [25, { ...COMPLIANCE, ...on(1) }],
      ],
      40,
      { ...COMPLIANCE, ...on(1), RetainUntilDate: day(41) },
    ],
    [
      'on again after all of it expired, in another mode',
      [
        [0, { ...COMPLIANCE, ...on(10) }],
        [20, { ...COMPLIANCE, ...OFF }],
        [50, { ...GOVERNANCE, ...on(1) }],
      ],
      50,
      { ...GOVERNANCE, ...on(1), RetainUntilDate: day(51) },
    ],
    [
      'off with a date where there never was a hold',
      [[0, { ...GOVERNANCE, ...OFF, RetainUntilDate: day(5) }]],
      0,
      { ...GOVERNANCE, ...OFF, RetainUntilDate: day(5) },
    ],
    [
      'off without a date over a fixed one to come',
      [
        [0, { ...GOVERNANCE, RetainUntilDate: day(5) }],
        [1, { ...GOVERNANCE, ...OFF }],
      ],
      1,
      { ...GOVERNANCE, ...OFF, RetainUntilDate: day(5) },
    ],
    [
      'a later date and no word of the hold: hold and duration stay',
      [
        [0, { ...COMPLIANCE, ...on(10) }],
        [5, { ...COMPLIANCE, RetainUntilDate: day(40) }],
      ],
      35,
      { ...COMPLIANCE, ...on(10), RetainUntilDate: day(45) },
    ],
    [
      'a later date and no word of the hold after a release: it stays released',
      [
        [0, { ...COMPLIANCE, ...on(10) }],
        [5, { ...COMPLIANCE, ...OFF }],
        [6, { ...COMPLIANCE, RetainUntilDate: day(40) }],
      ],
      6,
      { ...COMPLIANCE, ...OFF, RetainUntilDate: day(40) },
    ],
    [
      'another mode with bypass: the hold stays',
      [
        [0, { ...GOVERNANCE, ...on(10) }],
        [5, { ...COMPLIANCE, RetainUntilDate: day(15) }, 'bypass'],
      ],
      6,
      { ...COMPLIANCE, ...on(10), RetainUntilDate: day(16) },
    ],
  ];

  it.each(table)('%s', async (_what, steps, at, expected) => {
    const target = await after(steps);

    expect(await told(target, at)).toStrictEqual(expected);
  });

  it.each<[string, readonly Step[], object]>([
    [
      'on in days',
      [[0, { ...GOVERNANCE, ...on(10) }]],
      { ObjectLockEventHold: 'ON', ObjectLockEventHoldDurationDays: 10 },
    ],
    [
      'on in years',
      [[0, { ...GOVERNANCE, EventHold: 'ON', EventHoldDuration: { Years: 3 } }]],
      { ObjectLockEventHold: 'ON', ObjectLockEventHoldDurationYears: 3 },
    ],
    [
      'off',
      [
        [0, { ...GOVERNANCE, ...on(10) }],
        [1, { ...GOVERNANCE, ...OFF }],
      ],
      { ObjectLockEventHold: 'OFF' },
    ],
    ['never on', [[0, { ...GOVERNANCE, RetainUntilDate: day(5) }]], {}],
  ])('HEAD says the same: %s', async (_what, steps, expected) => {
    const target = await after(steps);

    const head = await s3.send(new HeadObjectCommand({ Bucket, ...target }));

    const { ObjectLockMode, ObjectLockRetainUntilDate, ...others } = head;
    const { Mode, RetainUntilDate } = (await told(target, (now - START) / DAY)) ?? {};
    expect([ObjectLockMode, ObjectLockRetainUntilDate]).toStrictEqual([Mode, RetainUntilDate]);
    expect(
      Object.fromEntries(Object.entries(others).filter(([name]) => name.includes('EventHold'))),
    ).toStrictEqual(expected);
  });
});

it('who may not read retention learns nothing of a hold', async () => {
  const someone = { accessKeyId: 'someone', secretAccessKey: 'secret', deny: ['s3:GetObjectRetention'] };
  const own = await startS3({ clock: () => now, principals: [someone] });
  const client = clientOf(own, someone);
  const lock = { ObjectLockMode: 'GOVERNANCE', ObjectLockEventHold: 'ON' } as const;
  await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  await client.send(
    new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', ...lock, ObjectLockEventHoldDurationDays: 1 }),
  );

  const read = await client.send(new GetObjectCommand({ Bucket, Key: 'k' }));
  await read.Body?.transformToString();
  client.destroy();
  await own.close();

  expect(Object.keys(read).filter((name) => name.startsWith('ObjectLock'))).toStrictEqual([]);
});

describe('what is refused', () => {
  const HELD: readonly Step[] = [[0, { ...GOVERNANCE, ...on(10) }]];
  const HELD_FAST: readonly Step[] = [[0, { ...COMPLIANCE, ...on(10) }]];

  it.each<[string, readonly Step[], ObjectLockRetention, boolean, Refusal]>([
    ['on without a duration', [], { ...GOVERNANCE, EventHold: 'ON' }, false, BAD_REQUEST],
    ['off with a duration', HELD, { ...GOVERNANCE, ...on(10), ...OFF }, false, BAD_REQUEST],
    [
      'a duration and no word of the hold',
      [],
      { ...GOVERNANCE, RetainUntilDate: day(30), EventHoldDuration: { Days: 1 } },
      false,
      BAD_REQUEST,
    ],
    [
      'days and years',
      [],
      { ...GOVERNANCE, EventHold: 'ON', EventHoldDuration: { Days: 1, Years: 1 } },
      false,
      BAD_XML,
    ],
    ['neither days nor years', [], { ...GOVERNANCE, EventHold: 'ON', EventHoldDuration: {} }, false, BAD_XML],
    ['half a day', [], { ...GOVERNANCE, ...on(0.5) }, false, BAD_XML],
    ['no days', [], { ...GOVERNANCE, ...on(0) }, false, BAD_ARGUMENT],
    ['less than no days', [], { ...GOVERNANCE, ...on(-1) }, false, BAD_ARGUMENT],
    ['more than 36,500 days', [], { ...GOVERNANCE, ...on(36_501) }, false, BAD_ARGUMENT],
    [
      'more than 100 years',
      [],
      { ...GOVERNANCE, EventHold: 'ON', EventHoldDuration: { Years: 101 } },
      false,
      BAD_ARGUMENT,
    ],
    ['on without a mode', [], on(10), false, BAD_XML],
    ['off without a mode', HELD, OFF, false, BAD_XML],
    ['off where there is nothing to release', [], { ...GOVERNANCE, ...OFF }, false, BAD_REQUEST],
    [
      'off where all is over',
      [[-10, { ...GOVERNANCE, RetainUntilDate: day(-5) }]],
      { ...GOVERNANCE, ...OFF },
      false,
      BAD_REQUEST,
    ],
    [
      'on with a date before the end of the duration',
      [],
      { ...GOVERNANCE, ...on(10), RetainUntilDate: day(9) },
      false,
      BAD_ARGUMENT,
    ],
    [
      'the same with bypass on a lock',
      HELD,
      { ...GOVERNANCE, ...on(10), RetainUntilDate: day(9) },
      true,
      BAD_ARGUMENT,
    ],
    [
      'on with a date in the past',
      [],
      { ...GOVERNANCE, ...on(10), RetainUntilDate: day(-1) },
      false,
      BAD_ARGUMENT,
    ],
    [
      'a date before the one that is told',
      HELD_FAST,
      { ...COMPLIANCE, RetainUntilDate: day(9) },
      false,
      LOCKED,
    ],
    [
      'that date under GOVERNANCE, with bypass and no word of the hold',
      HELD,
      { ...GOVERNANCE, RetainUntilDate: day(9) },
      true,
      BAD_REQUEST,
    ],
    ['a release in another mode', HELD, { ...COMPLIANCE, ...OFF }, false, LOCKED],
    ['a release in a weaker mode, with bypass', HELD_FAST, { ...GOVERNANCE, ...OFF }, true, LOCKED],
    ['on again in another mode', HELD, { ...COMPLIANCE, ...on(20) }, false, LOCKED],
    [
      'off with a date before a fixed one',
      [[0, { ...COMPLIANCE, RetainUntilDate: day(9) }]],
      { ...COMPLIANCE, ...OFF, RetainUntilDate: day(5) },
      true,
      LOCKED,
    ],
    ['removal', HELD, {}, false, LOCKED],
    ['removal with bypass, under COMPLIANCE', HELD_FAST, {}, true, LOCKED],
  ])('%s', async (_what, steps, retention, bypass, expected) => {
    const target = await after(steps);
    now = START;

    const refusal = await refusalOf(retain(target, retention, bypass));

    expect(refusal).toStrictEqual(expected);
  });

  it('a status that is none', async () => {
    const { Key } = await upload();
    const body = '<Retention><Mode>GOVERNANCE</Mode><EventHold>on</EventHold></Retention>';

    const answer = await send(server.url, {
      method: 'PUT',
      path: `/${Bucket}/${Key}`,
      query: { retention: '' },
      headers: { 'content-md5': md5(body) },
      body,
    });

    expect([answer.status, answer.code]).toStrictEqual([400, 'MalformedXML']);
  });

  it('names the date that is too early', async () => {
    const target = await upload();

    const put = retain(target, { ...GOVERNANCE, ...on(10), RetainUntilDate: day(9) });

    await expect(put).rejects.toMatchObject({
      ArgumentName: 'RetainUntilDate',
      message: expect.stringContaining('the current time plus the event hold duration'),
    });
  });
});

describe('a version is destroyed', () => {
  const HELD = (Mode: 'GOVERNANCE' | 'COMPLIANCE'): Step => [0, { Mode, ...on(10) }];

  it.each<[string, readonly Step[], at: number, bypass: boolean, Refusal | 'destroyed']>([
    ['not while its hold is on, however long ago', [HELD('COMPLIANCE')], 30_000, false, LOCKED],
    ['not with bypass under COMPLIANCE', [HELD('COMPLIANCE')], 1, true, LOCKED],
    ['not without bypass under GOVERNANCE', [HELD('GOVERNANCE')], 1, false, LOCKED],
    ['with bypass under GOVERNANCE', [HELD('GOVERNANCE')], 1, true, 'destroyed'],
    [
      'not in the term after a release',
      [HELD('COMPLIANCE'), [5, { ...COMPLIANCE, ...OFF }]],
      14,
      false,
      LOCKED,
    ],
    ['after that term', [HELD('COMPLIANCE'), [5, { ...COMPLIANCE, ...OFF }]], 15, false, 'destroyed'],
    [
      'after its hold was removed with bypass',
      [HELD('GOVERNANCE'), [5, {}, 'bypass']],
      5,
      false,
      'destroyed',
    ],
  ])('%s', async (_what, steps, at, bypass, expected) => {
    const target = await after(steps);
    now = START + at * DAY;

    const call = s3.send(
      new DeleteObjectCommand({
        Bucket,
        ...target,
        ...(bypass && { BypassGovernanceRetention: true }),
      }),
    );

    if (expected === 'destroyed') expect((await call).VersionId).toBe(target.VersionId);
    else expect(await refusalOf(call)).toStrictEqual(expected);
  });

  it('not under a legal hold, which an event hold knows nothing of', async () => {
    const target = await after([[0, { ...GOVERNANCE, ...on(10) }]]);
    await s3.send(new PutObjectLegalHoldCommand({ Bucket, ...target, LegalHold: { Status: 'ON' } }));

    const remove = s3.send(new DeleteObjectCommand({ Bucket, ...target, BypassGovernanceRetention: true }));

    expect(await refusalOf(remove)).toStrictEqual(LOCKED);
  });
});

it('setting, changing and releasing a hold are told as changes of retention', async () => {
  const target = await after([
    [0, { ...GOVERNANCE, ...on(10) }],
    [1, { ...GOVERNANCE, EventHold: 'ON', EventHoldDuration: { Years: 1 } }],
    [2, { ...GOVERNANCE, ...OFF }],
  ]);

  const seen = events.filter(({ key, name }) => key === target.Key && name === 'ObjectRetention:Put');

  expect(seen.map(({ retention }) => retention)).toStrictEqual([
    {
      mode: 'GOVERNANCE',
      retainUntilDate: day(10).toISOString(),
      eventHold: 'ON',
      eventHoldDuration: { days: 10 },
    },
    {
      mode: 'GOVERNANCE',
      retainUntilDate: day(366).toISOString(),
      eventHold: 'ON',
      eventHoldDuration: { years: 1 },
    },
    { mode: 'GOVERNANCE', retainUntilDate: day(367).toISOString(), eventHold: 'OFF' },
  ]);
});
