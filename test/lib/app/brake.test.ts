import { type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Brake, type Load, type Refused } from '../../../lib/app/brake.ts';
import { lockVersion } from '../../../lib/app/lock-version.ts';
import { type AuditRecord } from '../../../lib/audit/record.ts';
import { S3Documents } from '../../../lib/aws/s3-documents.ts';
import { type Documents } from '../../../lib/ports/documents.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { onePolicy, testDeps } from '../../helpers/deps.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';

const NOON = Date.UTC(2026, 10, 20, 12, 30);
const HOUR = 3_600_000;
const ONE: Load = { versions: 1, bytes: 1 };
const PLENTY = 1_000_000_000;

let embedded: Embedded;
let client: S3Client;
let config: string;
let now: number;
let reads: string[];
let records: AuditRecord[];

beforeAll(async () => {
  embedded = await startEmbedded(
    {},
    {
      fault: ({ operation, key = '' }) => {
        if (operation === 'GetObject') reads.push(key);
        return undefined;
      },
    },
  );
  client = embedded.clientFor();
});
afterAll(async () => {
  await embedded.close();
});
beforeEach(async () => {
  config = await makeBucket(client, 'versioned');
  [now, reads, records] = [NOON, [], []];
});

/** The brake of one execution environment, or of one terminal. */
function brakeOf(
  limit: Partial<Load> = {},
  actor = 'test',
  documents: Documents = new S3Documents(client, config),
): Brake {
  const deps = testDeps({ client, policy: onePolicy('{ mode: GOVERNANCE, for: P1D }'), now: () => now });
  const audit = {
    append: async (record: AuditRecord) => {
      records.push(record);
    },
  };
  return new Brake({
    ...deps,
    actor,
    audit,
    documents,
    limit: { versions: PLENTY, bytes: PLENTY, ...limit },
  });
}

/** Does something so many steps of the event loop's innermost queue later. */
async function after<T>(steps: number, act: () => Promise<T>): Promise<T> {
  for (let step = 0; step < steps; step += 1) await Promise.resolve();
  return act();
}

async function write(name: string, body: string): Promise<void> {
  await new S3Documents(client, config).put(name, body, 'any');
}

/** How many of these loads are admitted, asked one after the other, before the first refusal. */
async function admittedBy(brake: Brake, load = ONE, most = 100): Promise<number> {
  for (let admitted = 0; admitted < most; admitted += 1)
    if ((await brake.admit(load)) !== undefined) return admitted;
  return most;
}

describe('pausing by hand', () => {
  it('nothing is paused where nobody ever paused', async () => {
    const brake = brakeOf();

    expect(await brake.pausedBecause()).toBeUndefined();
    expect(await brake.show()).toBeUndefined();
    expect(records).toStrictEqual([]);
  });

  it('is read once for all that ask together', async () => {
    const brake = brakeOf();
    reads = [];

    await Promise.all(Array.from({ length: 10 }, async () => brake.pausedBecause()));

    expect(reads).toStrictEqual(['brake.json']);
  });

  it('a reading that was under way does not undo what was set meanwhile', async () => {
    const stored = new S3Documents(client, config);
    let answer: (() => void) | undefined;
    const slow: Documents = {
      get: async (name) => {
        const document = await stored.get(name);
        if (name === 'brake.json' && answer === undefined)
          await new Promise<void>((resolve) => {
            answer = resolve;
          });
        return document;
      },
      put: async (name, body, expected) => stored.put(name, body, expected),
    };
    const brake = brakeOf({}, 'alice', slow);
    const asked = brake.pausedBecause();
    while (answer === undefined) await new Promise(setImmediate);

    await brake.pause('the auditor asked');
    answer();

    expect(await asked).toBe('the auditor asked');
    expect(await brake.pausedBecause()).toBe('the auditor asked');
  });

  it('stops everybody, is a deed with its reason, and is shown with who did it and when', async () => {
    await brakeOf({}, 'alice').pause('the auditor asked');

    expect(await brakeOf().pausedBecause()).toBe('the auditor asked');
    expect(await brakeOf().show()).toStrictEqual({
      paused: true,
      reason: 'the auditor asked',
      by: 'alice',
      at: '2026-11-20T12:30:00Z',
    });
    expect(records).toStrictEqual([
      {
        id: '2026-11-20T12:30:00Z-1',
        time: '2026-11-20T12:30:00Z',
        actor: 'alice',
        phase: 'deed',
        action: 'paused',
        detail: 'the auditor asked',
      },
    ]);
  });

  it('resume lets everybody go on, and is a deed too', async () => {
    await brakeOf().pause('stop');

    await brakeOf({}, 'bob').resume('all is well');

    expect(await brakeOf().pausedBecause()).toBeUndefined();
    expect(await brakeOf().show()).toMatchObject({ paused: false, reason: 'all is well', by: 'bob' });
    expect(records.at(-1)).toMatchObject({
      phase: 'deed',
      action: 'resumed',
      actor: 'bob',
      detail: 'all is well',
    });
  });

  it('is noticed within 10 seconds by who looked just before, in both directions', async () => {
    const [function_, terminal] = [brakeOf(), brakeOf()];
    await function_.pausedBecause();
    await terminal.pause('stop');
    const seen: (string | undefined)[] = [];

    now += 9_999;
    seen.push(await function_.pausedBecause());
    now += 1;
    seen.push(await function_.pausedBecause());
    await terminal.resume('go');
    now += 9_999;
    seen.push(await function_.pausedBecause());
    now += 1;
    seen.push(await function_.pausedBecause());

    expect(seen).toStrictEqual([undefined, 'stop', 'stop', undefined]);
    expect(reads).toStrictEqual(['brake.json', 'brake.json', 'brake.json']);
  });

  it('is known at once to who did it', async () => {
    const brake = brakeOf();
    await brake.pausedBecause();

    await brake.pause('stop');

    expect(await brake.pausedBecause()).toBe('stop');
  });
});

describe('the breaker', () => {
  it('admits the limit and no more, trips with a deed, and pauses everybody', async () => {
    const brake = brakeOf({ versions: 3 }, 'function');

    const answers = [];
    for (let at = 0; at < 4; at += 1) answers.push(await brake.admit(ONE));

    expect(answers).toStrictEqual([
      undefined,
      undefined,
      undefined,
      { why: 'tripped', reason: expect.stringContaining('more than 3 versions') },
    ]);
    expect(records).toMatchObject([
      { phase: 'deed', action: 'breaker-tripped', actor: 'function', detail: answers[3]?.reason },
    ]);
    expect(await brake.pausedBecause()).toBe(answers[3]?.reason);
    expect(await brakeOf().pausedBecause()).toBe(answers[3]?.reason);
  });

  it('counts bytes as well as versions', async () => {
    const brake = brakeOf({ bytes: 100 });

    expect(await brake.admit({ versions: 1, bytes: 60 })).toBeUndefined();
    expect(await brake.admit({ versions: 1, bytes: 40 })).toBeUndefined();
    expect(await brake.admit({ versions: 1, bytes: 0 })).toBeUndefined();
    expect(await brake.admit({ versions: 1, bytes: 1 })).toMatchObject({
      why: 'tripped',
      reason: expect.stringContaining('100 bytes'),
    });
  });

  it('refuses one version that is larger than the limit', async () => {
    expect(await brakeOf({ bytes: 100 }).admit({ versions: 1, bytes: 101 })).toMatchObject({
      why: 'too-large',
    });
    // Nobody else is stopped by it.
    expect(await brakeOf().pausedBecause()).toBeUndefined();
  });

  it.each([
    [20, 1],
    [30, 1],
    [2_000, 70],
  ])('never lets more than %i through, in loads of %i, however many ask at once', async (limit, size) => {
    const load = { versions: size, bytes: 1 };
    const instances = Array.from({ length: 4 }, () => brakeOf({ versions: limit }));

    const answers = await Promise.allSettled(
      Array.from({ length: 32 }, async (_, at) => instances[at % 4]?.admit(load)),
    );

    let admitted = 0;
    for (const answer of answers) {
      // Who is not admitted is refused by the breaker, or was too slow and is tried again; nothing else.
      if (answer.status === 'rejected')
        expect(answer.reason).toMatchObject({ name: 'HoldfastError', code: 'throttled' });
      else if (answer.value === undefined) admitted += size;
      else expect(answer.value.reason).toContain(`more than ${limit} versions`);
    }
    expect(admitted).toBeGreaterThan(0);
    expect(admitted).toBeLessThanOrEqual(limit);
    for (const instance of instances) admitted += size * (await admittedBy(instance, load));
    expect(admitted).toBe(limit - (limit % size));
  });

  it('never gives one place to two who ask at the same moment', async () => {
    const admitted: number[] = [];
    // The second asks while the first is being told that it has taken the only place, some steps sooner or later.
    for (let steps = 0; steps < 12; steps += 1) {
      now += HOUR;
      await brakeOf().resume('another round');
      let second: Promise<Refused | undefined> | undefined;
      const documents = new S3Documents(client, config);
      const watched: Documents = {
        get: async (name, versionId) => documents.get(name, versionId),
        put: async (name, body, expected) => {
          const written = await documents.put(name, body, expected);
          second ??= after(steps, async () => brake.admit(ONE));
          return written;
        },
      };
      const brake = brakeOf({ versions: 1 }, 'test', watched);

      const first = await brake.admit(ONE);

      expect(second).toBeDefined();
      admitted.push([first, await second].filter((answer) => answer === undefined).length);
    }
    expect(admitted).toStrictEqual(admitted.map(() => 1));
  });

  it('admits a burst far below the limit whole', async () => {
    // Four functions with eight messages each: none of them may be told to come back later.
    const instances = Array.from({ length: 4 }, () => brakeOf({ versions: 100_000 }));

    const answers = await Promise.allSettled(
      Array.from({ length: 32 }, async (_, at) => instances[at % 4]?.admit(ONE)),
    );

    const refused = answers.filter((answer) => answer.status === 'fulfilled' && answer.value !== undefined);
    const thrown = answers.filter((answer) => answer.status === 'rejected');
    expect({ refused: refused.length, thrown: thrown.length }).toStrictEqual({ refused: 0, thrown: 0 });
    expect(records).toStrictEqual([]);
  });

  it('does not trip since many functions hold a share that they do not use', async () => {
    // serverless.yml lets 50 of them run at once.
    const answers: (Refused | undefined)[] = [];
    for (let at = 0; at < 50; at += 1) answers.push(await brakeOf({ versions: 100_000 }).admit(ONE));

    expect(answers.filter((answer) => answer !== undefined)).toStrictEqual([]);
    expect(records).toStrictEqual([]);
  });

  it('does not write for every version', async () => {
    const brake = brakeOf({ versions: 100_000 });

    expect(await admittedBy(brake, ONE, 50)).toBe(50);

    expect(reads.filter((name) => name.startsWith('breaker/'))).toHaveLength(1);
  });

  it('gives every hour its limit, and carries nothing over from the hour before', async () => {
    const brake = brakeOf({ versions: 3_000 });
    await brake.admit(ONE);

    now += HOUR;

    expect(await brake.admit({ versions: 2_999, bytes: 1 })).toBeUndefined();
    expect(await admittedBy(brake)).toBe(1);
  });

  it('counts the functions together within an hour, not across hours', async () => {
    expect(await admittedBy(brakeOf({ versions: 2 }))).toBe(2);
    expect(await admittedBy(brakeOf({ versions: 2 }))).toBe(0);
    now += HOUR;
    await brakeOf().resume('another hour');
    expect(await admittedBy(brakeOf({ versions: 2 }))).toBe(2);
  });

  it('stays tripped in the next hour until somebody resumes', async () => {
    await admittedBy(brakeOf({ versions: 1 }));

    now += HOUR;

    expect(await brakeOf().pausedBecause()).toContain('the breaker tripped');
  });

  it('resume gives the present hour its limit again, once', async () => {
    const brake = brakeOf({ versions: 2 });
    await admittedBy(brake);

    await brakeOf({ versions: 2 }).resume('a planned migration');

    now += 10_000;
    expect(await brake.pausedBecause()).toBeUndefined();
    expect(await admittedBy(brake)).toBe(2);
    expect(await brakeOf().pausedBecause()).toContain('the breaker tripped');
  });
});

describe('a brake that cannot be read stops writing', () => {
  it.each(['not json', '{"paused":"no"}', 'null'])('brake.json holding %j', async (body) => {
    await write('brake.json', body);
    const bucket = await makeBucket(client);
    const ref = await upload(client, bucket, 'a');
    const deps = {
      ...testDeps({ client, policy: onePolicy('{ mode: GOVERNANCE, for: P1D }') }),
      brake: brakeOf(),
    };

    await expect(lockVersion(ref, 'test', deps)).rejects.toThrow();

    expect(await deps.store.readLock(ref, 'retention')).toMatchObject({
      lock: { retention: { state: 'none' } },
    });
  });

  it.each(['not json', '{"paused":"no"}', 'null'])('and says what to do about %j', async (body) => {
    await write('brake.json', body);

    await expect(brakeOf().pausedBecause()).rejects.toMatchObject({
      name: 'HoldfastError',
      code: 'bad-input',
      next: expect.stringContaining('holdfast resume'),
    });
  });

  it('is mended by resume', async () => {
    await write('brake.json', '{"paused":"no"}');

    await brakeOf().resume('mended');

    expect(await brakeOf().pausedBecause()).toBeUndefined();
  });

  it('a state that was read well is not believed for longer than it is fresh', async () => {
    const brake = brakeOf();
    await brake.pausedBecause();
    await write('brake.json', '{"paused":"no"}');

    now += 10_000;

    await expect(brake.pausedBecause()).rejects.toMatchObject({ code: 'bad-input' });
  });

  it.each(['not json', '{"versions":-1,"bytes":0}', '{"versions":"none"}'])(
    'a count of the hour that holds %j admits nothing',
    async (body) => {
      await write('breaker/2026-11-20T12.json', body);

      await expect(brakeOf().admit(ONE)).rejects.toMatchObject({ name: 'HoldfastError' });
    },
  );

  it('a count that cannot be read is mended by resume', async () => {
    await write('breaker/2026-11-20T12.json', 'not json');

    await brakeOf().resume('mended');

    expect(await brakeOf().admit(ONE)).toBeUndefined();
  });

  it('a configuration bucket that is not there is no permission to write', async () => {
    config = 'no-such-bucket';

    await expect(brakeOf().pausedBecause()).rejects.toThrow();
  });
});
