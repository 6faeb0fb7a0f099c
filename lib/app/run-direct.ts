/** The direct engine: every version of a group is read, decided, written, read back and recorded by ourselves. */
import { HoldfastError } from '../errors.ts';
import { parseInstant } from '../lock/instant.ts';
import { type Group } from '../plan/plan.ts';
import { type Planned } from '../plan/still-wanted.ts';
import { type GroupRow, type RowEnd, type RunStore } from '../ports/run-store.ts';
import { Pool } from '../runs/pool.ts';
import { filtered } from '../runs/rows.ts';
import { type Places } from '../runs/tally-ends.ts';
import { applyPlanned } from './apply-planned.ts';
import { type LockDeps } from './deps.ts';

export interface DirectDeps extends LockDeps {
  readonly runs: Pick<RunStore, 'note' | 'flush'>;
  /** The most versions that are worked on at once. */
  readonly most: number;
}

export interface DirectWork {
  readonly run: string;
  readonly group: Group;
  readonly rows: AsyncIterable<GroupRow>;
  /** Versions that ended as planned already. */
  readonly done: Places;
  /** By how much a date may be later than its rule asks (milliseconds). */
  readonly tolerance: number;
}

/** Why a run stopped before its end. */
export type Stopped =
  | { readonly kind: 'paused'; readonly detail: string }
  | { readonly kind: 'no-lock-on-bucket'; readonly detail: string }
  | { readonly kind: 'unreachable'; readonly detail: string }
  /** Somebody asked for it. */
  | { readonly kind: 'interrupted'; readonly detail: string };

const START = 16;
const TRIES = 6;
/** So many versions in a row without a verdict: the store is not there. */
const SILENT = 32;

/**
 * Works through a group.
 *
 * @param signal - aborted to stop: what is under way ends and is noted.
 * @returns why it stopped early, where it did.
 * @throws HoldfastError where a record could not be stored: nothing is done without one.
 */
export async function runDirect(
  { run, group, rows, done, tolerance }: DirectWork,
  deps: DirectDeps,
  onEnd: (end: RowEnd) => void,
  signal?: AbortSignal,
): Promise<Stopped | undefined> {
  const pool = new Pool({
    clock: deps.clock,
    start: Math.min(START, deps.most),
    most: deps.most,
    isBusy,
    tries: TRIES,
  });
  let stopped: Stopped | undefined;
  let silent = 0;
  const stop = (why: Stopped): void => {
    stopped ??= why;
    pool.stop();
  };
  const interrupt = (): void => {
    stop({ kind: 'interrupted', detail: 'stopped on request' });
  };
  if (signal?.aborted === true) interrupt();
  signal?.addEventListener('abort', interrupt, { once: true });
  const ended = (end: RowEnd): void => {
    deps.runs.note(group.id, end);
    onEnd(end);
  };
  try {
    await pool.run(
      filtered(rows, ({ at }) => !done.has(at)),
      async (row) => {
        const end = await applyPlanned(row.ref, plannedFor(row, group, tolerance), run, deps);
        silent = 0;
        if (end.outcome === 'paused') stop({ kind: 'paused', detail: end.detail ?? 'Holdfast is paused' });
        if (end.outcome === 'no-lock-on-bucket')
          stop({ kind: 'no-lock-on-bucket', detail: `the bucket ${group.bucket} has no Object Lock` });
        ended({ at: row.at, ...end });
      },
      ({ at }, cause) => {
        silent += 1;
        const detail = cause instanceof Error ? cause.message : String(cause);
        if (silent >= SILENT) stop({ kind: 'unreachable', detail });
        ended({ at, outcome: 'no-verdict', asPlanned: false, detail });
      },
    );
  } finally {
    signal?.removeEventListener('abort', interrupt);
    await deps.runs.flush();
  }
  return stopped;
}

export function plannedFor({ until }: Pick<GroupRow, 'until'>, group: Group, tolerance: number): Planned {
  if (group.to === 'hold') return { to: 'hold' };
  const date = until ?? group.until;
  if (date === undefined) throw new Error(`group ${group.id} has no date`);
  return { to: group.to, until: parseInstant(date), tolerance };
}

function isBusy(cause: unknown): boolean {
  return cause instanceof HoldfastError && (cause.code === 'throttled' || cause.code === 'unreachable');
}
