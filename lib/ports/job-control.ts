/** Asks the store to do one thing to every version of a list, and to say how that went. */
import { type Instant } from '../lock/instant.ts';
import { type Mode } from '../lock/state.ts';

export type JobOperation =
  | { readonly kind: 'retention'; readonly mode: Mode; readonly until: Instant }
  | { readonly kind: 'hold-on' }
  /** Hands every version to a function, with these arguments. */
  | { readonly kind: 'function'; readonly arn: string; readonly arguments: Readonly<Record<string, string>> };

/** A stored list of versions. */
export interface JobManifest {
  readonly key: string;
  readonly etag: string;
}

export interface JobRequest {
  /** The same token makes the same job, however often it is asked for. */
  readonly token: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly operation: JobOperation;
  /** Where the list lies, and what it was when it was written. */
  readonly manifest: JobManifest;
  /** Where the report goes. */
  readonly reportPrefix: string;
}

export type JobState = 'waiting' | 'running' | 'complete' | 'failed' | 'cancelled' | 'suspended';

export interface JobStatus {
  readonly id: string;
  readonly state: JobState;
  /** The state as the store calls it. */
  readonly status: string;
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Why it failed or waits, where the store says. */
  readonly reasons: readonly string[];
}

export interface JobControl {
  /** Stores the list of a job; answers what to name in its request. */
  putManifest(key: string, file: string): Promise<JobManifest>;
  /** A list that is stored already. */
  manifestAt(key: string): Promise<JobManifest>;
  /** The job that carries these tags, whatever became of it. */
  find(tags: Readonly<Record<string, string>>, description: string): Promise<string | undefined>;
  /** @throws HoldfastError where a job would go out that weakens a lock. */
  create(request: JobRequest): Promise<string>;
  /** undefined for a job that the store does not know: it may be too new, or long over. */
  describe(id: string): Promise<JobStatus | undefined>;
  cancel(id: string): Promise<void>;
  /** The lines of the report, cut into cells; empty where there is none. */
  report(id: string, prefix: string): AsyncIterable<readonly string[]>;
  /** The names and SHA-256 of what the report consists of. */
  evidence(
    id: string,
    prefix: string,
  ): Promise<readonly { readonly name: string; readonly sha256: string }[]>;
}
