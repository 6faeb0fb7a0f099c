/** Bundles every functions/*.ts into dist/*.mjs, as Lambda runs them. */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';

const ROOT = resolve(import.meta.dirname, '..');

export interface Bundle {
  readonly path: string;
  readonly bytes: number;
}

/** Writes only what changed, and whole files at once: somebody may be loading them. */
export async function bundleFunctions(root = ROOT): Promise<Bundle[]> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: readdirSync(join(root, 'functions'))
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `functions/${file}`),
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
    sourcesContent: false,
    write: false,
    logLevel: 'error',
    // Some dependencies are CommonJS inside and ask for Node's own modules.
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  });
  for (const { path, contents } of outputFiles) writeIfChanged(path, contents);
  return outputFiles
    .filter(({ path }) => path.endsWith('.mjs'))
    .map(({ path, contents }) => ({ path, bytes: contents.byteLength }));
}

function writeIfChanged(path: string, contents: Uint8Array): void {
  try {
    if (readFileSync(path).equals(contents)) return;
  } catch {
    mkdirSync(dirname(path), { recursive: true });
  }
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, contents);
  renameSync(fresh, path);
}
