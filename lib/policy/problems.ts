/** Faults of a policy file, each at its line and column. */
import leven from 'leven';
import { type Document, isMap, isNode, isPair, isScalar, type LineCounter } from 'yaml';
import type * as z from 'zod';
import { keysAt } from './schema.ts';

/** One fault (`error`) or one thing to think about (`warning`) in a policy file. Lines and columns count from 1. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

type Path = readonly PropertyKey[];

/** What people write who know another tool, and the key that says it here. */
const OTHER_WORDS: readonly (readonly [string, string])[] = [
  ['retain', 'lock'],
  ['retention', 'lock'],
  ['filter', 'match'],
  ['when', 'match'],
  ['id', 'name'],
  ['description', 'why'],
  ['period', 'for'],
  ['duration', 'for'],
  ['days', 'for'],
  ['date', 'until'],
  ['retainUntil', 'until'],
  ['exclude', 'except'],
  ['default', 'otherwise'],
];

/** Finds the place of a path in the file: of its key where it has one, or else of its value. */
export function locate(document: Document, lines: LineCounter, path: Path): { line: number; column: number } {
  const parent = path.length === 0 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  let offset = isNode(parent) ? parent.range?.[0] : undefined;
  if (isMap(parent)) {
    const pair = parent.items.find(
      (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === last,
    );
    if (pair !== undefined && isScalar(pair.key)) offset = pair.key.range?.[0];
  } else if (last !== undefined) {
    const item = document.getIn(path, true);
    if (isNode(item)) offset = item.range?.[0];
  }
  const { line, col } = lines.linePos(offset ?? 0);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** Turns what zod found into faults: one for every unknown key, with the key it was probably meant to be. */
export function problemsOf(
  issues: readonly z.core.$ZodIssue[],
  document: Document,
  lines: LineCounter,
): Problem[] {
  return withoutEchoes(issues.flatMap((issue) => faultsOf(issue, []))).map(({ path, message }) => ({
    severity: 'error',
    ...locate(document, lines, path),
    message: path.length === 0 ? message : `${pathText(path)}: ${message}`,
  }));
}

interface Fault {
  readonly path: Path;
  readonly message: string;
  /** For an unknown key: the known one that it was probably meant to be. */
  readonly meant?: string;
}

function faultsOf(issue: z.core.$ZodIssue, above: Path): Fault[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, path));
  if ('input' in issue && issue.input === undefined) return [{ path, message: 'is missing' }];
  if (issue.code === 'invalid_union') {
    const inner = innerFaults(issue, path);
    if (inner !== undefined) return inner;
  }
  return [{ path, message: issue.message }];
}

/** Where one branch of a union fits but for a key or a value inside, its own faults say more than the union's. */
function innerFaults(issue: z.core.$ZodIssueInvalidUnion, path: Path): Fault[] | undefined {
  const branches = issue.errors.map((errors) => errors.flatMap((error) => faultsOf(error, path)));
  const deeper = branches.filter(
    (faults) => faults.length > 0 && faults.every((fault) => fault.path.length > path.length),
  );
  return deeper.sort((a, b) => a.length - b.length)[0];
}

function unknownKey(key: string, parent: Path): Fault {
  const path = [...parent, key];
  const known = keysAt(parent);
  const words = [
    ...known.map((word) => [word, word] as const),
    ...OTHER_WORDS.filter(([, meant]) => known.includes(meant)),
  ];
  const [best] = words
    .map(([word, meant]) => ({ meant, distance: leven(key.toLowerCase(), word.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= (key.length > 3 ? Math.max(2, Math.floor(key.length / 3)) : 1)
    ? { path, meant: best.meant, message: `unknown key, did you mean "${best.meant}"?` }
    : { path, message: `unknown key, did you mean one of ${known.join(', ')}?` };
}

/** A key that is missing only because it was misspelt is one fault, not two. */
function withoutEchoes(faults: readonly Fault[]): Fault[] {
  const meant = new Set(
    faults.flatMap(({ path, meant: key }) =>
      key === undefined ? [] : [pathText([...path.slice(0, -1), key])],
    ),
  );
  return faults.filter(({ path, message }) => message !== 'is missing' || !meant.has(pathText(path)));
}

function pathText(path: Path): string {
  return path
    .map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at === 0 ? '' : '.'}${String(part)}`))
    .join('');
}
