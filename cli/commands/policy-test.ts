import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { parse } from 'yaml';
import { systemClock } from '../../lib/aws/system-clock.ts';
import { textFile } from '../../lib/aws/text-file.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { type Instant } from '../../lib/lock/instant.ts';
import {
  type CaseResult,
  type CasesFile,
  casesSchema,
  type PolicyCase,
  runCase,
} from '../../lib/policy/cases.ts';
import { type Policy } from '../../lib/policy/compile.ts';
import { decisionJson } from '../decision-text.ts';
import { instantOption } from '../options.ts';
import { paint, print, printJson, visible } from '../output.ts';
import { policyOption } from '../policy-file.ts';

const EXAMPLES = `
A file of cases:
  policy: policy.yaml            # beside the file of cases
  now: 2026-11-20T00:00:00Z
  cases:
    - name: an invoice is kept for ten years
      version: { bucket: acme-docs, key: invoices/1.pdf, created: 2024-02-29T10:00:00Z }
      expect: { mode: COMPLIANCE, until: 2035-01-07T00:00:00Z, rule: invoices }

Example:
  holdfast policy test cases.yaml`;

export function addPolicyTest(policy: Command): void {
  policy
    .command('test')
    .description('run your own cases against a policy; exit 7 when one gets another lock')
    .argument('<cases>', 'a file of versions and the locks they must get, YAML or JSON')
    .option('--policy <file>', 'the policy, in place of the one the file names')
    .option('--maximum <period>', "the deployment's cap, such as P12Y")
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLES)
    .action((path: string, options: { policy?: string; maximum?: string; json?: true }) => {
      const file = readCases(path);
      const policyPath =
        options.policy ?? (file.policy === undefined ? undefined : resolve(dirname(path), file.policy));
      if (policyPath === undefined) {
        throw new HoldfastError('bad-input', {
          what: `${path} names no policy`,
          next: 'add policy: to it, or give --policy',
        });
      }
      const compiled = policyOption(policyPath, options.maximum);
      const now = instantOption(file.now, systemClock.now());
      const results = file.cases.map((one) => runNamed(path, compiled, one, now));
      const failed = results.filter(({ ok }) => !ok).length;
      if (options.json === true) {
        printJson({
          ok: failed === 0,
          cases: results.map(({ explanation, ...result }) => ({
            ...result,
            decision: decisionJson(explanation),
          })),
        });
      } else {
        for (const { name, ok, differences } of results) {
          print(`${ok ? paint('green', '✔') : paint('red', '✘')} ${visible(name)}`);
          for (const line of differences) print(`    ${visible(line)}`);
        }
        print(`${results.length - failed} passed, ${failed} failed`);
      }
      if (failed > 0) process.exitCode = 7;
    });
}

/** A date that cannot be read is a fault of one case in one file: name both. */
function runNamed(path: string, policy: Policy, one: PolicyCase, now: Instant): CaseResult {
  try {
    return runCase(policy, one, now);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError('bad-input', {
      what: `${path}: case "${one.name}": ${why}`,
      next: 'mend the case',
      cause,
    });
  }
}

function readCases(path: string): CasesFile {
  const text = textFile(path, 'check the path and the encoding of the file');
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw new HoldfastError('bad-input', {
      what: `${path} cannot be read as YAML or JSON`,
      next: 'check the path and the file',
      cause,
    });
  }
  const parsed = casesSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new HoldfastError('bad-input', {
    what: `${path}: ${faults.join('; ')}`,
    next: 'see holdfast policy test --help for the form',
  });
}
