/** Reads a policy file from disk and compiles it. */
import { createHash } from 'node:crypto';
import { HoldfastError } from '../errors.ts';
import { type ParsedPolicy, type ParseOptions, parsePolicy } from '../policy/parse.ts';
import { systemClock } from './system-clock.ts';
import { textFile } from './text-file.ts';
import { type Policy } from '../policy/compile.ts';

type Reading = Pick<ParseOptions, 'maximum' | 'enforce'>;

/**
 * Reads and checks a policy file.
 *
 * @param reading - the deployment's cap, and what a rule does that does not say.
 * @throws HoldfastError `bad-input` when the file cannot be read.
 */
export function readPolicy(path: string, reading: Reading = {}): ParsedPolicy {
  const text = textFile(path, 'check the path and the encoding of the policy file');
  const hash = createHash('sha256').update(text).digest('hex');
  return parsePolicy(text, { hash, now: systemClock.now(), ...reading });
}

/**
 * Reads a policy that must be valid.
 *
 * @throws HoldfastError `bad-policy` with every fault at its line and column.
 */
export function loadPolicy(path: string, reading: Reading): Policy {
  const parsed = readPolicy(path, reading);
  if (parsed.ok) return parsed.policy;
  const faults = parsed.problems
    .filter(({ severity }) => severity === 'error')
    .map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`);
  throw new HoldfastError('bad-policy', {
    what: faults.join('\n'),
    next: 'mend the policy; nothing is locked by a broken one',
  });
}
