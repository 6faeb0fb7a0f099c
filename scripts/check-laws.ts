/** Two laws as checks: nothing that ships names the governance bypass, and one file takes legal holds off. `npm run laws`. */
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

/** The only file that takes legal holds off (law 6), but for those that the probe placed itself. */
const CLEARER = 'lib/aws/s3-hold-clearer.ts';
const CLEARING = /Status:\s*['"]OFF/;

const files = SHIPPED.flatMap((pattern) => globSync(pattern));

function linesWith(
  pattern: RegExp,
  but: readonly string[],
  seenAs: (file: string, line: string) => string,
): string[] {
  return files
    .filter((file) => !but.includes(file))
    .flatMap((file) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .flatMap((line, at) =>
          pattern.test(seenAs(file, line)) ? [`${file}:${at + 1}: ${line.trim()}`] : [],
        ),
    );
}

const bypassing = linesWith(BYPASS, [PROBE], (file, line) =>
  DOCTOR.test(file) ? line.replaceAll(PERMISSION, '') : line,
);
const clearing = linesWith(CLEARING, [CLEARER, PROBE], (_, line) => line);
for (const line of [...bypassing, ...clearing]) console.error(line);
if (bypassing.length > 0)
  console.error(
    'Law 2: never bypass. Only local/ and test/ may name it, since they play the store that refuses, and the one file that asks whether it does.',
  );
if (clearing.length > 0)
  console.error('Law 6: holds win. One file takes them off, once, when nobody needs them any more.');
if (bypassing.length + clearing.length > 0) process.exit(1);
console.log(`law 2: no code that ships names the governance bypass, but ${PROBE}`);
console.log(`law 6: no code that ships takes a legal hold off, but ${CLEARER}`);
