/** What the bundled function is made of. */
import { resolve } from 'node:path';
import { build } from 'esbuild';
import { loadedBy, settingsFor } from '../local/bundle.ts';

export interface Part {
  readonly name: string;
  readonly bytes: number;
}

const ROOT = resolve(import.meta.dirname, '..');

/** Adds up by package what a function loads at a cold start, largest first. */
export async function bytesByPackage(name: string): Promise<Part[]> {
  const { metafile } = await build(settingsFor(ROOT));
  const parts = new Map<string, number>();
  const add = (part: string, bytes: number): void => {
    parts.set(part, (parts.get(part) ?? 0) + bytes);
  };
  for (const path of loadedBy(`dist/${name}.mjs`, metafile, 'cold')) {
    const { bytes = 0, inputs = {} } = metafile.outputs[path] ?? {};
    add('joints between modules', bytes);
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      add(packageOf(input), bytesInOutput);
      add('joints between modules', -bytesInOutput);
    }
  }
  return [...parts].map(([from, bytes]) => ({ name: from, bytes })).sort((a, b) => b.bytes - a.bytes);
}

/** The package of a file, by the innermost node_modules; our own folders by their first two names. */
function packageOf(path: string): string {
  const [, inPackage] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
  return inPackage ?? path.split('/').slice(0, 2).join('/').replace(/\.ts$/, '');
}
