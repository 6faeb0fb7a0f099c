import { type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { placeHold, type Claiming } from '../../../../lib/app/matters/place-hold.ts';
import { DynamoLedger } from '../../../../lib/aws/dynamo-ledger.ts';
import { HoldfastError } from '../../../../lib/errors.ts';
import { versionIdOf } from '../../../../lib/ports/lock-store.ts';
import { makeBucket, upload } from '../../../helpers/bucket.ts';
import { type LedgerTable, startLedgerTable } from '../../../helpers/dynalite.ts';
import { type Embedded } from '../../../helpers/embedded.ts';
import {
  bitOf,
  type Holds,
  holdsOn,
  MINUTE,
  type Ports,
  setBit,
  startTimed,
  type TestTime,
  withMethods,
} from '../../../helpers/holds.ts';

const PAGE = 'rolls/m-1/placed/s1/000001-000002-00000000.ndjson';
const claiming = (claimant: string, more: Partial<Claiming> = {}): Claiming => ({
  ...{ claimant, page: PAGE.replace('m-1', claimant), again: false, isWritten: async () => false },
  ...more,
});

describe.each(['objects', 'table'] as const)('placing a hold, with a ledger of %s', (kind) => {
  let timed: { embedded: Embedded; time: TestTime };
  let client: S3Client;
  let bucket: string;
  let table: LedgerTable | undefined;
  let tables = 0;

  beforeAll(async () => {
    timed = await startTimed({ reader: ['s3:PutObjectLegalHold'] });
    client = timed.embedded.clientFor();
    bucket = await makeBucket(client);
    if (kind === 'table') table = await startLedgerTable();
  });
  afterAll(async () => {
    await timed.embedded.close();
    await table?.close();
  });
  const holds = async (wrap?: (ports: Ports) => Partial<Ports>, principal?: string): Promise<Holds> => {
    tables += 1;
    return holdsOn(timed, {
      ...(table && { ledger: new DynamoLedger(table.clientFor(), table.table) }),
      ...(wrap && { wrap }),
      ...(principal !== undefined && { principal }),
    });
  };
  const fresh = async (key: string) => upload(client, bucket, `${tables}/${key}`);

  it('sets the bit, and notes what it saw and for whom', async () => {
    const { deps, custody } = await holds();
    const ref = await fresh('plain');

    const entry = await placeHold({ ref, size: 4 }, claiming('m-1'), deps);

    expect(entry).toMatchObject({
      ...ref,
      size: 4,
      saw: 'off',
      outcome: 'on',
      requestId: expect.any(String),
    });
    expect(entry).not.toHaveProperty('lands');
    expect(entry).not.toHaveProperty('settles');
    expect(await bitOf(client, ref)).toBe('ON');
    expect(await custody(ref)).toMatchObject({ origin: 'ours', claims: { 'm-1': { saw: 'off' } } });
  });

  it('claims before it sets the bit', async () => {
    const claimed: unknown[] = [];
    const world: Holds = await holds(({ store }) => ({
      store: withMethods(store, {
        write: async (...args) => {
          claimed.push(Object.keys((await world.custody(args[0]))?.claims ?? {}));
          return store.write(...args);
        },
      }),
    }));
    const ref = await fresh('order');

    await placeHold({ ref }, claiming('m-1'), world.deps);

    expect(claimed).toStrictEqual([['m-1']]);
  });

  it('does once what is asked twice, and answers the same', async () => {
    let writes = 0;
    const { deps, custody } = await holds(({ store }) => ({
      store: withMethods(store, {
        write: async (...args) => {
          writes += 1;
          return store.write(...args);
        },
      }),
    }));
    const ref = await fresh('twice');
    const first = await placeHold({ ref }, claiming('m-1'), deps);
    const before = await custody(ref);

    const second = await placeHold({ ref }, claiming('m-1', { again: true }), deps);

    expect(writes).toBe(1);
    expect(second).toMatchObject({ saw: 'off', outcome: first?.outcome });
    expect(await custody(ref)).toStrictEqual(before);
  });

  it('gives no second entry where another page of the roll has the version, and one where that page was never written', async () => {
    const { deps } = await holds();
    const ref = await fresh('pages');
    await placeHold({ ref }, claiming('m-1'), deps);
    const other = { page: PAGE.replace('000002', '000009') };

    const known = await placeHold({ ref }, claiming('m-1', { ...other, isWritten: async () => true }), deps);
    const lost = await placeHold({ ref }, claiming('m-1', { ...other, isWritten: async () => false }), deps);

    expect(known).toBeUndefined();
    expect(lost).toMatchObject({ outcome: 'on', saw: 'off' });
  });

  it('leaves a bit that was ON before to whoever set it', async () => {
    const { deps, custody } = await holds();
    const ref = await fresh('foreign');
    await setBit(client, ref, 'ON');

    const entry = await placeHold({ ref }, claiming('m-1'), deps);

    expect(entry).toMatchObject({ saw: 'on', outcome: 'on' });
    expect(entry).not.toHaveProperty('requestId');
    expect(await custody(ref)).toMatchObject({ origin: 'found-on' });
  });

  it('knows its own bit when a second claimant comes', async () => {
    const { deps, custody } = await holds();
    const ref = await fresh('second');
    await placeHold({ ref }, claiming('m-1'), deps);

    const entry = await placeHold({ ref }, claiming('m-2'), deps);

    expect(entry).toMatchObject({ saw: 'on-ours', outcome: 'on' });
    expect(await custody(ref)).toMatchObject({
      origin: 'ours',
      claims: { 'm-1': { saw: 'off' }, 'm-2': { saw: 'on' } },
    });
  });

  it('keeps every claim of many who come at once', async () => {
    const { deps, custody } = await holds();
    const ref = await fresh('crowd');
    const names = Array.from({ length: 8 }, (_, at) => `m-${at}`);

    await Promise.all(names.map(async (name) => placeHold({ ref }, claiming(name), deps)));

    const found = await custody(ref);
    expect(Object.keys(found?.claims ?? {}).sort()).toStrictEqual(names);
    expect(await bitOf(client, ref)).toBe('ON');
  });

  it('says what cannot be held, and claims nothing of it', async () => {
    const { deps, custody } = await holds();
    const gone = { bucket, key: 'nowhere', versionId: versionIdOf('null') };
    const plain = await upload(client, await makeBucket(client, 'versioned'), 'plain');

    expect(await placeHold({ ref: gone }, claiming('m-1'), deps)).toMatchObject({ outcome: 'gone' });
    expect(await placeHold({ ref: plain }, claiming('m-1'), deps)).toMatchObject({
      outcome: 'no-lock-on-bucket',
    });
    expect(await custody(gone)).toBeUndefined();
    expect(await custody(plain)).toBeUndefined();
  });

  it('says that it may not, and keeps the claim all the same', async () => {
    const { deps, custody } = await holds(undefined, 'reader');
    const ref = await fresh('denied');

    const entry = await placeHold({ ref }, claiming('m-1'), deps);

    expect(entry).toMatchObject({ saw: 'off', outcome: 'no-permission' });
    expect(Object.keys((await custody(ref))?.claims ?? {})).toStrictEqual(['m-1']);
  });

  it('says until when a request of an earlier delivery may still set the bit', async () => {
    const { deps, time } = await holds();
    const ref = await fresh('again');

    const entry = await placeHold({ ref }, claiming('m-1', { again: true }), deps);

    expect(Date.parse(entry?.lands ?? '')).toBe(time.now() + 16 * MINUTE);
  });

  it('leaves the claim where the store gave no verdict, so that nobody clears it meanwhile', async () => {
    let isSilent = true;
    const { deps, custody } = await holds(({ store }) => ({
      store: withMethods(store, {
        write: async (...args) => {
          if (!isSilent) return store.write(...args);
          throw new HoldfastError('unreachable', { what: 'no answer', next: 'again' });
        },
      }),
    }));
    const ref = await fresh('silent');

    await expect(placeHold({ ref }, claiming('m-1'), deps)).rejects.toMatchObject({ code: 'unreachable' });
    expect(Object.keys((await custody(ref))?.claims ?? {})).toStrictEqual(['m-1']);
    isSilent = false;

    expect(await placeHold({ ref }, claiming('m-1', { again: true }), deps)).toMatchObject({
      saw: 'off',
      outcome: 'on',
    });
  });
});
