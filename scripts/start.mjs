// `npm start`: installs what is missing, then plays the tour on the local cloud.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureInstalled, modernNode } from './install.mjs';

ensureInstalled();
const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url));
const child = spawn(modernNode(), [main, 'tour', ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => process.exit(code ?? 1));
