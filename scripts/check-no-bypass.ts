/** Law 2 as a check: nothing that ships may even name the governance bypass. `npm run laws`. */
import { globSync, readFileSync } from 'node:fs';

const SHIPPED = [
  'functions/**/*.ts',
  'lib/**/*.ts',
  'cli/**/*.{ts,mjs}',
  'serverless.yml',
  'scripts/start.mjs',
];
/** Sent only on scratch versions the probe itself made, with credentials that must lack the permission. */
const PROBE = 'lib/aws/probe-bypass.ts';
/** Doctor says who holds the permission; nothing there can send anything. */
const DOCTOR = /^lib[/\\]doctor[/\\]/;
const PERMISSION = 's3:BypassGovernanceRetention';
const BYPASS = /bypass[-_]?governance|BypassGovernance/i;

const named = SHIPPED.flatMap((pattern) => globSync(pattern))
  .filter((file) => file !== PROBE)
  .flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, at) =>
        BYPASS.test(DOCTOR.test(file) ? line.replaceAll(PERMISSION, '') : line)
          ? [`${file}:${at + 1}: ${line.trim()}`]
          : [],
      ),
  );
for (const line of named) console.error(line);
if (named.length > 0) {
  console.error(
    'Law 2: never bypass. Only local/ and test/ may name it, since they play the store that refuses, and the one file that asks whether it does.',
  );
  process.exit(1);
}
console.log(`law 2: no code that ships names the governance bypass, but ${PROBE}`);
