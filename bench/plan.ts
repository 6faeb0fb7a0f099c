/** How fast a listing is planned, against reading it alone, `zcat`, and DuckDB. */
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { countQuery, openDuckDb } from './duckdb.ts';
import { withInventory } from './inventories.ts';
import { type Contestant, type Costs, interleave, ratioOf, timed } from './measure.ts';
import { benchPeakMemory } from './peak-memory.ts';
import { aimedAt, type Section, shown } from './section.ts';
import { startTurns } from './turn-process.ts';

const ROWS = 2_000_000;
const ROUNDS = 7;
const CSV_AIM = 1.4;
const PARQUET_AIM = 1.3;

export async function benchPlan(): Promise<Section[]> {
  const duckDb = openDuckDb();
  const csv = await withInventory(ROWS, 'CSV', async (manifest) => {
    const data = join(dirname(manifest), 'data');
    const others: Contestant[] = [
      {
        name: 'zcat',
        round: () => timed(() => execFileSync('sh', ['-c', 'zcat "$0"/*.gz | wc -l', data])),
      },
    ];
    if (duckDb !== undefined) {
      const query = countQuery(manifest);
      others.push({ name: 'duckdb', round: () => timed(() => duckDb(query)) });
    }
    return race(manifest, 'split', others);
  });
  const parquet = await withInventory(ROWS, 'Parquet', async (manifest) => race(manifest, 'decode', []));
  return [timesOf(csv, parquet, duckDb !== undefined), await benchPeakMemory()];
}

/** The pass and its floor, each in a process of its own, and other programs; they take turns. */
async function race(
  manifest: string,
  floor: 'split' | 'decode',
  others: readonly Contestant[],
): Promise<Costs> {
  const processes = (['plan', floor] as const).map((name) => ({ name, process: startTurns(name, manifest) }));
  const contestants = processes.map(({ name, process }) => ({
    name,
    async round() {
      const { milliseconds, rows } = await process.turn();
      if (rows !== ROWS) throw new Error(`${name} saw ${rows} rows of ${ROWS}`);
      return milliseconds;
    },
  }));
  try {
    await interleave(contestants, 1);
    return await interleave([...contestants, ...others], ROUNDS);
  } finally {
    for (const { process } of processes) process.stop();
  }
}

function timesOf(csv: Costs, parquet: Costs, hasDuckDb: boolean): Section {
  const split = ratioOf(csv, 'plan', 'split');
  const decode = ratioOf(parquet, 'plan', 'decode');
  return {
    title: 'plan: a pass over a listing, against reading it alone',
    meaning: [
      `${ROWS.toLocaleString('en')} rows of 12 columns in several files, 20 rules without tags; the medians of ${ROUNDS} ratios, with four fifths of them in the brackets.`,
      'Plan: `passOver`, the pass of `holdfast plan`, with the MD5 of every file; it and the floor run warm in processes of their own.',
      'Floor of CSV: gunzip and our own splitter, with the same columns, each line thrown away. Floor of Parquet: hyparquet, which decodes the same columns and throws them away.',
      'DuckDB counts versions and bytes by folder, mode and date wanted with one term for all, by as many threads as there are cores; its time holds the start of its process.',
    ],
    head: ['time', 'ratio', 'aim'],
    rows: [
      ['CSV: plan / gunzip and splitter', shown(split), aimedAt(split, CSV_AIM)],
      ['CSV: plan / zcat | wc -l', shown(ratioOf(csv, 'plan', 'zcat')), ''],
      [
        'CSV: plan / DuckDB, a query of that shape',
        hasDuckDb ? shown(ratioOf(csv, 'plan', 'duckdb')) : 'DuckDB is not installed',
        '',
      ],
      ['Parquet: plan / hyparquet alone', shown(decode), aimedAt(decode, PARQUET_AIM)],
    ],
  };
}
