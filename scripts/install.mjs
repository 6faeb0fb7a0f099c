// Plain JavaScript for any Node from 20 on: puts in place what the project's own scripts need.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Installs the locked dependencies where they are missing or older than the lock file, and says so. */
export function ensureInstalled() {
  const installed = `${root}node_modules/.package-lock.json`;
  const lock = `${root}package-lock.json`;
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.error('Installing what Holdfast needs (npm ci, once; half a minute or so) ...');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const quiet = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync(npm, quiet, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status === 0) return;
  console.error('npm ci failed: look at its message above, and run it again.');
  process.exit(status ?? 1);
}

/** A Node that runs TypeScript: the one at work when it is new enough, or else the one that was installed. */
export function modernNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath;
  const own = `${root}node_modules/.bin/node`;
  if (existsSync(own)) return own;
  console.error(
    `Holdfast needs Node 22.18 or newer; this is ${process.version}, and none came along for this machine.`,
  );
  process.exit(2);
}
