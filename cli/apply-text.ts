/** Says how a run ended: the verdict, the failures by reason, and what to do next. */
import { type ApplyResult } from '../lib/app/apply-plan.ts';
import { OUTCOMES } from '../lib/audit/outcome.ts';
import { type Plan } from '../lib/plan/plan.ts';
import { type RowEnd, type RunStore } from '../lib/ports/run-store.ts';
import { type VersionRef } from '../lib/ports/lock-store.ts';
import { paint, print, printJson, visible } from './output.ts';
import { count } from './plan-text.ts';

export interface Failure {
  readonly group: string;
  readonly ref: VersionRef;
  readonly outcome: RowEnd['outcome'];
  readonly detail?: string;
}

/** The first versions that did not end as planned, by name. */
export async function failuresOf(
  runs: Pick<RunStore, 'ends' | 'rows'>,
  { groups }: Plan,
  most: number,
): Promise<Failure[]> {
  const failures: Failure[] = [];
  for (const { id } of groups) {
    const failed = new Map<number, RowEnd>();
    for await (const end of runs.ends(id)) {
      if (end.asPlanned) failed.delete(end.at);
      else failed.set(end.at, end);
    }
    if (failed.size === 0) continue;
    for await (const { at, ref } of runs.rows(id)) {
      const end = failed.get(at);
      if (end === undefined) continue;
      const { outcome, detail } = end;
      failures.push({ group: id, ref, outcome, ...(detail !== undefined && { detail }) });
      failed.delete(at);
      if (failures.length >= most) return failures;
      if (failed.size === 0) break;
    }
  }
  return failures;
}

export function sayResult(result: ApplyResult, failures: readonly Failure[], wasDone: boolean): void {
  const { run, counts, total, stopped, jobTroubles } = result;
  for (const [outcome, number] of Object.entries(counts.byOutcome) as [RowEnd['outcome'], number][])
    print(`${count(number).padStart(13)}  ${meaningOf(outcome)}`);
  if (failures.length > 0) {
    print();
    for (const { ref, outcome, detail } of failures) {
      const name = visible(`s3://${ref.bucket}/${ref.key}`);
      print(
        `  ${name} version ${visible(ref.versionId)}: ${meaningOf(outcome)}${detail === undefined ? '' : ` (${visible(detail)})`}`,
      );
      const next = nextOf(outcome);
      if (next !== '') print(paint('dim', `    ${next}`));
    }
    if (counts.failed > failures.length)
      print(`  … and ${count(counts.failed - failures.length)} more; --json names up to 1,000`);
  }
  for (const trouble of jobTroubles)
    print(`job of ${visible(trouble)}; its versions were looked at one by one`);
  print();
  if (stopped !== undefined) {
    const left = total - counts.succeeded - counts.failed;
    print(paint('yellow', `${run.id} stopped: ${visible(stopped.detail)}; ${count(left)} versions are left`));
    print('Go on by running the same command again');
  } else if (wasDone) print(`${run.id} ended at ${run.ended ?? 'an earlier time'}; nothing was written now`);
  else if (run.state === 'done')
    print(paint('green', `${run.id}: all ${count(total)} versions ended as planned`));
  else
    print(
      paint(
        'red',
        `${run.id}: ${count(counts.succeeded)} of ${count(total)} versions ended as planned, ${count(total - counts.succeeded)} did not`,
      ),
    );
}

export function sayResultJson(result: ApplyResult, failures: readonly Failure[]): void {
  const { run, counts, total, stopped, jobTroubles } = result;
  printJson({
    run: run.id,
    plan: run.plan,
    state: run.state,
    total,
    succeeded: counts.succeeded,
    failed: counts.failed,
    left: total - counts.succeeded - counts.failed,
    byOutcome: counts.byOutcome,
    ...(stopped !== undefined && { stopped }),
    jobTroubles,
    failures: failures.map(({ ref, ...rest }) => ({ ...ref, ...rest })),
  });
}

const ALONE: Readonly<Partial<Record<RowEnd['outcome'], number>>> = {
  'refused-by-lock': 3,
  'mode-stricter': 3,
  'no-permission': 4,
  'no-verdict': 5,
  'no-lock-on-bucket': 2,
};

/** 0 only where every version ended as planned; a code of its own where all that failed failed in the same way. */
export function exitOf({ run, counts, stopped }: ApplyResult): number {
  if (stopped?.kind === 'unreachable') return 5;
  if (run.state === 'done') return 0;
  const kinds = Object.keys(counts.byOutcome) as RowEnd['outcome'][];
  const [only] = kinds;
  const isAlone = stopped === undefined && counts.succeeded === 0 && kinds.length === 1 && only !== undefined;
  return isAlone ? (ALONE[only] ?? 6) : 6;
}

function meaningOf(outcome: RowEnd['outcome']): string {
  if (outcome === 'by-job') return 'locked by a bulk job, by its report';
  return outcome === 'no-verdict' ? 'the store gave no verdict' : OUTCOMES[outcome].meaning;
}

function nextOf(outcome: RowEnd['outcome']): string {
  if (outcome === 'by-job') return '';
  return outcome === 'no-verdict' ? 'run the same command again' : OUTCOMES[outcome].next;
}
