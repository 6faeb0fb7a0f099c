/** Bundles every functions/*.ts into dist/*.mjs, as Lambda runs them; what they share, or seldom need, into dist/shared. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { build, type BuildOptions, type Metafile, type OutputFile } from 'esbuild';

const ROOT = resolve(import.meta.dirname, '..');
const DIST = 'dist';
const SHARED = 'shared';
/** How long another build may take to write its files (milliseconds). */
const PATIENCE = 30_000;

export interface Bundle {
  /** The entry point, which has the handler. */
  readonly path: string;
  /** The chunks that it imports statically, at any depth. */
  readonly chunks: readonly string[];
  /** What is loaded at a cold start: the entry point and its chunks. */
  readonly coldBytes: number;
  /** With what is only loaded when it is needed, such as the ways to credentials that Lambda does not go. */
  readonly totalBytes: number;
}

/** How the functions of a folder are bundled. */
export function settingsFor(root: string) {
  return {
    absWorkingDir: root,
    entryPoints: readdirSync(join(root, 'functions'))
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `functions/${file}`),
    outdir: DIST,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // Without it, what the SDK imports lazily would be loaded at every cold start.
    splitting: true,
    chunkNames: `${SHARED}/[name]-[hash]`,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    legalComments: 'none',
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true as const,
    write: false as const,
    logLevel: 'error',
    // Some dependencies are CommonJS inside and ask for Node's own modules.
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  } satisfies BuildOptions;
}

/**
 * Bundles the functions of a folder.
 *
 * Only what changed is written, and whole files at once: somebody may be loading them. Chunks that nothing
 * needs any more go last.
 */
export async function bundleFunctions(root = ROOT): Promise<Bundle[]> {
  const { outputFiles, metafile } = await build(settingsFor(root));
  const dist = join(root, DIST);
  mkdirSync(join(dist, SHARED), { recursive: true });
  alone(dist, () => {
    writeAll(dist, outputFiles);
  });
  return Object.keys(metafile.outputs)
    .filter((path) => dirname(path) === DIST && path.endsWith('.mjs'))
    .map((entry) => bundleOf(root, entry, metafile));
}

/** What an entry point loads, itself first: at a cold start, or ever. */
export function loadedBy(entry: string, { outputs }: Metafile, when: 'cold' | 'ever'): string[] {
  const kinds = when === 'cold' ? ['import-statement'] : ['import-statement', 'dynamic-import'];
  // A set is walked in the order of adding, with what is added on the way.
  const loaded = new Set([entry]);
  for (const path of loaded) {
    for (const { path: imported, kind, external } of outputs[path]?.imports ?? []) {
      if (external !== true && kinds.includes(kind)) loaded.add(imported);
    }
  }
  return [...loaded];
}

function bundleOf(root: string, entry: string, metafile: Metafile): Bundle {
  const bytesOf = (paths: readonly string[]): number =>
    paths.reduce((sum, path) => sum + (metafile.outputs[path]?.bytes ?? 0), 0);
  const cold = loadedBy(entry, metafile, 'cold');
  return {
    path: join(root, entry),
    chunks: cold.slice(1).map((path) => join(root, path)),
    coldBytes: bytesOf(cold),
    totalBytes: bytesOf(loadedBy(entry, metafile, 'ever')),
  };
}

/**
 * Lets one build at a time change the folder: to a build of other sources, the chunks of this one are stale.
 * A lock of SQLite, since the system takes it from a process that dies.
 */
function alone(dist: string, work: () => void): void {
  const lock = new DatabaseSync(join(dist, '.lock'), { timeout: PATIENCE });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    work();
  } finally {
    lock.close();
  }
}

/** Chunks before the entry points that import them, and what is stale when nothing imports it any more. */
function writeAll(dist: string, files: readonly OutputFile[]): void {
  const shared = join(dist, SHARED);
  const chunks = files.filter(({ path }) => dirname(path) === shared);
  for (const { path, contents } of chunks) writeIfChanged(path, contents);
  for (const { path, contents } of files) if (dirname(path) !== shared) writeIfChanged(path, contents);
  const made = new Set(chunks.map(({ path }) => basename(path)));
  for (const name of readdirSync(shared))
    if (!made.has(name)) rmSync(join(shared, name), { recursive: true });
}

function writeIfChanged(path: string, contents: Uint8Array): void {
  try {
    if (readFileSync(path).equals(contents)) return;
  } catch {
    // It is not there yet.
  }
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, contents);
  renameSync(fresh, path);
}
