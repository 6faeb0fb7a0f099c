/** One contestant of the race over a listing, in a process of its own: whatever it compiles, no other one shares. */
import { parquetMetadataAsync, parquetRead } from 'hyparquet';
import { createGunzip } from 'node:zlib';
import { passOver } from '../lib/app/plan-changes.ts';
import { FolderSource } from '../lib/aws/byte-source.ts';
import { lineCutter } from '../lib/aws/csv-lines.ts';
import { InventoryListing } from '../lib/aws/inventory-listing.ts';
import { type InventoryManifest, readManifest } from '../lib/aws/inventory-manifest.ts';
import { columnName, COLUMNS } from '../lib/aws/inventory-row.ts';
import { planPolicy } from './plan-policy.ts';

/** What the parent hears after each turn. */
export interface Turn {
  readonly milliseconds: number;
  /** Rows that were seen: contestants that saw others are no match. */
  readonly rows: number;
}

/** `plan`: the pass as `holdfast plan` makes it; the others: reading alone, in CSV or Parquet. */
export type ListingWork = 'plan' | 'split' | 'decode';

const DAY = 86_400_000;
const PIECE = 1 << 19;

async function pass(source: FolderSource, manifest: InventoryManifest): Promise<number> {
  const listing = new InventoryListing(source, 'manifest.json', manifest);
  const { tally } = await passOver({ listing, policy: planPolicy(), tolerance: DAY, unreadableShare: 0 });
  return tally.totals.rows + tally.totals.markers;
}

/** Unzips and cuts, with the cells that a plan needs, and looks at none of them. */
async function split(source: FolderSource, { files, columns }: InventoryManifest): Promise<number> {
  const wanted = COLUMNS.map((column) => columns.indexOf(column))
    .filter((place) => place >= 0)
    .sort((one, other) => one - other);
  let rows = 0;
  const onLine = (): void => {
    rows += 1;
  };
  for (const { key } of files) {
    const cutter = lineCutter(columns.length, wanted, onLine, onLine);
    const unzipped = (await source.stream(key)).pipe(createGunzip({ chunkSize: PIECE }));
    for await (const piece of unzipped as AsyncIterable<Buffer>) cutter.take(piece.toString('latin1'));
    cutter.end();
  }
  return rows;
}

/** Decodes the columns that a plan needs, a group of rows at a time, and looks at none of them. */
async function decode(source: FolderSource, { files }: InventoryManifest): Promise<number> {
  let rows = 0;
  for (const { key, size } of files) {
    const file = {
      byteLength: size,
      slice: async (start: number, end = size): Promise<ArrayBuffer> => {
        const { buffer, byteOffset, byteLength } = await source.range(key, start, end);
        return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
      },
    };
    const metadata = await parquetMetadataAsync(file);
    const columns = metadata.schema
      .map(({ name }) => name)
      .filter((name) => (COLUMNS as readonly string[]).includes(columnName(name)));
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      await parquetRead({ file, metadata, columns, rowStart, rowEnd, onChunk: () => undefined });
      rows += rowEnd - rowStart;
      rowStart = rowEnd;
    }
  }
  return rows;
}

const WORK = { plan: pass, split, decode };

const [kind, path = ''] = process.argv.slice(2);
const source = new FolderSource(path);
const manifest = await readManifest(source, 'manifest.json');
process.on('message', () => {
  const start = performance.now();
  void WORK[kind as ListingWork](source, manifest).then((rows) => {
    const turn: Turn = { milliseconds: performance.now() - start, rows };
    process.send?.(turn);
  });
});
process.once('disconnect', () => process.exit());
