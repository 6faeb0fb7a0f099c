import {
  CreateBucketCommand,
  DeleteObjectCommand,
  type ListObjectVersionsCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { handleMessage } from '../../../lib/app/handle-message.ts';
import { sweepAll, type SweepResult, sweepBucket } from '../../../lib/app/sweep.ts';
import { type DeedRecord } from '../../../lib/audit/record.ts';
import { S3Documents } from '../../../lib/aws/s3-documents.ts';
import { S3VersionListing } from '../../../lib/aws/s3-version-listing.ts';
import { parseMessage } from '../../../lib/events/object-events.ts';
import { instantOf } from '../../../lib/lock/instant.ts';
import { type VersionRef } from '../../../lib/ports/lock-store.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { onePolicy, testDeps, type TestDeps } from '../../helpers/deps.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';

const NOON = Date.UTC(2026, 10, 20, 12);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const POLICY = onePolicy('{ mode: GOVERNANCE, for: P1Y }', '    match: { except: [{ prefix: tmp/ }] }\n');
const PATIENT = DAY;

let embedded: Embedded;
let client: S3Client;
let config: string;
let bucket: string;
let now: number;

beforeAll(async () => {
  embedded = await startEmbedded(
    { 'no-tags': ['s3:GetObjectTagging', 's3:GetObjectVersionTagging'], 'no-read': ['s3:GetObject*'] },
    { clock: () => now },
  );
  client = embedded.clientFor();
});
afterAll(async () => {
  await embedded.close();
});
beforeEach(async () => {
  now = NOON;
  config = await makeBucket(client, 'versioned');
  bucket = await makeBucket(client);
});

async function uploadAt(
  moment: number,
  key: string,
  more: Parameters<typeof upload>[3] = {},
): Promise<VersionRef> {
  const present = now;
  now = moment;
  const ref = await upload(client, bucket, key, more);
  now = present;
  return ref;
}

interface Swept extends SweepResult {
  readonly deps: TestDeps;
  /** What was sent to the queue, as the parser of the queue's messages reads it. */
  readonly refs: VersionRef[];
}

interface SweepOptions {
  readonly policy?: string;
  /** How long it may go on (milliseconds). */
  readonly patience?: number;
  readonly as?: S3Client;
  readonly listAs?: S3Client;
  readonly provider?: string;
}

/** One sweep at a moment, by a function that knows nothing of the one before. */
async function sweepAt(
  moment: number,
  { policy = POLICY, patience = PATIENT, as = client, listAs = as, provider = 'aws' }: SweepOptions = {},
): Promise<Swept> {
  now = moment;
  const deps = testDeps({ client: as, policy, provider, now: () => now, config });
  const documents = new S3Documents(client, config);
  const result = await sweepBucket(bucket, deps.policy, instantOf(moment + patience), {
    ...deps,
    documents,
    listing: new S3VersionListing(listAs),
  });
  const refs = deps.delayed.flatMap(({ body }) => {
    const parsed = parseMessage(body);
    return parsed.kind === 'objects'
      ? parsed.events.map(
          ({ bucket: name, key, versionId }) => ({ bucket: name, key, versionId }) as VersionRef,
        )
      : [];
  });
  return { ...result, deps, refs };
}

/** A client whose listings come in pages of two versions. */
function pagedClient(): S3Client {
  const paged = embedded.clientFor();
  paged.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName === 'ListObjectVersionsCommand')
        (args.input as ListObjectVersionsCommandInput).MaxKeys = 2;
      return next(args);
    },
    { step: 'initialize' },
  );
  return paged;
}

async function state(): Promise<unknown> {
  const document = await new S3Documents(client, config).get(`sweep/${bucket}.json`);
  return document && JSON.parse(document.body);
}

describe('a version whose event never came', () => {
  it('is found and sent, and what was sent locks it', async () => {
    const ref = await uploadAt(NOON - HOUR, 'a/b c+d 😀.txt');

    const { deps, refs, looked, sent, finished } = await sweepAt(NOON);

    expect({ looked, sent, finished }).toStrictEqual({ looked: 1, sent: 1, finished: true });
    expect(refs).toStrictEqual([ref]);
    expect(deps.delayed).toMatchObject([{ seconds: 0, waits: 0 }]);
    const body = deps.delayed[0]?.body ?? '';
    const handled = await handleMessage({ body, messageId: 'm', receives: 1, waits: 0 }, deps);
    expect(handled).toMatchObject({
      kind: 'handled',
      records: [
        {
          outcome: 'locked',
          key: ref.key,
          versionId: ref.versionId,
          cause: expect.stringMatching(/^sweep-/),
        },
      ],
    });
    expect(await deps.store.readLock(ref, 'retention')).toMatchObject({
      lock: { retention: { state: 'locked', mode: 'GOVERNANCE', until: Date.UTC(2027, 10, 20, 11) } },
    });
  });

  it('is named as its uploader named it, whatever the key holds', async () => {
    const keys = [
      '\u0001control',
      ' leading and trailing ',
      'a&amp;<b>"\'',
      'line\nbreak\r\nand\rmore',
      '😀/é',
      '100%25+1',
      '1.0',
      '0x10',
      'true',
    ];
    const refs = [];
    for (const key of keys) refs.push(await uploadAt(NOON - HOUR, key));

    const swept = await sweepAt(NOON);

    expect(new Set(swept.refs.map(({ key }) => key))).toStrictEqual(new Set(keys));
    expect(new Set(swept.refs.map(({ versionId }) => versionId))).toStrictEqual(
      new Set(refs.map(({ versionId }) => versionId)),
    );
  });

  it('is found under a newer version and under a delete marker; the marker itself is not sent', async () => {
    const older = await uploadAt(NOON - HOUR, 'a');
    const newer = await uploadAt(NOON - HOUR, 'a');
    now = NOON - HOUR;
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'a' }));

    const { refs } = await sweepAt(NOON);

    expect(refs).toStrictEqual([newer, older]);
  });

  it.each([
    [
      'a lock that ends too early',
      { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: new Date(NOON + DAY) },
    ],
    ['a hold where a date is wanted', { ObjectLockLegalHoldStatus: 'ON' }],
  ] as const)('with %s is sent', async (_, lock) => {
    const ref = await uploadAt(NOON - HOUR, 'a', lock);

    expect((await sweepAt(NOON)).refs).toStrictEqual([ref]);
  });

  it('whose rule needs a tag that may not be read is sent: the function says why', async () => {
    const policy = onePolicy('{ mode: GOVERNANCE, for: P1D }', '    match: { tags: { class: hr } }\n');
    const ref = await uploadAt(NOON - HOUR, 'a', { Tagging: 'class=hr' });

    const blind = await sweepAt(NOON, { policy, as: embedded.clientFor('no-tags') });

    expect(blind.refs).toStrictEqual([ref]);
  });

  it('that may not be read at all is sent, never taken as covered', async () => {
    const lock = {
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: new Date(NOON + 2 * 365 * DAY),
    } as const;
    const ref = await uploadAt(NOON - HOUR, 'a', lock);

    expect((await sweepAt(NOON, { as: embedded.clientFor('no-read') })).refs).toStrictEqual([ref]);
  });
});

describe('what is not sent', () => {
  it('a version that carries its lock, or a longer and stricter one', async () => {
    const until = (years: number): Date => new Date(Date.UTC(2026 + years, 10, 20, 12));
    await uploadAt(NOON - HOUR, 'as-wanted', {
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: until(1),
    });
    await uploadAt(NOON - HOUR, 'longer', {
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: until(9),
    });

    expect(await sweepAt(NOON)).toMatchObject({ looked: 2, sent: 0, refs: [] });
  });

  it('a version that is held, where a hold is wanted', async () => {
    const policy = onePolicy('{ mode: GOVERNANCE, for: P1D, from: { tag: closed, untilThen: held } }');
    const open = await uploadAt(NOON - HOUR, 'open');
    await uploadAt(NOON - HOUR, 'held', { ObjectLockLegalHoldStatus: 'ON' });

    expect((await sweepAt(NOON, { policy })).refs).toStrictEqual([open]);
  });

  it('a version that no rule covers', async () => {
    await uploadAt(NOON - HOUR, 'tmp/a');

    expect(await sweepAt(NOON)).toMatchObject({ looked: 1, sent: 0 });
  });

  it('a version under observation: its record was written when its event came', async () => {
    const policy = onePolicy('{ mode: GOVERNANCE, for: P1D }', '    enforce: observe\n');
    await uploadAt(NOON - HOUR, 'a');

    expect(await sweepAt(NOON, { policy })).toMatchObject({ looked: 1, sent: 0 });
  });

  it('a version whose term is over', async () => {
    const policy = onePolicy('{ mode: GOVERNANCE, until: 2026-01-01 }');
    await uploadAt(NOON - HOUR, 'a');

    expect(await sweepAt(NOON, { policy })).toMatchObject({ looked: 1, sent: 0 });
  });

  it('a version of the last five minutes: its event may be on its way', async () => {
    const due = await uploadAt(NOON - 5 * MINUTE, 'due');
    await uploadAt(NOON - 5 * MINUTE + SECOND, 'young');

    expect(await sweepAt(NOON)).toMatchObject({ looked: 1, refs: [due] });
  });

  it('twice, what was locked between two sweeps', async () => {
    await uploadAt(NOON - 10 * MINUTE, 'a');
    const { deps } = await sweepAt(NOON);
    await handleMessage({ body: deps.delayed[0]?.body ?? '', messageId: 'm', receives: 1, waits: 0 }, deps);

    expect(await sweepAt(NOON + SECOND)).toMatchObject({ looked: 1, sent: 0 });
  });
});

describe('how far back a sweep looks', () => {
  it('the first one: one day', async () => {
    await uploadAt(NOON - DAY - HOUR, 'older');
    const ref = await uploadAt(NOON - DAY + MINUTE, 'a day');

    expect(await sweepAt(NOON)).toMatchObject({ looked: 1, refs: [ref] });
  });

  it('the next one: to the start of the one before', async () => {
    await uploadAt(NOON - HOUR, 'looked at before');
    await sweepAt(NOON);
    const ref = await uploadAt(NOON + MINUTE, 'new');

    expect(await sweepAt(NOON + HOUR)).toMatchObject({ looked: 1, refs: [ref] });
  });

  it('and 15 minutes more: clocks differ, and what was too young then is old enough now', async () => {
    await sweepAt(NOON);
    const late = await uploadAt(NOON - 15 * MINUTE, 'late');
    await uploadAt(NOON - 15 * MINUTE - SECOND, 'too late');
    const young = await uploadAt(NOON - 4 * MINUTE, 'young');

    expect(await sweepAt(NOON + HOUR)).toMatchObject({ looked: 2, refs: [late, young] });
  });

  it('each bucket by itself', async () => {
    await sweepAt(NOON);
    bucket = await makeBucket(client);
    const ref = await uploadAt(NOON - 20 * HOUR, 'a');

    expect((await sweepAt(NOON + HOUR)).refs).toStrictEqual([ref]);
  });
});

describe('what is left behind', () => {
  it('a deed with the policy, how many were looked at, and how many were sent', async () => {
    await uploadAt(NOON - HOUR, 'a');
    await uploadAt(NOON - HOUR, 'b');
    await uploadAt(NOON - HOUR, 'tmp/c');

    const { deps } = await sweepAt(NOON);

    expect(deps.records).toStrictEqual([
      {
        id: expect.stringMatching(/^2026-11-20T12:00:00Z-/),
        time: '2026-11-20T12:00:00Z',
        actor: 'test',
        phase: 'deed',
        action: 'swept',
        policy: 'policy-hash',
        detail: `${bucket}: 3 versions created since 2026-11-19T12:00:00Z, 2 without their lock sent to the queue`,
      },
    ]);
  });

  it('the moment from which the next sweep looks', async () => {
    await sweepAt(NOON);

    expect(await state()).toStrictEqual({ since: '2026-11-20T12:00:00Z' });
  });

  it('nothing, where the bucket could not be listed: the next sweep looks as far back', async () => {
    const gone = bucket;
    bucket = 'no-such-bucket';
    await expect(sweepAt(NOON)).rejects.toThrow();
    expect(await state()).toBeUndefined();

    bucket = gone;
    expect(await sweepAt(NOON)).toMatchObject({ finished: true });
  });

  it('a place that cannot be read any more is named, with what to do', async () => {
    await new S3Documents(client, config).put(`sweep/${bucket}.json`, 'not json', 'any');

    await expect(sweepAt(NOON)).rejects.toMatchObject({ name: 'HoldfastError' });
  });
});

describe('more than one page', () => {
  it('is looked at whole: of 1,002 versions, the 502 that lack their lock are sent', async () => {
    const lock = {
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: new Date(NOON + 2 * 365 * DAY),
    } as const;
    now = NOON - HOUR;
    const keys = ['a', ...Array.from({ length: 1_000 }, (_, at) => `m/${at}`), 'z'];
    const isLocked = (key: string): boolean => /[13579]$/.test(key);
    await Promise.all(keys.map(async (key) => upload(client, bucket, key, isLocked(key) ? lock : {})));

    const { looked, sent, finished, refs } = await sweepAt(NOON);

    expect({ looked, sent, finished }).toStrictEqual({ looked: 1_002, sent: 502, finished: true });
    expect(refs.map(({ key }) => key).sort()).toStrictEqual(keys.filter((key) => !isLocked(key)).sort());
  }, 60_000);
});

describe('a sweep that runs out of time', () => {
  const impatient = { patience: 0 };

  it('remembers its place, and the next ones go on and finish: each version is looked at once', async () => {
    const listAs = pagedClient();
    const refs = [];
    for (const key of ['a', 'b', 'b', 'b', 'c']) refs.push(await uploadAt(NOON - HOUR, key));

    const sweeps = [];
    for (let at = 0; at < 3; at += 1) sweeps.push(await sweepAt(NOON + at * HOUR, { listAs, ...impatient }));

    expect(sweeps.map(({ looked, sent, finished }) => ({ looked, sent, finished }))).toStrictEqual([
      { looked: 2, sent: 2, finished: false },
      { looked: 4, sent: 4, finished: false },
      { looked: 5, sent: 5, finished: true },
    ]);
    // Versions of a key come newest first.
    const [a, b1, b2, b3, c] = refs;
    expect(sweeps.flatMap((sweep) => sweep.refs)).toStrictEqual([a, b3, b2, b1, c]);
  });

  it('is recorded once, when it has finished, from where it began', async () => {
    const listAs = pagedClient();
    for (const key of ['a', 'b', 'c']) await uploadAt(NOON - HOUR, key);

    const first = await sweepAt(NOON, { listAs, ...impatient });
    const running = await state();
    const second = await sweepAt(NOON + HOUR, { listAs, ...impatient });

    expect(first.deps.records).toStrictEqual([]);
    expect(running).toMatchObject({
      since: '2026-11-19T12:00:00Z',
      running: { started: '2026-11-20T12:00:00Z', key: 'b', looked: 2, sent: 2 },
    });
    expect(second.deps.records).toMatchObject([
      {
        action: 'swept',
        detail: `${bucket}: 3 versions created since 2026-11-19T12:00:00Z, 3 without their lock sent to the queue`,
      } satisfies Partial<DeedRecord>,
    ]);
    expect(await state()).toStrictEqual({ since: '2026-11-20T12:00:00Z' });
  });

  it('leaves nothing out that came behind its back: the next sweep looks from where this one began', async () => {
    const listAs = pagedClient();
    for (const key of ['b', 'c', 'd']) await uploadAt(NOON - HOUR, key);
    await sweepAt(NOON, { listAs, ...impatient });
    const behind = await uploadAt(NOON + MINUTE, 'a');

    const second = await sweepAt(NOON + HOUR, { listAs, ...impatient });
    const third = await sweepAt(NOON + 2 * HOUR);

    expect(second).toMatchObject({ finished: true });
    expect(second.refs.map(({ key }) => key)).toStrictEqual(['d']);
    expect(third.refs).toStrictEqual([behind]);
  });

  it('goes on after its place even when that version is gone', async () => {
    const listAs = pagedClient();
    await uploadAt(NOON - HOUR, 'a');
    const place = await uploadAt(NOON - HOUR, 'b');
    const next = await uploadAt(NOON - HOUR, 'c');
    await sweepAt(NOON, { listAs, ...impatient });
    await client.send(
      new DeleteObjectCommand({ Bucket: bucket, Key: place.key, VersionId: place.versionId }),
    );

    expect((await sweepAt(NOON + HOUR, { listAs, ...impatient })).refs).toStrictEqual([next]);
  });

  it('with time left, does all pages at once', async () => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) await uploadAt(NOON - HOUR, key);

    expect(await sweepAt(NOON, { listAs: pagedClient() })).toMatchObject({
      looked: 5,
      sent: 5,
      finished: true,
    });
  });
});

describe('a bucket without Object Lock', () => {
  it('is sent too, so that the function records why nothing can be locked there', async () => {
    bucket = `t-${bucket}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    await uploadAt(NOON - HOUR, 'a');

    const { deps, sent } = await sweepAt(NOON);

    expect(sent).toBe(1);
    const body = deps.delayed[0]?.body ?? '';
    expect(await handleMessage({ body, messageId: 'm', receives: 1, waits: 0 }, deps)).toMatchObject({
      records: [{ outcome: 'no-lock-on-bucket' }],
    });
  });
});
describe('a gap that nothing can be written over', () => {
  const WANTS_MORE = onePolicy('{ mode: GOVERNANCE, for: P1Y }');
  const locked = {
    ObjectLockMode: 'COMPLIANCE',
    ObjectLockRetainUntilDate: new Date(NOON + 2 * DAY),
  } as const;

  it('is sent, so that it is recorded, and counts as no version without its lock', async () => {
    const ref = await uploadAt(NOON - HOUR, 'a', locked);

    const { deps, refs, sent } = await sweepAt(NOON, { policy: WANTS_MORE });

    expect({ refs, sent }).toStrictEqual({ refs: [ref], sent: 0 });
    const body = deps.delayed[0]?.body ?? '';
    expect(await handleMessage({ body, messageId: 'm', receives: 1, waits: 0 }, deps)).toMatchObject({
      records: [{ outcome: 'mode-stricter' }],
    });
  });

  const WAITS = onePolicy('{ mode: GOVERNANCE, for: P1Y, from: { event: left } }');

  it.each([
    [
      'a date beyond the cap',
      'version: 1\nsettings: { maximum: P1D }\nrules: [{ name: r, lock: { mode: GOVERNANCE, until: 2050-01-01 } }]\n',
      'aws',
    ],
    ['an event that did not happen, where no store holds it', WAITS, 'generic'],
  ])('of %s is sent too', async (_, policy, provider) => {
    const ref = await uploadAt(NOON - HOUR, 'a');

    expect(await sweepAt(NOON, { policy, provider })).toMatchObject({ refs: [ref], sent: 0 });
  });

  it('is none where an event hold can be placed: it is placed, and not sent again', async () => {
    const ref = await uploadAt(NOON - HOUR, 'a');

    const { deps, refs, sent } = await sweepAt(NOON, { policy: WAITS });

    expect({ refs, sent }).toStrictEqual({ refs: [ref], sent: 1 });
    const body = deps.delayed[0]?.body ?? '';
    expect(await handleMessage({ body, messageId: 'm', receives: 1, waits: 0 }, deps)).toMatchObject({
      records: [{ outcome: 'event-hold-placed' }],
    });
    expect((await sweepAt(NOON, { policy: WAITS })).refs).toStrictEqual([]);
  });

  it('is not told again by every sweep', async () => {
    await uploadAt(NOON - HOUR, 'a', locked);
    await sweepAt(NOON, { policy: WANTS_MORE });

    expect((await sweepAt(NOON + HOUR, { policy: WANTS_MORE })).refs).toStrictEqual([]);
  });
});

describe('all buckets together', () => {
  const sweepThem = async (
    buckets: readonly string[],
    patience: number,
  ): Promise<{ results: Readonly<Record<string, SweepResult>>; failed: string[]; order: string[] }> => {
    const deps = testDeps({ client, policy: POLICY, now: () => now, config });
    const listing = new S3VersionListing(client);
    const order: string[] = [];
    const failed: string[] = [];
    const counting = {
      page: async (...args: Parameters<typeof listing.page>) => {
        order.push(args[0]);
        return listing.page(...args);
      },
    };
    const documents = new S3Documents(client, config);
    const results = await sweepAll(
      buckets,
      deps.policy,
      instantOf(now + patience),
      { ...deps, documents, listing: counting },
      (name) => failed.push(name),
    );
    return { results, failed, order };
  };

  it('a bucket that cannot be swept keeps no other from being looked at', async () => {
    await uploadAt(NOON - HOUR, 'a');
    await new S3Documents(client, config).put('sweep/broken.json', '{"since', 'any');

    const { results, failed } = await sweepThem(['broken', 'never-made', bucket], PATIENT);

    expect(results).toMatchObject({ [bucket]: { sent: 1, finished: true } });
    expect(failed.toSorted()).toStrictEqual(['broken', 'never-made']);
  });

  it('begin with another one each hour', async () => {
    const other = await makeBucket(client);
    const first = await sweepThem([bucket, other], PATIENT);
    now += HOUR;
    const second = await sweepThem([bucket, other], PATIENT);

    expect(first.order[0]).not.toBe(second.order[0]);
  });

  it('a version uploaded in parts is looked at even when it is dated from days ago', async () => {
    const listing = {
      page: async () => ({
        versions: [
          {
            ref: await uploadAt(NOON - 3 * DAY, 'parts'),
            created: instantOf(NOON - 3 * DAY),
            multipart: true,
          },
          {
            ref: await uploadAt(NOON - 3 * DAY, 'whole'),
            created: instantOf(NOON - 3 * DAY),
            multipart: false,
          },
        ],
      }),
    };
    const deps = testDeps({ client, policy: POLICY, now: () => now, config });

    const result = await sweepBucket(bucket, deps.policy, instantOf(NOON + PATIENT), { ...deps, listing });

    expect(result).toMatchObject({ looked: 1, sent: 1 });
    expect(deps.delayed[0]?.body).toContain('parts');
  });
});
