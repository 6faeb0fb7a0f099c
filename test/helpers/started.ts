/** The command line as a process that a test can interrupt or kill. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Ran } from './cli.ts';

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran & { readonly signal: NodeJS.Signals | null }>;
}

export function startHoldfast(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd = mkdtempSync(join(tmpdir(), 'holdfast-cli-')),
): Started {
  const child = spawn(process.execPath, [resolve('cli/main.ts'), ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<Ran & { readonly signal: NodeJS.Signals | null }>((done) => {
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.on('close', (code, signal) => {
      done({ code, out, err, signal });
    });
  });
  return { child, ended };
}
