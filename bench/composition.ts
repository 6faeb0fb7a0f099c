/** What the bundled function is made of. */
import { resolve } from 'node:path';
import { build } from 'esbuild';

export interface Part {
  readonly name: string;
  readonly bytes: number;
}

const ROOT = resolve(import.meta.dirname, '..');

/**
 * Adds up by package what the inputs left in the bundle, largest first.
 *
 * @param name - the function.
 * @param expected - the size of the bundle as it is really made: the settings here are a copy and must not drift.
 */
export async function bytesByPackage(name: string, expected: number): Promise<Part[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [`functions/${name}.ts`],
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    legalComments: 'none',
    sourcemap: 'linked',
    write: false,
    metafile: true,
    logLevel: 'error',
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  });
  const output = Object.entries(metafile.outputs).find(([path]) => path.endsWith('.mjs'))?.[1];
  if (output?.bytes !== expected) {
    throw new Error('local/bundle.ts bundles with other settings than bench/composition.ts: copy them');
  }
  const parts = new Map<string, number>();
  let inInputs = 0;
  for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
    const from = packageOf(path);
    parts.set(from, (parts.get(from) ?? 0) + bytesInOutput);
    inInputs += bytesInOutput;
  }
  parts.set('joints between modules', output.bytes - inInputs);
  return [...parts].map(([from, bytes]) => ({ name: from, bytes })).sort((a, b) => b.bytes - a.bytes);
}

/** The package of a file, by the innermost node_modules; our own folders by their first two names. */
function packageOf(path: string): string {
  const [, inPackage] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
  return inPackage ?? path.split('/').slice(0, 2).join('/').replace(/\.ts$/, '');
}
