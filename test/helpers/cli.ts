/** Runs the command line as a user would: a process of its own, what it prints, how it ends. */
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export async function holdfast(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = mkdtempSync(join(tmpdir(), 'holdfast-cli-')),
): Promise<Ran> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [resolve('cli/main.ts'), ...args], {
      cwd,
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.on('close', (code) => {
      done({ code, out, err });
    });
  });
}

/** A file in a folder of its own. */
export function fileOf(name: string, text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'holdfast-file-')), name);
  writeFileSync(path, text);
  return path;
}
