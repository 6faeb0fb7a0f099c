/** What every Listing must do, wherever it lists from. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PlanRow } from '../../lib/plan/row.ts';
import { type ListedBatch, type Listing } from '../../lib/ports/listing.ts';
import { allOf } from '../helpers/records.ts';

/** One line of the history of a key, newest first. */
export interface HistoryLine {
  readonly key: string;
  readonly kind: 'version' | 'marker';
  /** Written while the bucket kept no versions. */
  readonly isNull?: boolean;
}

/** A version as a listing must tell it. */
export interface Expected {
  readonly key: string;
  readonly versionId: string;
  readonly current: boolean;
}

export interface World {
  readonly bucket: string;
  readonly versions: readonly Expected[];
  readonly markers: number;
}

export interface ListingUnderTest {
  /** Fills a place with a history of keys, oldest line first. */
  fill(history: readonly HistoryLine[]): Promise<World>;
  /** A listing of what was filled. */
  listing(world: World): Promise<Listing>;
  /** Adds a version to what was filled; or what then is listed, where a listing is of one moment. */
  grow(world: World): Promise<World>;
  /** The same listing over a source that breaks after a while. */
  breaking(world: World): Promise<Listing>;
  /** How much was asked of the source of the last listing. */
  asked(): number;
  close(): Promise<void>;
}

const HOSTILE = [
  'a+b %25 "q",\n😀',
  ' leading and trailing ',
  'a&amp;<b>"\'',
  'line\nbreak\r\nand\rmore',
  '/lead//ing/../dots',
  '100%25+1',
  'é/ü/\uffff',
  '𝄞/clef',
  '\u007f',
  '0x10',
  'true',
  'k'.repeat(1_024),
];

const line = (key: string, more: Partial<HistoryLine> = {}): HistoryLine => ({
  key,
  kind: 'version',
  ...more,
});
const identity = ({ key, versionId }: Pick<PlanRow, 'key' | 'versionId'>): string => `${versionId} ${key}`;

/** A history with everything that a bucket may hold. */
const HISTORY: readonly HistoryLine[] = [
  line('before/versions', { isNull: true }),
  line('before/both', { isNull: true }),
  line('before/both'),
  ...HOSTILE.map((key) => line(key)),
  ...HOSTILE.map((key) => line(key)),
  line('hidden'),
  line('hidden', { kind: 'marker' }),
  line('back'),
  line('back', { kind: 'marker' }),
  line('back'),
  line('only/marker', { kind: 'marker' }),
  line('prefix'),
  line('prefix/of'),
  line('prefix/of/another'),
  line('prefix-of'),
];

/** Enough for many pages, files and groups of rows. */
const MANY: readonly HistoryLine[] = [
  ...Array.from({ length: 2_400 }, (_, at) => line(`many/${String.fromCharCode(97 + (at % 26))}/${at}`)),
  ...Array.from({ length: 1_300 }, () => line('many/n/one key')),
];

/** Runs the contract on a listing. */
export function describeListing(name: string, open: () => Promise<ListingUnderTest>): void {
  describe(`Listing of ${name}`, () => {
    let under: ListingUnderTest;
    let world: World;
    let batches: ListedBatch[];
    let rows: readonly PlanRow[];

    beforeAll(async () => {
      under = await open();
      world = await under.fill(HISTORY);
      batches = await allOf((await under.listing(world)).batches());
      rows = batches.flatMap((batch) => batch.rows);
    });
    afterAll(async () => {
      await under.close();
    });

    it('yields every version once, whatever its key', () => {
      expect(rows.map(identity).sort()).toStrictEqual(world.versions.map(identity).sort());
      expect(batches.flatMap(({ unreadable }) => unreadable)).toStrictEqual([]);
    });

    it('names the version that was written without versioning null', () => {
      const nulls = rows.filter(({ versionId }) => versionId === 'null').map(({ key }) => key);

      expect(nulls.sort()).toStrictEqual(['before/both', 'before/versions']);
    });

    it('counts delete markers, and yields none', () => {
      expect(batches.reduce((sum, { markers }) => sum + markers, 0)).toBe(world.markers);
    });

    it('says which version is the current one of its key, and that none is under a marker', () => {
      const current = (all: readonly Expected[]): string[] =>
        all
          .filter((each) => each.current)
          .map(identity)
          .sort();

      expect(current(rows as readonly Expected[])).toStrictEqual(current(world.versions));
      expect(rows.filter(({ key }) => key === 'hidden')).toMatchObject([{ current: false }]);
      expect(rows.filter(({ key, current: is }) => key === 'back' && is === true)).toHaveLength(1);
    });

    it('tells the bucket, the size and the creation of each, and no tags', () => {
      for (const { bucket, size, created, tags } of rows) {
        expect({ bucket, size, tags }).toStrictEqual({ bucket: world.bucket, size: 4, tags: 'unknown' });
        expect(created % 1_000).toBe(0);
        expect(created).toBeGreaterThan(Date.UTC(2020, 0));
      }
    });

    it('may be walked twice: it is the same listing, by its fingerprint as well', async () => {
      const listing = await under.listing(world);

      const first = (await allOf(listing.batches())).flatMap((batch) => batch.rows.map(identity));
      const before = listing.fingerprint();
      const second = (await allOf(listing.batches())).flatMap((batch) => batch.rows.map(identity));

      expect(second.sort()).toStrictEqual(first.sort());
      expect(listing.fingerprint()).toBe(before);
      const again = await under.listing(world);
      await allOf(again.batches());
      expect(again.fingerprint()).toBe(before);
    });

    it('says of itself whether it tells locks', async () => {
      const { tellsLocks } = await under.listing(world);

      const unseen = rows.filter(({ lock }) => lock.retention.state === 'absent');
      expect(unseen).toHaveLength(tellsLocks ? 0 : rows.length);
    });

    it('has another fingerprint once its content is another', async () => {
      const listing = await under.listing(world);
      await allOf(listing.batches());

      const grown = await under.grow(world);

      const other = await under.listing(grown);
      const found = await allOf(other.batches());
      expect(found.flatMap((batch) => batch.rows)).toHaveLength(grown.versions.length);
      expect(other.fingerprint()).not.toBe(listing.fingerprint());
    });

    describe('of thousands of versions, many of them of one key', () => {
      let many: World;
      beforeAll(async () => {
        many = await under.fill(MANY);
      }, 60_000);

      it('yields every version once', async () => {
        const found = (await allOf((await under.listing(many)).batches())).flatMap((batch) => batch.rows);

        expect(found.map(identity).sort()).toStrictEqual(many.versions.map(identity).sort());
        expect(found.filter(({ current }) => current === true)).toHaveLength(2_401);
      });

      it('reads no further than it is taken', async () => {
        const listing = await under.listing(many);
        await allOf(listing.batches());
        const all = under.asked();

        const slow = await under.listing(many);
        let taken = 0;
        for await (const batch of slow.batches()) {
          taken += batch.rows.length;
          if (taken > 0) break;
        }
        // Whatever was under way has ended by then.
        await new Promise(setImmediate);

        expect(taken).toBeGreaterThan(0);
        expect(under.asked()).toBeLessThan(all);
      });

      it('ends in the error of its source, and yields nothing twice before it', async () => {
        const listing = await under.breaking(many);
        const found: string[] = [];
        const walk = async (): Promise<void> => {
          for await (const batch of listing.batches()) found.push(...batch.rows.map(identity));
        };

        await expect(walk()).rejects.toThrow();

        expect(found.length).toBeLessThan(many.versions.length);
        expect(new Set(found).size).toBe(found.length);
      });
    });
  });
}
