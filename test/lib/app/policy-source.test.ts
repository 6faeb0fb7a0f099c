import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { handleMessage } from '../../../lib/app/handle-message.ts';
import { activatePolicy, POINTER, readPointer, rollbackPolicy } from '../../../lib/app/policy-delivery.ts';
import { DeliveredPolicy } from '../../../lib/app/policy-source.ts';
import { S3Documents } from '../../../lib/aws/s3-documents.ts';
import { instantOf } from '../../../lib/lock/instant.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { onePolicy, testDeps } from '../../helpers/deps.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';
import { policyOf } from '../policy/policy-helpers.ts';

const FILE = 'policy/policy.yaml';
const PACKAGED = policyOf(onePolicy('{ mode: GOVERNANCE, for: P1D }'));

/** A policy that differs from the others by its period. */
const days = (count: number): string => onePolicy(`{ mode: GOVERNANCE, for: P${count}D }`);

let embedded: Embedded;
let client: S3Client;
let config: string;
let documents: S3Documents;
let now: number;
let stale: unknown[];
let reads: string[];

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
  documents = new S3Documents(client, config);
  [now, stale, reads] = [Date.UTC(2026, 10, 20, 12), [], []];
});

/** The policy as one execution environment sees it. */
function source(reading: { maximum?: string } = {}, from = documents): DeliveredPolicy {
  return new DeliveredPolicy({
    documents: from,
    clock: { now: () => instantOf(now), wait: async () => undefined },
    reading,
    packaged: PACKAGED,
    onStale: (cause) => stale.push(cause),
  });
}

const delivery = (): Parameters<typeof rollbackPolicy>[0] => ({
  ...testDeps({ client, policy: days(1), now: () => now, config }),
  reading: {},
});

async function activate(text: string): Promise<void> {
  await activatePolicy(text, delivery());
}

/** The period of the only rule: it tells the policies apart. */
async function seenBy(policies: DeliveredPolicy): Promise<string> {
  const { rules } = await policies.current();
  const [rule] = rules;
  return rule?.term.form === 'fixed' ? rule.term.period.text : 'none';
}

/** Lets the pointer name other text than was activated. */
async function tamper(): Promise<void> {
  const stored = await readPointer(documents);
  const forged = await documents.put(FILE, days(300), 'any');
  const active = { ...stored?.pointer.active, versionId: forged?.versionId };
  await documents.put(POINTER, JSON.stringify({ ...stored?.pointer, active }), 'any');
}

async function breakPointer(): Promise<void> {
  await documents.put(POINTER, 'not json', 'any');
}

describe('which policy is in force', () => {
  it('the packaged one until the first activation', async () => {
    expect(await source().current()).toBe(PACKAGED);
    expect(stale).toStrictEqual([]);
  });

  it('the active one from the start, where there is one', async () => {
    await activate(days(5));

    expect(await seenBy(source())).toBe('P5D');
  });

  it('follows the pointer within 30 seconds, and does not look before', async () => {
    const policies = source();
    const seen = [await seenBy(policies)];
    await activate(days(5));
    reads = [];

    now += 29_999;
    seen.push(await seenBy(policies));
    const readsBefore = [...reads];
    now += 1;
    seen.push(await seenBy(policies));

    expect(seen).toStrictEqual(['P1D', 'P1D', 'P5D']);
    expect(readsBefore).toStrictEqual([]);
  });

  it('is fetched once for all that ask together, and a failure is told once', async () => {
    await activate(days(5));
    const policies = source();
    reads = [];

    const seen = await Promise.all(Array.from({ length: 10 }, async () => seenBy(policies)));
    const readsTogether = reads.length;
    await breakPointer();
    now += 30_000;
    await Promise.all(Array.from({ length: 10 }, async () => seenBy(policies)));

    expect(new Set(seen)).toStrictEqual(new Set(['P5D']));
    expect(readsTogether).toBe(2);
    expect(stale).toHaveLength(1);
  });

  it('follows a rollback as well', async () => {
    for (const count of [5, 6]) await activate(days(count));
    const policies = source();
    const seen = [await seenBy(policies)];
    await rollbackPolicy(delivery());

    now += 30_000;
    seen.push(await seenBy(policies));

    expect(seen).toStrictEqual(['P6D', 'P5D']);
  });

  it('reads the text again only when the pointer has moved', async () => {
    await activate(days(5));
    const policies = source();
    await policies.current();
    reads = [];

    now += 30_000;
    await policies.current();

    expect(reads).toStrictEqual([POINTER]);
  });

  it('carries the hash of the text, for the records', async () => {
    await activate(days(5));

    const stored = await readPointer(documents);
    expect((await source().current()).hash).toBe(stored?.pointer.active.hash);
  });
});

describe('an active policy that cannot be taken over', () => {
  it.each([
    ['a pointer that is broken', breakPointer, 'bad-policy'],
    ['text that was tampered with', tamper, 'bad-policy'],
  ])('%s: the last good one stays, and it is reported at each look', async (_, harm, code) => {
    await activate(days(5));
    const policies = source();
    const seen = [await seenBy(policies)];
    await harm();

    for (let look = 0; look < 2; look += 1) {
      now += 30_000;
      seen.push(await seenBy(policies), await seenBy(policies));
    }

    expect(seen).toStrictEqual(['P5D', 'P5D', 'P5D', 'P5D', 'P5D']);
    expect(stale).toMatchObject([{ code }, { code }]);
  });

  it('a policy beyond the cap of this deployment: the last good one stays, and it is reported', async () => {
    await activate(days(5));
    const policies = source({ maximum: 'P1Y' });
    await policies.current();
    await activate(onePolicy('{ mode: GOVERNANCE, for: P5Y }'));

    now += 30_000;

    expect(await seenBy(policies)).toBe('P5D');
    expect(stale).toMatchObject([{ code: 'bad-policy', next: expect.stringContaining('rollback') }]);
  });

  it('before any activation was seen, the packaged one is the last good one', async () => {
    const policies = source();
    await policies.current();
    await breakPointer();

    now += 30_000;

    expect(await policies.current()).toBe(PACKAGED);
    expect(stale).toHaveLength(1);
  });

  it('a pointer that vanished does not bring the packaged one back unnoticed', async () => {
    await activate(days(5));
    const policies = source();
    await policies.current();
    await client.send(new DeleteObjectCommand({ Bucket: config, Key: POINTER }));

    now += 30_000;

    expect(await seenBy(policies)).toBe('P5D');
    expect(stale).toHaveLength(1);
  });

  it('follows again as soon as it is mended', async () => {
    await activate(days(5));
    const policies = source();
    await policies.current();
    const good = await documents.get(POINTER);
    await breakPointer();
    now += 30_000;
    await policies.current();
    await documents.put(POINTER, good?.body ?? '', 'any');
    await activate(days(6));

    now += 30_000;

    expect(await seenBy(policies)).toBe('P6D');
    expect(stale).toHaveLength(1);
  });
});

describe('a store that cannot be reached', () => {
  it('keeps the last good policy and reports it; a cold start has none', async () => {
    const other = await startEmbedded();
    const credentials = { accessKeyId: 'owner', secretAccessKey: 'secret' };
    const { url: endpoint, region } = other.s3;
    const impatient = new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 });
    config = await makeBucket(impatient, 'versioned');
    const away = new S3Documents(impatient, config);
    await activatePolicy(days(5), { ...delivery(), documents: away });
    const policies = source({}, away);
    await policies.current();
    await other.close();

    now += 30_000;

    expect(await seenBy(policies)).toBe('P5D');
    expect(stale).toHaveLength(1);
    await expect(source({}, away).current()).rejects.toThrow();
    impatient.destroy();
  });
});

describe('a cold start with an unreadable policy', () => {
  it.each([
    ['a broken pointer', breakPointer],
    ['text that was tampered with', tamper],
  ])('%s: throws each time it is asked, and reports it', async (_, harm) => {
    await activate(days(5));
    await harm();
    const policies = source();

    await expect(policies.current()).rejects.toMatchObject({ code: 'bad-policy' });
    await expect(policies.current()).rejects.toMatchObject({ code: 'bad-policy' });

    expect(stale).toHaveLength(2);
  });

  it('writes nothing: the message goes back to the queue, and is parked in the end', async () => {
    await activate(days(5));
    await breakPointer();
    const bucket = await makeBucket(client);
    const { key, versionId } = await upload(client, bucket, 'a');
    const deps = { ...testDeps({ client, policy: days(1), now: () => now, config }), policies: source() };
    const body = JSON.stringify({
      id: 'event',
      source: 'aws.s3',
      'detail-type': 'Object Created',
      detail: { bucket: { name: bucket }, object: { key, 'version-id': versionId } },
    });

    for (let receives = 1; receives <= 3; receives += 1) {
      await expect(handleMessage({ body, messageId: 'm', receives, waits: 0 }, deps)).rejects.toMatchObject({
        code: 'bad-policy',
      });
    }
    const last = await handleMessage({ body, messageId: 'm', receives: 4, waits: 0 }, deps);

    expect(last).toMatchObject({ kind: 'parked', reason: expect.stringContaining(POINTER) });
    expect(deps.records).toMatchObject([{ phase: 'deed', action: 'parked' }]);
    expect(await deps.store.readLock({ bucket, key, versionId }, 'retention')).toMatchObject({
      lock: { retention: { state: 'none' } },
    });
  });
});
