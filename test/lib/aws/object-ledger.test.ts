/** What stores answer beside items; what all ledgers do alike is in the contract. */
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { requireConditionalWrites } from '../../../lib/aws/conditional-writes.ts';
import { ObjectLedger } from '../../../lib/aws/object-ledger.ts';
import { type LedgerItem } from '../../../lib/ports/ledger.ts';
import { type Fault } from '../../../local/s3/types.ts';
import { makeBucket } from '../../helpers/bucket.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';

const KEY = { group: 'g', name: 'a/b' };

let embedded: Embedded;
let client: S3Client;
/** One that asks once. */
let impatient: S3Client;
let bucket: string;
let ledger: ObjectLedger;
/** What the store refuses requests with, as long as there is anything. */
let faults: Fault[] = [];

beforeAll(async () => {
  embedded = await startEmbedded(
    { blind: ['s3:GetObject*', 's3:ListBucket'], mute: ['s3:PutObject'] },
    { fault: () => faults.shift() },
  );
  client = embedded.clientFor();
  impatient = new S3Client({
    endpoint: embedded.s3.url,
    region: embedded.s3.region,
    forcePathStyle: true,
    credentials: { accessKeyId: 'owner', secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
});
afterAll(async () => {
  impatient.destroy();
  await embedded.close();
});
beforeEach(async () => {
  faults = [];
  bucket = await makeBucket(client, 'versioned');
  ledger = new ObjectLedger(client, bucket);
});

const fault = (status: number, code: string): Fault => ({ status, code, message: 'no' });

async function all(items: AsyncIterable<LedgerItem>): Promise<LedgerItem[]> {
  const found: LedgerItem[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('the ledger on objects', () => {
  it('keeps an item under a key that a URL decoder reads', async () => {
    await ledger.put({ group: 'a-b', name: '2026-11-20/ü.json' }, 'body', 'none');

    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));

    expect(Contents?.map(({ Key }) => Key)).toStrictEqual(['ledger/a%2Db/2026%2D11%2D20%2Fü%2Ejson']);
  });

  it('knows no item that was deleted, and writes it anew', async () => {
    const first = await ledger.put(KEY, 'body', 'none');
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'ledger/g/a%2Fb' }));

    expect(await ledger.get(KEY)).toBeUndefined();
    expect(await all(ledger.list('g'))).toStrictEqual([]);
    expect(await ledger.put(KEY, 'body', first ?? 'none')).toBeUndefined();
    expect(await ledger.put(KEY, 'body', 'none')).toBeDefined();
    expect(await ledger.put(KEY, 'body', first ?? 'none')).toBeUndefined();
  });

  it('passes over objects that are no items, and does not take what they hold for one', async () => {
    await ledger.put(KEY, 'body', 'none');
    for (const Key of ['ledger/g/', 'ledger/g/a/b', 'ledger/g/%', 'ledger/g/%2f', 'ledger/g2/x', 'x'])
      await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: '{}' }));

    expect(await all(ledger.list('g'))).toMatchObject([KEY]);
    await expect(ledger.get({ group: 'g2', name: 'x' })).rejects.toMatchObject({ code: 'bad-input' });
    await expect(all(ledger.list('g2'))).rejects.toMatchObject({ code: 'bad-input' });
  });

  it('refuses names whose keys would be longer than keys may be', async () => {
    await expect(ledger.get({ group: 'g', name: '/'.repeat(500) })).rejects.toMatchObject({
      code: 'bad-input',
    });
  });

  it.each([
    [503, 'SlowDown', 'throttled'],
    [429, 'TooManyRequests', 'throttled'],
    [500, 'InternalError', 'unreachable'],
    [403, 'InvalidAccessKeyId', 'no-permission'],
    [501, 'NotImplemented', 'bad-input'],
  ])('names an answer of %i %s: %s', async (status, code, named) => {
    const unlucky = new ObjectLedger(impatient, bucket);
    const failure = { name: 'HoldfastError', code: named };
    faults = Array.from({ length: 3 }, () => fault(status, code));

    await expect(unlucky.get(KEY)).rejects.toMatchObject(failure);
    await expect(unlucky.put(KEY, 'body', 'none')).rejects.toMatchObject(failure);
    await expect(all(unlucky.list('g'))).rejects.toMatchObject(failure);
  });

  it('names what is not allowed, and a bucket that is not there', async () => {
    const denied = { code: 'no-permission' };
    const blind = new ObjectLedger(embedded.clientFor('blind'), bucket);
    const mute = new ObjectLedger(embedded.clientFor('mute'), bucket);
    const foreign = new ObjectLedger(client, bucket, { expectedBucketOwner: '999999999999' });
    const lost = new ObjectLedger(client, 'no-such-bucket');

    await expect(blind.get(KEY)).rejects.toMatchObject(denied);
    await expect(all(blind.list('g'))).rejects.toMatchObject(denied);
    await expect(mute.put(KEY, 'body', 'none')).rejects.toMatchObject(denied);
    await expect(foreign.get(KEY)).rejects.toMatchObject(denied);
    await expect(lost.get(KEY)).rejects.toMatchObject({ code: 'bad-input' });
    await expect(lost.put(KEY, 'body', 'none')).rejects.toMatchObject({ code: 'bad-input' });
    await expect(lost.put(KEY, 'body', { rev: '"0"' })).rejects.toMatchObject({ code: 'bad-input' });
  });

  it('tries again where the store refused a write for one of the same moment that came to nothing', async () => {
    faults = [fault(409, 'ConditionalRequestConflict')];

    expect(await ledger.put(KEY, 'body', 'none')).toBeDefined();
    expect(await ledger.get(KEY)).toMatchObject({ body: 'body' });
  });

  it('does so a few times only', async () => {
    const always = await startEmbedded(
      {},
      {
        fault: ({ operation }) =>
          operation === 'PutObject' ? fault(409, 'ConditionalRequestConflict') : undefined,
      },
    );
    const stuck = new ObjectLedger(always.clientFor(), await makeBucket(always.clientFor(), 'versioned'));

    await expect(stuck.put(KEY, 'body', 'none')).rejects.toMatchObject({ code: 'throttled' });

    await always.close();
  });
});

describe('the check of conditional writes', () => {
  /** A client whose conditions arrive changed, as a store would read them that knows them otherwise. */
  const clientWith = (change: (name: string, value: string) => string | undefined): S3Client => {
    const changed = embedded.clientFor();
    changed.middlewareStack.add(
      (next) => async (args) => {
        const { headers } = args.request as { headers: Record<string, string> };
        for (const name of ['if-match', 'if-none-match']) {
          const value = headers[name];
          if (value === undefined) continue;
          Reflect.deleteProperty(headers, name);
          const instead = change(name, value);
          if (instead !== undefined) headers[name] = instead;
        }
        return next(args);
      },
      { step: 'build', priority: 'low' },
    );
    return changed;
  };

  it('passes where they are refused, and leaves one object behind however often it runs', async () => {
    expect(await requireConditionalWrites(client, bucket)).toBe('quoted');
    expect(await requireConditionalWrites(client, bucket)).toBe('quoted');

    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    expect(Contents?.map(({ Key }) => Key)).toStrictEqual(['ledger/_check/conditional-writes']);
  });

  it('finds out where ETags must have no quotes, and the ledger writes them so', async () => {
    const peculiar = clientWith((name, value) =>
      name === 'if-match' ? (value.startsWith('"') ? '"quoted"' : `"${value}"`) : value,
    );
    const etags = await requireConditionalWrites(peculiar, bucket);
    const bare = new ObjectLedger(peculiar, bucket, { etags });
    const first = await bare.put(KEY, 'first', 'none');

    expect(etags).toBe('bare');
    expect(await bare.put(KEY, 'second', first ?? 'none')).toBeDefined();
    expect(await bare.put(KEY, 'third', first ?? 'none')).toBeUndefined();
  });

  it.each(['if-none-match', 'if-match'])('fails on a store that ignores %s', async (ignored) => {
    const careless = clientWith((name, value) => (name === ignored ? undefined : value));

    await expect(requireConditionalWrites(careless, bucket)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(new RegExp(`in spite of ${ignored};`, 'i')),
    });
  });

  it('fails on a store on which nothing can be replaced', async () => {
    const stubborn = clientWith((name, value) => (name === 'if-match' ? '"other"' : value));

    await expect(requireConditionalWrites(stubborn, bucket)).rejects.toMatchObject({ code: 'bad-input' });
  });

  it('fails where nothing can be told', async () => {
    const denied = { code: 'no-permission' };

    await expect(requireConditionalWrites(embedded.clientFor('mute'), bucket)).rejects.toMatchObject(denied);
    await expect(requireConditionalWrites(embedded.clientFor('blind'), bucket)).rejects.toMatchObject(denied);
    await expect(requireConditionalWrites(client, bucket, '999999999999')).rejects.toMatchObject(denied);
    await expect(requireConditionalWrites(client, 'no-such-bucket')).rejects.toMatchObject({
      code: 'bad-input',
    });
  });
});
