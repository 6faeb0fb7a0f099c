/** Reads a policy file: YAML or JSON in, a compiled policy or the faults of the file out. */
import { type Document, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { type Instant } from '../lock/instant.ts';
import { checkPolicy } from './check.ts';
import { compilePolicy, type Policy, STORE_MAXIMUM } from './compile.ts';
import { locate, type Problem, problemsOf } from './problems.ts';
import { type PolicyFile, policySchema } from './schema.ts';

export type ParsedPolicy =
  | {
      readonly ok: true;
      readonly policy: Policy;
      readonly file: PolicyFile;
      readonly warnings: readonly Problem[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface ParseOptions {
  /** SHA-256 of the text, hex; the pure core computes none. */
  readonly hash: string;
  /** The deployment's cap, as a period; the policy may only lower it. */
  readonly maximum?: string;
  /** What a rule does that does not say; a first deployment only observes. */
  readonly enforce?: 'apply' | 'observe';
  /** When it is read: fixed dates are judged by it. */
  readonly now?: Instant;
}

/** Far above any real policy: a file beyond it is refused unread. */
const LARGEST = 1_048_576;

/**
 * Reads, checks and compiles a policy file. Never throws: every fault comes with its line and column.
 *
 * @example
 * const parsed = parsePolicy(text, { hash });
 * if (!parsed.ok) for (const problem of parsed.problems) console.error(problem.line, problem.message);
 */
export function parsePolicy(
  text: string,
  { hash, maximum = STORE_MAXIMUM, enforce = 'apply', now }: ParseOptions,
): ParsedPolicy {
  if (text.length > LARGEST) {
    return failed([
      { severity: 'error', line: 1, column: 1, message: 'the file is larger than 1 MiB: split the policy' },
    ]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    return failed(
      document.errors.map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return { severity: 'error', line, column: col, message: error.message };
      }),
    );
  }
  const unsafe = unsafeKey(document, lines);
  if (unsafe !== undefined) return failed([unsafe]);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    const message = error instanceof Error ? error.message : 'the file cannot be read';
    return failed([{ severity: 'error', line: 1, column: 1, message }]);
  }
  const shape = policySchema.safeParse(value, { reportInput: true });
  if (!shape.success) return failed(problemsOf(shape.error.issues, document, lines));

  const remarks = checkPolicy(shape.data, maximum, now).map(({ severity, path, message }) => ({
    severity,
    ...locate(document, lines, path),
    message,
  }));
  if (remarks.some(({ severity }) => severity === 'error')) return failed(remarks);
  return {
    ok: true,
    policy: compilePolicy(shape.data, { hash, maximum, enforce }),
    file: shape.data,
    warnings: remarks,
  };
}

/** A key called `__proto__` would vanish between the file and its meaning, and its condition with it. */
function unsafeKey(document: Document, lines: LineCounter): Problem | undefined {
  let found: Problem | undefined;
  visit(document, {
    Pair: (_, { key }) => {
      if (!isScalar(key) || key.value !== '__proto__') return undefined;
      const { line, col } = lines.linePos(key.range?.[0] ?? 0);
      found = { severity: 'error', line, column: col, message: '__proto__ cannot be a key or a tag here' };
      return visit.BREAK;
    },
  });
  return found;
}

/** What an editor can show at once; a thousand repetitions of one fault help nobody. */
const MOST_PROBLEMS = 20;

function failed(problems: readonly Problem[]): ParsedPolicy {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return { ok: false, problems: sorted.slice(0, MOST_PROBLEMS) };
}
