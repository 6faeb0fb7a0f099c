/** One row of what doctor found: what was expected, what was seen, and whether that is well. */
import { formatInstant, type Instant } from '../lock/instant.ts';
import { type LockState } from '../lock/state.ts';
import { type Answer, type Lab, type Look } from './lab.ts';

export interface Check {
  readonly id: string;
  readonly expected: string;
  readonly seen: string;
  /** False only where it was tried and failed. */
  readonly ok: boolean;
  readonly tried: boolean;
  /** It works, and somebody should look at it. */
  readonly warning?: true;
  /** The command, or the change, that puts it right. */
  readonly mend?: string;
  /** The last date that the store keeps as it is written, where the experiment shows that there is one. */
  readonly lastDate?: Instant;
}

/** What an experiment found. */
export type Finding =
  | { readonly kind: 'ok' | 'failing'; readonly seen: string; readonly lastDate?: Instant }
  | { readonly kind: 'not-tried'; why: string };

/**
 * What a failure says of the store: its locks can be `deleted` through, `weakened`, or are `unkept` from the start;
 * an `exception` means that they hold and something around them does not.
 */
export type Gravity = 'deleted' | 'weakened' | 'unkept' | 'exception';

export interface Experiment {
  readonly id: string;
  readonly expected: string;
  readonly gravity: Gravity;
  /** What it cannot do without: a bucket of the probe's own, or uploads that are born without a lock. */
  readonly needs?: 'own-bucket' | 'unlocked-uploads';
  run(lab: Lab): Promise<Finding>;
}

export const found = (isOk: boolean, seen: string): Finding => ({ kind: isOk ? 'ok' : 'failing', seen });

export const notTried = (why: string): Finding => ({ kind: 'not-tried', why });

export function checkOf({ id, expected }: Pick<Experiment, 'id' | 'expected'>, finding: Finding): Check {
  return finding.kind === 'not-tried'
    ? { id, expected, seen: finding.why, ok: true, tried: false }
    : {
        id,
        expected,
        seen: finding.seen,
        ok: finding.kind === 'ok',
        tried: true,
        ...(finding.lastDate !== undefined && { lastDate: finding.lastDate }),
      };
}

export const answerText = (answer: Answer): string =>
  // DeleteObjects answers 200 and tells of each version by itself.
  answer.took ? 'accepted' : `refused (${answer.status === 200 ? '' : `${answer.status} `}${answer.code})`;

export const lookText = (look: Look): string => (look.there ? lockText(look.lock) : 'the version is gone');

function lockText({ retention, hold }: LockState): string {
  const kept =
    retention.state === 'locked'
      ? `${retention.mode} until ${formatInstant(retention.until)}`
      : retention.state === 'none'
        ? 'no retention'
        : 'no retention to be seen';
  return hold === 'on' ? `${kept}, legal hold ON` : kept;
}
