// `npm test`: installs what is missing, bundles the functions, runs every test, and ends with one plain line.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled, modernNode } from './install.mjs';

ensureInstalled();
const cwd = fileURLToPath(new URL('..', import.meta.url));
const node = modernNode();
const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
const results = join(folder, 'results.json');

const built = spawnSync(node, ['scripts/build.ts'], { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
if (built.status !== 0) process.exit(built.status ?? 1);

if (!process.env.HOLDFAST_TEST_RGW) {
  console.error(
    'The contract suite runs on the embedded S3 alone: set HOLDFAST_TEST_RGW (see test/servers) for Ceph RGW too.',
  );
}
const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const jest = ['node_modules/jest/bin/jest.js', '--json', `--outputFile=${results}`, ...process.argv.slice(2)];
const { status } = spawnSync(node, [...flags, ...jest], { cwd, stdio: ['ignore', 'ignore', 'inherit'] });

const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(
  readFileSync(results, 'utf8'),
);
rmSync(folder, { recursive: true });
const failed = numFailedTests + numRuntimeErrorTestSuites;
console.log(`${numPassedTests} passed, ${failed} failed`);
process.exit(status !== 0 || failed > 0 || numPassedTests === 0 ? 1 : 0);
