#!/usr/bin/env node
// Starts the command line on a Node that runs TypeScript: this one, or else the one installed with the project.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureInstalled, modernNode } from '../scripts/install.mjs';

ensureInstalled();
const node = modernNode();
const main = fileURLToPath(new URL('./main.ts', import.meta.url));

if (node === process.execPath) {
  await import('./main.ts');
} else {
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  // The terminal sends Ctrl-C to both; the child decides when to end.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => process.exit(code ?? 1));
}
