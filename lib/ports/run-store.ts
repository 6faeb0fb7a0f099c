/** Keeps a run: its state, the versions of its groups, and how each of them ended. */
import { type OutcomeCode } from '../audit/outcome.ts';
import { type Run } from '../runs/run.ts';
import { rowOfLine } from '../plan/manifest-line.ts';
import { type VersionRef, versionIdOf } from './lock-store.ts';

/** One version of a group. */
export interface GroupRow {
  /** Its place in the group, from 0. */
  readonly at: number;
  readonly ref: VersionRef;
  /** Where each version has a date of its own. */
  readonly until?: string;
}

/** A line of a manifest as a version of a group; undefined where it is no such line. */
export function groupRowOf(line: string, at: number): GroupRow | undefined {
  const row = rowOfLine(line);
  if (row === undefined) return undefined;
  const { bucket, key, versionId, until } = row;
  return {
    at,
    ref: { bucket, key, versionId: versionIdOf(versionId) },
    ...(until !== undefined && { until }),
  };
}

/** How one version ended; `no-verdict` when the store did not answer. */
export interface RowEnd {
  readonly at: number;
  readonly outcome: OutcomeCode | 'no-verdict' | 'by-job';
  readonly asPlanned: boolean;
  readonly detail?: string;
}

export interface RunStore {
  read(): Promise<Run | undefined>;
  write(run: Run): Promise<void>;
  /** The versions of a group, in the order of the plan. */
  rows(group: string): AsyncIterable<GroupRow>;
  /** Notes how versions ended; it may be lost in a crash, and then the version is looked at again. */
  note(group: string, end: RowEnd): void;
  /** Stores all that was noted. */
  flush(): Promise<void>;
  /** How versions of a group ended so far, in earlier commands too; the last word about a version counts. */
  ends(group: string): AsyncIterable<RowEnd>;
}
