/** How large the function is and how fast it loads, against a bundle of nothing but the S3 client. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { type Bundle, bundleFunctions, settingsFor } from '../local/bundle.ts';
import { bytesByPackage, type Part } from './composition.ts';
import { interleave, ratioOf } from './measure.ts';
import { aimedAt, figure, type Section, shown } from './section.ts';

const ROOT = resolve(import.meta.dirname, '..');
const FUNCTION = 'on-object-event';
const LOADS = 25;
const SHOWN = 12;
/** How much slower than the client alone the function may load. */
const AIM = 1.3;

/** The least that any function needs that locks objects through the AWS SDK. */
const CLIENT_ONLY = `
import {
  GetObjectRetentionCommand, HeadObjectCommand, PutObjectRetentionCommand, S3Client,
} from '@aws-sdk/client-s3';
export const client = new S3Client({});
export const commands = [GetObjectRetentionCommand, HeadObjectCommand, PutObjectRetentionCommand];
`;

/** Weighs our bundle and that of the client alone, both made by the same settings, and loads them in turns. */
export async function benchBundle(): Promise<Section[]> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  try {
    const ours = await bundleIn(join(folder, 'ours'), FUNCTION, (functions) => {
      symlinkSync(join(ROOT, 'functions'), functions);
    });
    const client = await bundleIn(join(folder, 'client'), 'client', (functions) => {
      mkdirSync(functions);
      writeFileSync(join(functions, 'client.ts'), CLIENT_ONLY);
    });
    const [oursWhole, clientWhole] = [await inOneFile(ours), await inOneFile(client)];
    const loads = await interleave(
      [
        { name: 'ours', round: () => loadTime(ours.path) },
        { name: 'client', round: () => loadTime(client.path) },
        { name: 'ours in one file', round: () => loadTime(oursWhole) },
        { name: 'client in one file', round: () => loadTime(clientWhole) },
      ],
      LOADS,
    );
    const cold = ratioOf(loads, 'ours', 'client');
    return [
      {
        title: 'bundle: size and cold start of the function',
        meaning: [
          'Both bundles are made by `local/bundle.ts`; the other one only makes an S3Client and names three commands.',
          'At a cold start the entry point and the chunks that it imports statically are loaded; the rest only when it is needed.',
          'In one file: the same settings without splitting, as most functions are bundled. There the SDK loads every way to credentials at once.',
          `Loading is the time of \`import()\` in a fresh process; the median of ${LOADS} ratios, with four fifths of them in the brackets.`,
        ],
        head: ['', 'ratio', 'aim'],
        rows: [
          ['size at a cold start: function / client alone', figure(ours.coldBytes / client.coldBytes), ''],
          ['size in all: function / client alone', figure(ours.totalBytes / client.totalBytes), ''],
          ['cold import(): function / client alone', shown(cold), aimedAt(cold, AIM)],
          [
            'cold import(): function / client alone in one file',
            shown(ratioOf(loads, 'ours', 'client in one file')),
            '',
          ],
          [
            'cold import(): function / function in one file',
            shown(ratioOf(loads, 'ours', 'ours in one file')),
            '',
          ],
        ],
      },
      compositionOf(await bytesByPackage(FUNCTION)),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Bundles in a folder of its own, so that the function which somebody runs meanwhile stays as it is. */
async function bundleIn(root: string, name: string, fill: (functions: string) => void): Promise<Bundle> {
  mkdirSync(root);
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  fill(join(root, 'functions'));
  const bundle = (await bundleFunctions(root)).find(({ path }) => basename(path) === `${name}.mjs`);
  if (bundle === undefined) throw new Error(`${name} was not bundled`);
  return bundle;
}

/** The same bundle without splitting, next to it. */
async function inOneFile({ path }: Bundle): Promise<string> {
  const root = resolve(dirname(path), '..');
  const entry = `functions/${basename(path, '.mjs')}.ts`;
  await build({ ...settingsFor(root), entryPoints: [entry], splitting: false, outdir: 'whole', write: true });
  return join(root, 'whole', basename(path));
}

function loadTime(path: string): number {
  const script = `
    const start = performance.now();
    await import(${JSON.stringify(path)});
    process.stdout.write(String(performance.now() - start));
    process.exit();
  `;
  return Number(
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', cwd: ROOT }),
  );
}

function compositionOf(parts: readonly Part[]): Section {
  const sum = (some: readonly Part[]): number => some.reduce((total, { bytes }) => total + bytes, 0);
  const others = parts.slice(SHOWN);
  const all = [...parts.slice(0, SHOWN), { name: `${others.length} others`, bytes: sum(others) }];
  return {
    title: 'bundle: where the bytes come from',
    meaning: [
      'Bytes of each package in what the function loads at a cold start, by the metafile of esbuild.',
    ],
    head: ['package', 'share'],
    rows: all.map(({ name, bytes }) => [name, `${((bytes / sum(parts)) * 100).toFixed(1)} %`]),
  };
}
