/** Loads the policy that a command was given, and prints its faults as editors understand them. */
import { readPolicy } from '../lib/aws/load-policy.ts';
import { HoldfastError } from '../lib/errors.ts';
import { type Policy } from '../lib/policy/compile.ts';
import { parsePeriod } from '../lib/policy/period.ts';
import { visible } from './output.ts';
import { type Problem } from '../lib/policy/problems.ts';

/** The deployment's cap, where the environment states it. */
export function deploymentCap(option: string | undefined): { maximum?: string } {
  const maximum = option ?? process.env.HOLDFAST_MAXIMUM;
  if (maximum === undefined) return {};
  parsePeriod(maximum);
  return { maximum };
}

/**
 * The compiled policy.
 *
 * @throws HoldfastError `bad-policy`, with every fault as `file:line:column: message`.
 */
export function policyOption(path: string, maximum?: string): Policy {
  const parsed = readPolicy(path, deploymentCap(maximum));
  if (parsed.ok) return parsed.policy;
  throw new HoldfastError('bad-policy', {
    what: problemLines(path, parsed.problems).join('\n'),
    next: `mend ${path}, then run holdfast validate ${path}`,
  });
}

export function problemLines(path: string, problems: readonly Problem[]): string[] {
  return problems.map(
    ({ severity, line, column, message }) =>
      `${path}:${line}:${column}: ${severity === 'warning' ? 'warning: ' : ''}${visible(message)}`,
  );
}
