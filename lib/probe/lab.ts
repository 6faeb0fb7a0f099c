/** The scratch bucket as the experiments see it: what may be done to it, and what can be seen of it. */
import { type Instant } from '../lock/instant.ts';
import { type LockState, type Mode } from '../lock/state.ts';

/** A version that the probe itself made. */
export interface Scratch {
  readonly key: string;
  readonly versionId: string;
}

export interface Lock {
  readonly mode: Mode;
  readonly until: Instant;
}

/** The lock that an upload's headers ask for. */
export interface Born {
  readonly lock?: Lock;
  readonly hold?: true;
}

/** How the store took a request. */
export type Answer =
  | { readonly took: true }
  | { readonly took: false; readonly status: number; readonly code: string };

/** What can be seen of a version. */
export type Look = { readonly there: false } | { readonly there: true; readonly lock: LockState };

/** Somebody else locked a scratch version for longer than the probe asked: what was tried says nothing of the store. */
export class Interfered extends Error {}

/** An upload that the store refused: the experiment cannot go on, and that is its finding. */
export class RefusedUpload extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super('the store refused the upload');
    this.answer = answer;
  }
}

/**
 * One scratch bucket. Every upload throws {@link RefusedUpload}, and every method HoldfastError `throttled` or
 * `unreachable` when the store gave no verdict.
 */
export interface Lab {
  /** Whether the bucket is the probe's own, or somebody else's in which it has a folder. */
  readonly place: 'bucket' | 'folder';
  /** Whether the default rule of the bucket, of a day at most, locks what is uploaded without a lock. */
  readonly isBornLocked: boolean;
  /** How long a lock lasts that one experiment needs (milliseconds). */
  readonly span: number;
  /** For this long after an upload a denial may mean "not yet" (milliseconds). */
  readonly youngFor: number;
  /** The store's clock, as far as its Date header tells. */
  now(): Instant;
  wait(milliseconds: number): Promise<void>;

  put(name: string, born?: Born): Promise<Scratch>;
  multipart(name: string, born: Born): Promise<Scratch>;
  copy(source: Scratch, name: string, born: Born): Promise<Scratch>;
  look(version: Scratch): Promise<Look>;
  /** Whether the key, asked for without a version, is there. */
  shown(key: string): Promise<boolean>;

  /** Writes a retention; `empty` is the document that asks to remove it. */
  retain(version: Scratch, lock: Lock | 'empty'): Promise<Answer>;
  /** Learns the code with which the store says that a version has no lock; undefined where it says it otherwise. */
  learnNone(version: Scratch): Promise<string | undefined>;
  hold(version: Scratch, status: 'ON' | 'OFF'): Promise<Answer>;
  remove(version: Scratch): Promise<Answer>;
  /** DeleteObjects; refused when the store tells an error for the version. */
  removeInBatch(version: Scratch): Promise<Answer>;
  /** A deletion that names no version. */
  hide(key: string): Promise<Answer>;
  tag(version: Scratch, value: string): Promise<Answer>;
  tagOf(version: Scratch): Promise<string | undefined>;

  /** The default rule of the bucket: a day of GOVERNANCE, or none. */
  setDefault(rule: 'one-day' | 'none'): Promise<Answer>;
  versioning(status: 'Enabled' | 'Suspended'): Promise<Answer>;
  keepsVersions(): Promise<boolean>;
  unlock(): Promise<Answer>;
  isLockBucket(): Promise<boolean>;
  /** Lets somebody else delete and lock in this bucket, and no more; for stores without policies of users. */
  admit(user: string): Promise<Answer>;
}

/** Somebody who may delete and lock versions, and may neither go round a GOVERNANCE lock nor touch a hold. */
export interface Stranger {
  /** The name under which the store knows this user. */
  name(): Promise<string | undefined>;
  remove(version: Scratch, how: 'plainly' | 'going-round'): Promise<Answer>;
  retain(version: Scratch, lock: Lock, how: 'plainly' | 'going-round'): Promise<Answer>;
  /** Clears a legal hold, for which this user must lack the permission. */
  clear(version: Scratch): Promise<Answer>;
}
