/** What is wrong with a request, as its sender can find it: every field, and the rule that it breaks. */
import type * as z from 'zod';
import { HoldfastError } from '../errors.ts';

export interface Fault {
  readonly field: string;
  readonly rule: string;
}

export type Path = readonly PropertyKey[];

/** Beyond this many, a sender learns nothing new, and an answer must not grow with what was sent. */
const MOST_FAULTS = 200;
const LONGEST_PART = 100;
const LONGEST_RULE = 200;

/** A request that was understood, but says what cannot be. */
export class FaultyRequest extends HoldfastError {
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    const [first] = faults;
    super('bad-request', {
      what:
        faults.length === 1 && first !== undefined
          ? `${first.field}: ${first.rule}`
          : `the request has ${faults.length} faults`,
      next: 'correct every field that is named in faults, and send it again',
    });
    this.faults = faults.slice(0, MOST_FAULTS);
  }
}

/** A text of the sender's as an answer may show it: on one line, well formed, and not at any length. */
export function shown(text: string, most: number): string {
  const line = text
    .slice(0, most)
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, '\u{FFFD}');
  return text.length > most ? `${line}…` : line;
}

/** The place of a value in a body, as a JSON pointer. */
export function pointer(path: Path): string {
  return path
    .map((part) => `/${shown(String(part), LONGEST_PART).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

/** The name of a value in a query, a path or the headers: `query.limit`. */
export function memberOf(place: string): (path: Path) => string {
  return (path) => [place, ...path.map((part) => shown(String(part), LONGEST_PART))].join('.');
}

/**
 * What zod found, one fault for each field.
 *
 * @param fieldOf - how the sender knows a place
 */
export function faultsOf(error: z.ZodError | undefined, fieldOf: (path: Path) => string): Fault[] {
  const found = (error?.issues ?? []).flatMap((issue) => brokenRules(issue, []));
  return found.map(({ path, rule }) => ({
    field: path.length === 0 ? fieldOf([]) || 'body' : fieldOf(path),
    rule: shown(rule, LONGEST_RULE),
  }));
}

interface BrokenRule {
  readonly path: Path;
  readonly rule: string;
}

function brokenRules(issue: z.core.$ZodIssue, above: Path): BrokenRule[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], rule: 'is not known here' }));
  }
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) {
    return [{ path, rule: 'is missing' }];
  }
  // A union that has a message of its own says what it takes better than its branches do.
  if (issue.code === 'invalid_union' && issue.message === 'Invalid input') return likeliest(issue, path);
  return [{ path, rule: issue.message }];
}

/** Of the forms that a value may have, the one that was probably meant: the least is wrong with its outermost part. */
function likeliest(issue: z.core.$ZodIssueInvalidUnion, path: Path): BrokenRule[] {
  const branches = issue.errors.map((errors) => errors.flatMap((error) => brokenRules(error, path)));
  const outermost = (rules: readonly BrokenRule[]): number =>
    rules.filter((rule) => rule.path.length <= path.length + 1).length;
  const [best] = branches.toSorted((a, b) => outermost(a) - outermost(b));
  return best ?? [{ path, rule: issue.message }];
}
