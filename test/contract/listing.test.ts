import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { fc, it as property } from '@fast-check/jest';
import { type ByteSource, FolderSource } from '../../lib/aws/byte-source.ts';
import { InventoryListing } from '../../lib/aws/inventory-listing.ts';
import { readManifest } from '../../lib/aws/inventory-manifest.ts';
import { isAfter, middleKey } from '../../lib/aws/key-ranges.ts';
import { KeysListing } from '../../lib/aws/keys-listing.ts';
import { S3EntryListing } from '../../lib/aws/s3-entry-listing.ts';
import { VersionRows } from '../../lib/aws/version-rows.ts';
import { type EntryListing, type ListedEntry } from '../../lib/ports/entry-listing.ts';
import { versionIdOf } from '../../lib/ports/lock-store.ts';
import { type Marker } from '../../lib/ports/version-listing.ts';
import { upload } from '../helpers/bucket.ts';
import { startEmbedded } from '../helpers/embedded.ts';
import { inFolder, inventory, type Listed, type WrittenInventory } from '../helpers/inventory.ts';
import { AS_OF } from '../helpers/plan.ts';
import { allOf } from '../helpers/records.ts';
import {
  describeListing,
  type Expected,
  type HistoryLine,
  type ListingUnderTest,
  type World,
} from './listing.contract.ts';

const AT_ONCE = 24;

/** A source whose requests are counted, and which may break after some of them. */
function counting<T extends object>(source: T, breaksAfter = Infinity): { counted: T; asked: () => number } {
  let asked = 0;
  const counted = new Proxy(source, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'function') return value;
      if (name === 'nameOf') return value.bind(target) as unknown;
      return async (...args: unknown[]): Promise<unknown> => {
        asked += 1;
        if (asked > breaksAfter) throw new Error('the source broke');
        return (value as (...all: unknown[]) => Promise<unknown>).apply(target, args);
      };
    },
  });
  return { counted, asked: () => asked };
}

// Inventories

interface InventoryWorld extends World {
  readonly written: WrittenInventory;
}

function ofInventory(format: 'CSV' | 'Parquet'): () => Promise<ListingUnderTest> {
  const write = (lines: readonly Listed[]): InventoryWorld => ({
    bucket: 'acme-docs',
    versions: lines
      .filter(({ marker }) => marker !== true)
      .map(
        ({ key, versionId = '', latest = false }): Expected => ({
          key,
          versionId: versionId === '' ? 'null' : versionId,
          current: latest,
        }),
      ),
    markers: lines.filter(({ marker }) => marker === true).length,
    written: inventory({ rows: lines, format, files: 4, groupRows: 250 }),
  });
  return async () => {
    const kept = new Map<World, readonly Listed[]>();
    let asked = (): number => 0;
    const listingOf = async (world: World, breaksAfter?: number): Promise<InventoryListing> => {
      const path = inFolder((world as InventoryWorld).written);
      const source: ByteSource = new FolderSource(path);
      const manifest = await readManifest(source, 'manifest.json');
      const watched = counting(source, breaksAfter);
      asked = watched.asked;
      return new InventoryListing(watched.counted, 'manifest.json', manifest);
    };
    return {
      async fill(history) {
        const lines = history.map(
          ({ key, kind, isNull }, at): Listed => ({
            key,
            versionId: isNull === true ? '' : `v${at}`,
            marker: kind === 'marker',
            size: 4,
            latest: history.findLastIndex((each) => each.key === key) === at,
          }),
        );
        const world = write(lines);
        kept.set(world, lines);
        return world;
      },
      listing: async (world) => listingOf(world),
      async grow(world) {
        return write([...(kept.get(world) ?? []), { key: 'grown', versionId: 'g', latest: true }]);
      },
      breaking: async (world) => listingOf(world, format === 'CSV' ? 2 : 20),
      asked: () => asked(),
      close: async () => undefined,
    };
  };
}

describeListing('an inventory in CSV', ofInventory('CSV'));
describeListing('an inventory in Parquet', ofInventory('Parquet'));

// Buckets

/** Fills a bucket as users do; several keys at once, and the lines of one key in their order. */
async function fillBucket(client: S3Client, history: readonly HistoryLine[]): Promise<World> {
  const bucket = `t-${randomBytes(6).toString('hex')}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const nulls = history.filter(({ isNull }) => isNull === true);
  const versions: Expected[] = [];
  for (const { key } of nulls) {
    await upload(client, bucket, key);
    const isLast = history.findLast((each) => each.key === key)?.isNull === true;
    versions.push({ key, versionId: 'null', current: isLast });
  }
  await client.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  const rest = Map.groupBy(
    history.filter(({ isNull }) => isNull !== true),
    ({ key }) => key,
  );
  const waiting = [...rest];
  const work = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [key, lines] = next;
      for (const [at, { kind }] of lines.entries()) {
        if (kind === 'marker') await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
        else {
          const { versionId } = await upload(client, bucket, key);
          versions.push({ key, versionId, current: at === lines.length - 1 });
        }
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { bucket, versions, markers: history.filter(({ kind }) => kind === 'marker').length };
}

type Make = (listing: EntryListing, world: World) => VersionRows | KeysListing;

function ofBucket(make: Make): () => Promise<ListingUnderTest> {
  return async () => {
    const embedded = await startEmbedded();
    const client = embedded.clientFor();
    let asked = (): number => 0;
    const listingOf = (world: World, breaksAfter?: number): VersionRows | KeysListing => {
      const watched = counting(new S3EntryListing(client) as EntryListing, breaksAfter);
      asked = watched.asked;
      return make(watched.counted, world);
    };
    return {
      fill: async (history) => fillBucket(client, history),
      listing: async (world) => listingOf(world),
      async grow(world) {
        const { key, versionId } = await upload(client, world.bucket, 'prefix');
        const others = world.versions.map((each) => (each.key === key ? { ...each, current: false } : each));
        return { ...world, versions: [...others, { key, versionId, current: true }] };
      },
      breaking: async (world) => listingOf(world, 3),
      asked: () => asked(),
      close: async () => embedded.close(),
    };
  };
}

describeListing(
  'the versions of a bucket',
  ofBucket((listing, { bucket }) => new VersionRows(listing, bucket, '', AS_OF)),
);
describeListing(
  'the keys that a file names',
  ofBucket((listing, { bucket, versions, markers }) => {
    const keys = new Set(versions.map(({ key }) => key));
    if (markers > 0) keys.add('only/marker');
    const lines = [...keys].map((key) => `${bucket},${encodeURIComponent(key)}`);
    return new KeysListing('keys.csv', lines.join('\n'), listing, AS_OF);
  }),
);

// What is particular to one of them

/** A bucket in memory, in pages: keys in the order of their bytes, the versions of each newest first. */
class Pages implements EntryListing {
  requests = 0;
  private readonly entriesInOrder: readonly ListedEntry[];
  private readonly size: number;

  constructor(keys: readonly string[], size: number) {
    this.size = size;
    this.entriesInOrder = keys
      .map(
        (key, at): ListedEntry => ({
          kind: 'version',
          ref: { bucket: 'b', key, versionId: versionIdOf(`v${at}`) },
          created: AS_OF,
          latest: false,
          size: 1,
        }),
      )
      .sort((one, other) => Buffer.compare(Buffer.from(one.ref.key), Buffer.from(other.ref.key)));
  }

  async entries(
    _: string,
    prefix: string,
    after?: Marker,
  ): Promise<{ entries: readonly ListedEntry[]; next?: Marker }> {
    this.requests += 1;
    // Answers come in any order.
    for (let turn = this.requests % 3; turn > 0; turn -= 1) await new Promise(setImmediate);
    const all = this.entriesInOrder.filter(({ ref }) => ref.key.startsWith(prefix));
    const from = after === undefined ? 0 : this.startOf(all, after);
    const entries = all.slice(from, from + this.size);
    const last = entries.at(-1)?.ref;
    if (last === undefined || from + this.size >= all.length) return { entries };
    return { entries, next: { key: last.key, versionId: last.versionId } };
  }

  private startOf(all: readonly ListedEntry[], { key, versionId }: Marker): number {
    if (versionId !== undefined)
      return all.findIndex(({ ref }) => ref.key === key && ref.versionId === versionId) + 1;
    const next = all.findIndex(({ ref }) => isAfter(ref.key, key));
    return next < 0 ? all.length : next;
  }
}

const piece = fc.constantFrom(
  'a',
  'b',
  'z',
  '/',
  '0',
  '~',
  ' ',
  '\u0001',
  '\u007f',
  'é',
  '\uffff',
  '😀',
  '😁',
  '𝄞',
);
const key = fc.array(piece, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''));

describe('a bucket that is listed by several workers', () => {
  property.prop(
    [fc.array(key, { maxLength: 120 }), fc.integer({ min: 1, max: 7 }), fc.constantFrom('', 'a', 'é', '😀')],
    {
      numRuns: 150,
    },
  )('is listed whole, each version once, wherever its keys are split', async (keys, size, prefix) => {
    const pages = new Pages(keys, size);
    const rows = (await allOf(new VersionRows(pages, 'b', prefix, AS_OF).batches())).flatMap(
      (batch) => batch.rows,
    );

    const wanted = keys.flatMap((each, at) => (each.startsWith(prefix) ? [`v${at}`] : []));
    expect(rows.map(({ versionId }) => versionId).sort()).toStrictEqual(wanted.sort());
  });

  it.each([1, 2, 3, 4, 5, 6, 7])(
    'is listed whole where keys are split at a key that exists, in pages of %d',
    async (size) => {
      // Every character that a split may end with is a key, with more versions than a page holds.
      const keys = Array.from({ length: 95 * 8 }, (_, at) => String.fromCharCode(32 + (at % 95)));
      const pages = new Pages(keys, size);

      const rows = (await allOf(new VersionRows(pages, 'b', '', AS_OF).batches())).flatMap(
        (batch) => batch.rows,
      );

      expect(rows).toHaveLength(keys.length);
      expect(new Set(rows.map(({ versionId }) => versionId)).size).toBe(keys.length);
    },
  );

  it('is split: several requests are under way at once', async () => {
    const keys = Array.from({ length: 2_000 }, (_, at) => `${String.fromCharCode(33 + (at % 90))}${at}`);
    const pages = new Pages(keys, 20);
    let [underWay, most] = [0, 0];
    const watched: EntryListing = {
      async entries(...args) {
        underWay += 1;
        most = Math.max(most, underWay);
        const page = await pages.entries(...args);
        underWay -= 1;
        return page;
      },
    };

    await allOf(new VersionRows(watched, 'b', '', AS_OF).batches());

    expect(most).toBeGreaterThanOrEqual(4);
    expect(most).toBeLessThanOrEqual(8);
    // Splitting may ask for some empty halves, and not for many.
    expect(pages.requests).toBeLessThan(200);
  });

  it('stays where it is while nobody takes', async () => {
    const pages = new Pages(
      Array.from({ length: 3_000 }, (_, at) => `k${at}`),
      10,
    );
    const batches = new VersionRows(pages, 'b', '', AS_OF).batches();

    await batches.next();
    for (let turn = 0; turn < 1_000; turn += 1) await new Promise(setImmediate);

    expect(pages.requests).toBeLessThan(40);
    await batches.return(undefined);
  });
});

describe('a key in the middle of a range', () => {
  property.prop([key, fc.option(key, { nil: undefined }), fc.constantFrom('', 'a')], { numRuns: 2_000 })(
    'lies between, is well-formed, and keeps the prefix',
    (one, other, prefix) => {
      const at = prefix + one;
      const to = other === undefined ? undefined : prefix + other;
      fc.pre(to === undefined || isAfter(to, at));

      const middle = middleKey(at, to, prefix);

      if (middle === undefined) return;
      expect(isAfter(middle, at)).toBe(true);
      if (to !== undefined) expect(isAfter(to, middle)).toBe(true);
      expect(middle.startsWith(prefix)).toBe(true);
      expect(middle.isWellFormed()).toBe(true);
    },
  );
});

describe('a file of keys', () => {
  const pages = new Pages(['a', 'a', 'b,c', 'd', 'é'], 1_000);
  const listed = async (text: string): Promise<{ rows: string[]; unreadable: string[] }> => {
    const batches = await allOf(new KeysListing('keys.csv', text, pages, AS_OF).batches());
    return {
      rows: batches.flatMap((batch) => batch.rows.map(({ key: name, versionId }) => `${name} ${versionId}`)),
      unreadable: batches.flatMap(({ unreadable }) => unreadable.map(({ where, why }) => `${where}: ${why}`)),
    };
  };
  const SHAPE = 'a line is bucket,key,versionId, with the key URL-encoded';

  it.each<[string, string, string[], string[]]>([
    ['one version', 'b,a,v1', ['a v1'], []],
    ['all versions of a key', 'b,a', ['a v0', 'a v1'], []],
    ['an empty version: all of them', 'b,a,', ['a v0', 'a v1'], []],
    ['quoted cells', '"b","a","v0"', ['a v0'], []],
    ['line ends of Windows, and empty lines', '\r\nb,a,v0\r\n\r\nb,d,v3\r\n', ['a v0', 'd v3'], []],
    ['an encoded key', 'b,b%2Cc,v2\nb,%C3%A9,v4', ['b,c v2', 'é v4'], []],
    ['the same version twice', 'b,a,v1\nb,a,v1\nb,a', ['a v1', 'a v0'], []],
    ['a version that is not there', 'b,a,v9', [], ['keys.csv, line 1: there is no such version']],
    ['a key that is not there', 'b,x\nb,d', ['d v3'], ['keys.csv, line 1: there is no such version']],
    ['too few cells', 'b\nb,d', ['d v3'], [`keys.csv, line 1: ${SHAPE}`]],
    ['too many cells', 'b,a,v1,x', [], [`keys.csv, line 1: ${SHAPE}`]],
    ['a key with a comma in quotes, once', 'b,"b,c",v2', [], [`keys.csv, line 1: ${SHAPE}`]],
    ['a quote that is never closed, once', 'b,"a,v1', [], [`keys.csv, line 1: ${SHAPE}`]],
    ['a key that is not well encoded', 'b,%zz,v1', [], [`keys.csv, line 1: ${SHAPE}`]],
    ['no key', 'b,,v1', [], [`keys.csv, line 1: ${SHAPE}`]],
    ['no bucket', ',a,v1', [], [`keys.csv, line 1: ${SHAPE}`]],
  ])('may name %s', async (_, text, rows, unreadable) => {
    expect(await listed(text)).toStrictEqual({ rows, unreadable });
  });

  it.each(['', '\n\n', '  \n'])('that names nothing (%j) is refused', async (text) => {
    await expect(listed(text)).rejects.toMatchObject({ code: 'bad-input' });
  });
});
