import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile, execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { bundleFunctions } from '../../local/bundle.ts';

const LAZY = `import { shared } from '../parts/shared.ts';
export const handler = async () => (await import('../parts/seldom.ts')).seldom + shared;`;
const PLAIN = `import { shared } from '../parts/shared.ts';
export const handler = async () => shared;`;

describe('the bundles of functions', () => {
  let root: string;
  const write = (path: string, source: string): void => {
    writeFileSync(join(root, path), source);
  };
  /** The files below dist, without source maps, and without the hash in the names of chunks. */
  const filesIn = (folder: string): string[] =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.mjs'))
      .map((name) => name.replace(/-[A-Z0-9]{8}\./, '.'))
      .sort();
  /** What a handler answers in a process of its own, as nothing is loaded twice in one. */
  const answerOf = (path: string): string => {
    const script = `console.log(await (await import(${JSON.stringify(pathToFileURL(path).href)})).handler())`;
    return execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).trim();
  };
  const timesOfWriting = (): Map<string, number> => {
    const paths = ['dist', 'dist/shared'].flatMap((folder) =>
      readdirSync(join(root, folder)).map((name) => join(root, folder, name)),
    );
    return new Map(
      paths.filter((path) => statSync(path).isFile()).map((path) => [path, statSync(path).mtimeMs]),
    );
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'holdfast-bundle-'));
    mkdirSync(join(root, 'functions'));
    mkdirSync(join(root, 'parts'));
    write('parts/shared.ts', "export const shared: string = 'shared';");
    write('parts/seldom.ts', `export const seldom: string = '${'seldom '.repeat(100)}';`);
    write('functions/lazy.ts', LAZY);
    write('functions/plain.ts', PLAIN);
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it('are an entry point each, with what they share and what they import lazily as chunks', async () => {
    const bundles = await bundleFunctions(root);

    expect(bundles.map(({ path }) => basename(path)).sort()).toStrictEqual(['lazy.mjs', 'plain.mjs']);
    expect(filesIn('dist')).toStrictEqual(['lazy.mjs', 'plain.mjs']);
    expect(filesIn('dist/shared')).toStrictEqual(['chunk.mjs', 'seldom.mjs']);
    expect(answerOf(join(root, 'dist/lazy.mjs'))).toBe(`${'seldom '.repeat(100)}shared`);
  });

  it('weigh at a cold start what they import statically, and in all the rest too', async () => {
    const [lazy] = (await bundleFunctions(root)).filter(({ path }) => path.endsWith('lazy.mjs'));
    const bytesOf = (paths: readonly string[]): number =>
      paths.reduce((sum, path) => sum + statSync(path).size, 0);
    const seldom = readdirSync(join(root, 'dist/shared')).filter((name) => /^seldom-.*\.mjs$/.test(name));

    expect(lazy?.chunks.map((path) => basename(path))).toStrictEqual([
      expect.stringMatching(/^chunk-\w+\.mjs$/),
    ]);
    const cold = bytesOf([lazy?.path ?? '', ...(lazy?.chunks ?? [])]);
    expect(lazy?.coldBytes).toBe(cold);
    expect(lazy?.totalBytes).toBe(cold + bytesOf(seldom.map((name) => join(root, 'dist/shared', name))));
  });

  it('are not written again when nothing has changed', async () => {
    await bundleFunctions(root);
    const before = timesOfWriting();

    await bundleFunctions(root);

    expect(timesOfWriting()).toStrictEqual(before);
    expect(before.size).toBeGreaterThan(4);
  });

  it('leave no chunk behind that nothing imports any more, nor a file half written', async () => {
    await bundleFunctions(root);
    write('dist/shared/chunk-OLD.mjs.4711', 'half');
    write('functions/lazy.ts', PLAIN);

    const bundles = await bundleFunctions(root);

    expect(filesIn('dist/shared')).toStrictEqual(['chunk.mjs']);
    expect(existsSync(join(root, 'dist/shared/chunk-OLD.mjs.4711'))).toBe(false);
    expect(bundles.map(({ path }) => answerOf(path))).toStrictEqual(['shared', 'shared']);
  });

  it('can be loaded after builds of different sources at the same time', async () => {
    // Two folders of sources that build into one: as if somebody had saved a file in between.
    const other = join(root, 'other');
    mkdirSync(join(root, 'dist'));
    mkdirSync(other);
    for (const folder of ['functions', 'parts'])
      cpSync(join(root, folder), join(other, folder), { recursive: true });
    write('other/parts/shared.ts', "export const shared: string = 'changed';");
    symlinkSync(join(root, 'dist'), join(other, 'dist'));

    await Promise.all([root, other].map(async (folder) => buildElsewhere(folder, 30)));

    const [lazy, plain] = ['lazy', 'plain'].map((name) => answerOf(join(root, `dist/${name}.mjs`)));
    expect(lazy?.endsWith(plain ?? '')).toBe(true);
    expect(filesIn('dist/shared')).toStrictEqual(['chunk.mjs', 'seldom.mjs']);
  }, 30_000);
});

/** Builds again and again in a process of its own. */
async function buildElsewhere(root: string, times: number): Promise<void> {
  const script = `
    import { promisify } from 'node:util';
import { bundleFunctions } from ${JSON.stringify(new URL('../../local/bundle.ts', import.meta.url).href)};
    for (let left = ${times}; left > 0; left -= 1) await bundleFunctions(${JSON.stringify(root)});
    process.exit();
  `;
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
}
