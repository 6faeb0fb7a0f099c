/** How much memory `holdfast plan` takes at most, by the size of the listing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { withInventory } from './inventories.ts';
import { planPolicyText } from './plan-policy.ts';
import { figure, type Section } from './section.ts';

const SMALL = 200_000;
const SIZES = [2_000_000];
const LARGE = 20_000_000;
const HEAP = 256;
/** Told on standard error, when the command has ended. */
const TELL = `data:text/javascript,process.on('exit',()=>process.stderr.write('peak '+process.resourceUsage().maxRSS+'\\n'))`;
const MAIN = resolve(import.meta.dirname, '../cli/main.ts');

/** Plans listings of several sizes, each in a process with a small heap. */
export async function benchPeakMemory(): Promise<Section> {
  const isLarge = process.env.HOLDFAST_BENCH_LARGE === '1';
  const sizes = [SMALL, ...SIZES, ...(isLarge ? [LARGE] : [])];
  const peaks: number[] = [];
  for (const rows of sizes) peaks.push(await withInventory(rows, 'CSV', peakOf));
  const [small = Number.NaN] = peaks;
  return {
    title: 'plan: peak memory by the size of the listing',
    meaning: [
      `\`node --max-old-space-size=${HEAP} holdfast plan\` over CSV listings by the same 20 rules, each in a process of its own: the largest resident set, by the kernel.`,
      'Flat is what is aimed at: 1.0 would mean that a hundred times the rows take no more memory.',
      isLarge ? '' : `${LARGE.toLocaleString('en')} rows: with HOLDFAST_BENCH_LARGE=1.`,
    ].filter((sentence) => sentence !== ''),
    head: ['rows', `peak / peak of ${SMALL.toLocaleString('en')} rows`],
    rows: sizes.map((rows, at) => [rows.toLocaleString('en'), figure((peaks[at] ?? Number.NaN) / small)]),
  };
}

/** The largest resident set of a command that plans, in KiB. */
async function peakOf(manifest: string): Promise<number> {
  const policy = join(tmpdir(), `holdfast-bench-${process.pid}.yaml`);
  await writeFile(policy, planPolicyText());
  const command = [
    'plan',
    '--inventory',
    manifest,
    '--policy',
    policy,
    '--maximum',
    'P12Y',
    '--max-age',
    'P90Y',
  ];
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${HEAP}`, '--import', TELL, MAIN, ...command],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  await rm(policy);
  const peak = Number(/peak (\d+)/.exec(said)?.[1]);
  if (code !== 0 || !(peak > 0)) throw new Error(`holdfast plan ended with ${code}: ${said}`);
  return peak;
}
