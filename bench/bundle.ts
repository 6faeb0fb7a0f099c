/** How large the function is and how fast it loads, against a bundle of nothing but the S3 client. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { type Bundle, bundleFunctions } from '../local/bundle.ts';
import { bytesByPackage } from './composition.ts';
import { interleave, ratioOf } from './measure.ts';
import { figure, type Section, shown } from './section.ts';

const ROOT = resolve(import.meta.dirname, '..');
const FUNCTION = 'on-object-event';
const LOADS = 25;
const SHOWN = 12;

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
    const loads = await interleave(
      [
        { name: 'ours', round: () => loadTime(ours.path) },
        { name: 'client', round: () => loadTime(client.path) },
      ],
      LOADS,
    );
    return [
      {
        title: 'bundle: size and cold start of the function',
        meaning: [
          'Both bundles are made by `local/bundle.ts`; the other one only makes an S3Client and names three commands.',
          `Loading is the time of \`import()\` in a fresh process; the median of ${LOADS} ratios, with four fifths of them in the brackets.`,
        ],
        head: ['function / S3 client alone', 'ratio'],
        rows: [
          ['size', figure(ours.bytes / client.bytes)],
          ['cold import()', shown(ratioOf(loads, 'ours', 'client'))],
        ],
      },
      await compositionOf(ours),
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

async function compositionOf({ bytes }: Bundle): Promise<Section> {
  const parts = await bytesByPackage(FUNCTION, bytes);
  const rest = parts.slice(SHOWN).reduce((sum, part) => sum + part.bytes, 0);
  const all = [
    ...parts.slice(0, SHOWN),
    { name: `${Math.max(parts.length - SHOWN, 0)} others`, bytes: rest },
  ];
  return {
    title: 'bundle: where the bytes come from',
    meaning: ['Bytes of each package in the bundled and minified function, by the metafile of esbuild.'],
    head: ['package', 'share'],
    rows: all.map((part) => [part.name, `${((part.bytes / bytes) * 100).toFixed(1)} %`]),
  };
}
