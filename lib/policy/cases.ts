/** Users' own tests of their policy: versions as they might be, and the lock that each must get. */
import * as z from 'zod';
import { type Wish } from '../lock/change.ts';
import {
  formatInstant,
  type Instant,
  parseDayOrInstant,
  parseInstant,
  parseStartOrInstant,
} from '../lock/instant.ts';
import { type LockState } from '../lock/state.ts';
import { type Policy } from './compile.ts';
import { explain, type Explanation } from './explain.ts';
import { type VersionFacts } from './facts.ts';

const moment = z.string();
const mode = z.enum(['GOVERNANCE', 'COMPLIANCE']);

const lockExpected = {
  mode: z.union([mode, z.literal('none')]).optional(),
  until: moment.optional(),
  hold: z.boolean().optional(),
};

export const casesSchema = z.strictObject({
  policy: z.string().min(1).optional(),
  now: moment.optional(),
  cases: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        now: moment.optional(),
        version: z.strictObject({
          bucket: z.string().min(1),
          key: z.string().min(1),
          created: moment,
          size: z.number().int().nonnegative().optional(),
          tags: z.record(z.string(), z.string()).optional(),
          current: z.boolean().optional(),
          lock: z.strictObject({ mode, until: moment }).optional(),
          hold: z.boolean().optional(),
        }),
        expect: z
          .strictObject({
            ...lockExpected,
            rule: z.string().optional(),
            observed: z.strictObject(lockExpected).optional(),
          })
          .refine((expected) => Object.keys(expected).length > 0, {
            error: 'say at least one thing that is expected',
          }),
      }),
    )
    .min(1),
});

export type CasesFile = z.infer<typeof casesSchema>;
export type PolicyCase = CasesFile['cases'][number];

export interface CaseResult {
  readonly name: string;
  readonly ok: boolean;
  /** What differs, in words; empty where nothing does. */
  readonly differences: readonly string[];
  readonly explanation: Explanation;
}

/**
 * Runs one case.
 *
 * @param now - the moment of the decision, unless the case names its own.
 * @throws HoldfastError `bad-input` when a date of the case cannot be read.
 */
export function runCase(
  policy: Policy,
  { name, version, expect, ...one }: PolicyCase,
  now: Instant,
): CaseResult {
  const at = one.now === undefined ? now : parseStartOrInstant(one.now);
  const explanation = explain(policy, factsOf(version), at);
  const { decision } = explanation;
  const differences = [
    ...compareLock('', expect, decision.wishes),
    ...compare('rule', expect.rule, decision.decidedBy ?? 'none'),
    ...compareLock('observed ', expect.observed ?? {}, decision.observed?.wishes ?? []),
  ];
  return { name, ok: differences.length === 0, differences, explanation };
}

function compareLock(
  what: string,
  expected: PolicyCase['expect']['observed'] & object,
  wishes: readonly Wish[],
): string[] {
  const wish = wishes.find((candidate) => candidate.kind === 'retention');
  const until = expected.until && formatInstant(parseDayOrInstant(expected.until));
  const held = wishes.some(({ kind }) => kind === 'hold');
  return [
    ...compare(`${what}mode`, expected.mode, wish?.mode ?? 'none'),
    ...compare(`${what}until`, until, wish === undefined ? 'none' : formatInstant(wish.until)),
    ...compare(`${what}hold`, expected.hold, held),
  ];
}

function compare<T extends string | boolean>(what: string, expected: T | undefined, got: T): string[] {
  return expected === undefined || expected === got
    ? []
    : [`${what} is ${String(got)}, not ${String(expected)}`];
}

function factsOf({
  bucket,
  key,
  created,
  size,
  tags,
  current,
  lock,
  hold,
}: PolicyCase['version']): VersionFacts {
  const stored: LockState = {
    retention:
      lock === undefined
        ? { state: 'none' }
        : { state: 'locked', mode: lock.mode, until: parseDayOrInstant(lock.until) },
    hold: hold === true ? 'on' : 'none',
  };
  return {
    bucket,
    key,
    created: parseInstant(created),
    size: size ?? 'unknown',
    tags: new Map(Object.entries(tags ?? {})),
    current: current ?? true,
    lock: stored,
  };
}
