/** `npm run bench`: runs the benchmarks, or those named, and writes RESULTS.md after a full run. */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { benchApi } from './api.ts';
import { benchBundle } from './bundle.ts';
import { benchDecide } from './decide.ts';
import { benchDirect } from './direct.ts';
import { benchDollars } from './dollars.ts';
import { benchEmbeddedS3 } from './embedded-s3.ts';
import { benchEventToLock } from './event-to-lock.ts';
import { benchHolds } from './holds.ts';
import { benchPlan } from './plan.ts';
import { asMarkdown, asText, type Section } from './section.ts';

type Bench = () => Section | Promise<Section | Section[]>;

const BENCHES = new Map<string, Bench>([
  ['decide', benchDecide],
  ['embedded-s3', benchEmbeddedS3],
  ['event-to-lock', benchEventToLock],
  ['bundle', benchBundle],
  ['plan', benchPlan],
  ['direct', benchDirect],
  ['holds', benchHolds],
  ['api', benchApi],
  ['dollars', benchDollars],
]);

const { positionals: names } = parseArgs({ allowPositionals: true });
const unknown = names.filter((name) => !BENCHES.has(name));
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(', ')}; there are ${[...BENCHES.keys()].join(', ')}`);
  process.exit(2);
}

const sections: Section[] = [];
for (const [name, bench] of BENCHES) {
  if (names.length > 0 && !names.includes(name)) continue;
  const found = [await bench()].flat();
  for (const section of found) console.log(asText(section));
  sections.push(...found);
}

// A page with some of the figures missing, or from different days, would compare what was not compared.
if (names.length === 0) {
  const path = new URL('RESULTS.md', import.meta.url);
  writeFileSync(path, pageOf(sections));
  console.log('written to bench/RESULTS.md');
}

function pageOf(all: readonly Section[]): string {
  const day = new Date().toISOString().slice(0, 10);
  const cores = availableParallelism();
  const release = process.version.slice(1).split('.').slice(0, 2).join('.');
  const machine = `${cores} cores of a shared virtual machine, Node ${release}`;
  const intro = [
    '# What the benchmarks found',
    '',
    `Run on ${day} on ${machine}, by \`npm run bench\`.`,
    'Other work ran on the machine, so no absolute times are told: every figure is a ratio of two contestants that took turns in the same run.',
    '',
  ];
  return [...intro, ...all.map(asMarkdown)].join('\n');
}
