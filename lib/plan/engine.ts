/** Which engine carries out a group of changes, and what that asks for. */
import { type SeriesKey } from './tally.ts';
import { type Work } from './price.ts';

export type Engine =
  /** S3 Batch Operations writes the same lock on every version of a manifest. */
  | 'batch'
  /** S3 Batch Operations hands every version to our function, which reads and decides once more. */
  | 'batch-function'
  /** We read, decide, write, read back and record, version by version. */
  | 'direct';

/** What the user asks for: one engine for all, or whichever suits. */
export type EngineChoice = 'auto' | 'batch' | 'direct';

/**
 * From so many versions on, jobs are worth their fee and their hours of preparation: below, the direct engine is done
 * in minutes. At list prices the job fee equals the reads that the direct engine adds at about 200,000 versions.
 */
const WORTH_A_JOB = 100_000;

/** The engine of a group by where it may run, how large it is and what was asked for. */
export function engineFor(
  route: SeriesKey['route'],
  versions: number,
  { choice, hasBatch }: { readonly choice: EngineChoice; readonly hasBatch: boolean },
): Engine {
  // A job may prepare for hours, and what is urgent has only days; and a job writes one date.
  if (!hasBatch || choice === 'direct' || route === 'urgent' || route === 'own-date') return 'direct';
  if (choice === 'auto' && versions < WORTH_A_JOB) return 'direct';
  return route === 'plain' ? 'batch' : 'batch-function';
}

/** Reads and writes per version, audit included: records are stored in batches of hundreds. */
export function workOf(engine: Engine, versions: number): Work {
  const reads = { gets: 2 * versions, puts: Math.ceil(versions * (1 + 2 / 100)) };
  switch (engine) {
    case 'batch':
      // The manifest, the report and the records of the job itself.
      return { puts: versions + 10, gets: 10, jobs: 1, tasks: versions, calls: 0 };
    case 'batch-function':
      return { ...reads, jobs: 1, tasks: versions, calls: versions };
    case 'direct':
      return { ...reads, jobs: 0, tasks: 0, calls: 0 };
  }
}
