/** What a hostile look at inventories found: a report is somebody else's word, and a wrong one must not lock anything. */
import { describe, expect, it } from '@jest/globals';
import { FolderSource } from '../../../lib/aws/byte-source.ts';
import { InventoryListing } from '../../../lib/aws/inventory-listing.ts';
import { readManifest, requirePast } from '../../../lib/aws/inventory-manifest.ts';
import { instantOf } from '../../../lib/lock/instant.ts';
import { type PlanRow } from '../../../lib/plan/row.ts';
import { type Unreadable } from '../../../lib/ports/listing.ts';
import { COLUMNS, inFolder, inventory, type WrittenInventory } from '../../helpers/inventory.ts';
import { DAY } from '../../helpers/plan.ts';
import { allOf } from '../../helpers/records.ts';

const CREATED = Date.UTC(2026, 10, 18, 1);
const FORMATS = ['CSV', 'Parquet'] as const;
const isoDate = (at: number): string => new Date(at).toISOString();

async function read(written: WrittenInventory): Promise<{ rows: PlanRow[]; unreadable: Unreadable[] }> {
  const path = inFolder(written);
  const source = new FolderSource(path);
  const manifest = await readManifest(source, 'manifest.json', path);
  const batches = await allOf(new InventoryListing(source, 'manifest.json', manifest).batches());
  return {
    rows: batches.flatMap(({ rows }) => rows),
    unreadable: batches.flatMap(({ unreadable }) => unreadable),
  };
}
const keysOf = (rows: readonly PlanRow[]): string[] => rows.map(({ key }) => key);

describe.each(FORMATS)('the id of a version in %s', (format) => {
  it.each([
    ['a line feed', 'x\nacme-docs,private%2Fsecret,v1'],
    ['a comma', 'x,acme-docs,private%2Fsecret,v1'],
    ['a space', 'x y'],
    ['more than 1,024 signs', 'x'.repeat(1_025)],
  ])('with %s is none: its row is unreadable', async (_, versionId) => {
    const { rows, unreadable } = await read(
      inventory({ rows: [{ key: 'a' }, { key: 'b', versionId }, { key: 'c' }], format }),
    );

    expect(keysOf(rows)).toStrictEqual(['a', 'c']);
    expect(unreadable).toMatchObject([{ why: 'its VersionId is none' }]);
  });

  it('may have every sign that stores write', async () => {
    const ids = ['3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY+MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo', 'a.b_c~d/e=f-1', ''];

    const { rows, unreadable } = await read(
      inventory({ rows: ids.map((versionId) => ({ key: 'a', versionId })), format }),
    );

    expect(rows.map(({ versionId }) => versionId)).toStrictEqual([...ids.slice(0, 2), 'null']);
    expect(unreadable).toStrictEqual([]);
  });
});

describe.each(FORMATS)('a version in %s that was created after its report', (format) => {
  it('is unreadable: its term would count from a made-up day', async () => {
    const { rows, unreadable } = await read(
      inventory({
        rows: [{ key: 'a' }, { key: 'late "1"\n', created: '2090-01-01T00:00:00.000Z' }],
        format,
        created: CREATED,
      }),
    );

    expect(keysOf(rows)).toStrictEqual(['a']);
    expect(unreadable).toStrictEqual([
      {
        where: expect.stringMatching(/late \\"1\\"\\n"$/),
        why: 'it says that it was created at 2090-01-01T00:00:00Z, after the report',
      },
    ]);
  });

  it('is read where that was within a day: a report takes hours to make', async () => {
    const { rows } = await read(
      inventory({
        rows: [
          { key: 'same day', created: isoDate(CREATED + DAY) },
          { key: 'later', created: isoDate(CREATED + DAY + 1_000) },
        ],
        ...{ format, created: CREATED },
      }),
    );

    expect(keysOf(rows)).toStrictEqual(['same day']);
  });
});

describe('a report of the future', () => {
  const created = instantOf(CREATED);
  const NAME = 's3://lists/manifest.json';

  it('is refused by its name', () => {
    expect(() => {
      requirePast({ created }, instantOf(CREATED - 15 * 60_000 - 1), NAME);
    }).toThrow(`${NAME} says that it was made at 2026-11-18T01:00:00Z, which is still to come`);
  });

  it('is one of another quarter of an hour at least: clocks differ', () => {
    expect(() => {
      requirePast({ created }, instantOf(CREATED - 15 * 60_000), NAME);
    }).not.toThrow();
  });
});

describe('a Parquet file', () => {
  /** A manifest that names all columns, and a file that has only some of them. */
  async function withColumns(columns: readonly string[]): ReturnType<typeof read> {
    const { fileSchema } = JSON.parse(manifestOf(inventory({ rows: [], format: 'Parquet' }))) as {
      fileSchema: string;
    };
    const row = { key: 'a', mode: 'COMPLIANCE', until: '2031-01-01T00:00:00.000Z', hold: 'On' };
    return read(
      inventory({ rows: [row], format: 'Parquet', columns }, (manifest) => ({ ...manifest, fileSchema })),
    );
  }
  const manifestOf = ({ objects, manifest }: WrittenInventory): string => objects[manifest]?.toString() ?? '';

  it.each([
    ['its lock columns is no listing of versions without locks', 'ObjectLock', 'objectlockmode'],
    ['the ids of its versions is no listing of null versions', 'VersionId', 'versionid'],
  ])('without %s', async (_, missing, named) => {
    const columns = COLUMNS.filter((name) => !name.startsWith(missing));

    await expect(withColumns(columns)).rejects.toMatchObject({
      ...{ code: 'moved', message: expect.stringContaining(named) },
    });
  });

  it('with all of them is read', async () => {
    expect((await withColumns(COLUMNS)).rows).toMatchObject([
      { key: 'a', lock: { retention: { mode: 'COMPLIANCE' }, hold: 'on' } },
    ]);
  });
});
