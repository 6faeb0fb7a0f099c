/** What doctor found, as people and as scripts read it. */
import { isScratchBucket } from '../lib/aws/probe-names.ts';
import { type Left } from '../lib/aws/probe-scratch.ts';
import { formatInstant } from '../lib/lock/instant.ts';
import { type Check, lookText } from '../lib/probe/check.ts';
import { type Verdict } from '../lib/probe/verdict.ts';
import { paint, table, visible } from './output.ts';

type Result = 'ok' | 'warning' | 'failing' | 'not tried';

export function resultOf({ ok, tried, warning }: Check): Result {
  if (!tried) return 'not tried';
  if (!ok) return 'failing';
  return warning === true ? 'warning' : 'ok';
}

const STYLE = { ok: 'green', warning: 'yellow', failing: 'red', 'not tried': 'dim' } as const;

/** Below this many columns a table of four would be broken by the terminal at random. */
const WIDE = 140;

/** A table on a wide terminal and in a pipe, and a list where there is no room for one. */
export function checkTable(checks: readonly Check[]): string {
  return process.stdout.isTTY && process.stdout.columns < WIDE ? narrow(checks) : wide(checks);
}

function narrow(checks: readonly Check[]): string {
  return checks
    .flatMap((check) => {
      const result = resultOf(check);
      const head = `${paint(STYLE[result], result.padEnd(9))}  ${paint('bold', check.id)}`;
      const mend = check.mend === undefined ? [] : [`${INDENT}${paint('cyan', '→')} ${visible(check.mend)}`];
      return [head, `${INDENT}${visible(check.seen)}`, ...mend];
    })
    .join('\n');
}

const INDENT = ' '.repeat(11);

function wide(checks: readonly Check[]): string {
  const rows = checks.map((check) => {
    const result = resultOf(check);
    return [paint(STYLE[result], result), check.id, check.expected, visible(check.seen)];
  });
  const [heading = '', ...lines] = table(['result', 'check', 'expected', 'seen'], rows).split('\n');
  const mended = lines.flatMap((line, at) => {
    const mend = checks[at]?.mend;
    return mend === undefined ? [line] : [line, `${INDENT}${paint('cyan', '→')} ${visible(mend)}`];
  });
  return [heading, ...mended].join('\n');
}

/** What a probe leaves behind. */
export interface LeftBehind {
  readonly bucket: string;
  readonly key?: string;
  readonly versionId?: string;
  readonly lock?: string;
  /** When the lock ends; left out where there is none to be seen. */
  readonly until?: string;
}

/** What a probe found, as `--json` prints it. */
export interface Report extends Verdict {
  readonly checks: readonly Check[];
  readonly left: readonly LeftBehind[];
  /** The file of the capability record. */
  readonly record?: string;
}

export function leftBehind(
  bucket: string,
  { left, isBucketGone }: { readonly left: readonly Left[]; readonly isBucketGone: boolean },
): readonly LeftBehind[] {
  if (isBucketGone) return [];
  if (left.length === 0) return [{ bucket }];
  return left.map(({ version, look }) => ({
    bucket,
    ...version,
    lock: lookText(look),
    ...(look.there &&
      look.lock.retention.state === 'locked' && { until: formatInstant(look.lock.retention.until) }),
  }));
}

export function leftLines(left: readonly LeftBehind[]): string[] {
  const [first] = left;
  if (first === undefined) return ['Nothing of the probe is left.'];
  const isOwn = isScratchBucket(first.bucket);
  return [
    isOwn ? `What stays in the scratch bucket ${first.bucket}:` : `What stays in ${first.bucket}:`,
    ...left.map(({ key, versionId, lock }) =>
      key === undefined
        ? '  nothing but itself'
        : `  ${visible(key)} version ${versionId ?? ''}: ${lock ?? ''}`,
    ),
    isOwn
      ? `Remove it when the locks have ended: holdfast doctor --clean ${first.bucket}, with the same endpoint`
      : 'Delete these versions when their locks have ended (aws s3api delete-object, with each version id).',
  ];
}
