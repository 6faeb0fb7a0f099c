import { endOf, type Term } from './term.ts';

/** The two retention modes. */
export type RetentionMode = 'GOVERNANCE' | 'COMPLIANCE';

/** Keeps a version until somebody releases it, and for a term from then on. */
export type EventHold = { readonly status: 'ON'; readonly duration: Term } | { readonly status: 'OFF' };

/** A mode and how long the version is kept. */
export interface Retention {
  readonly mode: RetentionMode;
  /** Epoch milliseconds. While an event hold is on, the least that is told: see `untilAt`. */
  readonly until: number;
  /** Left out on a version that never had one. */
  readonly eventHold?: EventHold | undefined;
}

/** What protects one version: retention and legal hold are independent. */
export interface Lock {
  readonly retention?: Retention | undefined;
  readonly legalHold?: 'ON' | 'OFF' | undefined;
}

/** A bucket's default rule for new versions: a period, an event hold, or both. */
export interface DefaultRetention {
  readonly mode: RetentionMode;
  readonly period?: Term | undefined;
  readonly eventHold?: Term | undefined;
}

/** Whether a word is a retention mode; S3 takes upper case only. */
export const isRetentionMode = (word: string): word is RetentionMode =>
  word === 'GOVERNANCE' || word === 'COMPLIANCE';

/** The date S3 tells at an instant: under an event hold it keeps ahead of the clock, and it never goes back. */
export const untilAt = ({ until, eventHold }: Retention, now: number): number =>
  eventHold?.status === 'ON' ? Math.max(until, endOf(eventHold.duration, now)) : until;

/** Whether retention still protects; an expired one is no lock, and one under an event hold never expires. */
export const isActive = (retention: Retention | undefined, now: number): retention is Retention =>
  retention !== undefined && now < untilAt(retention, now);

/** Whether the version may be destroyed; bypass opens GOVERNANCE and nothing else. */
export function mayDestroy(lock: Lock, now: number, bypass: boolean): boolean {
  if (lock.legalHold === 'ON') return false;
  return isOpen(lock.retention, now, bypass);
}

/** Whether stored retention binds nobody: it is over, or it is GOVERNANCE and bypassed. */
export const isOpen = (stored: Retention | undefined, now: number, bypass: boolean): boolean =>
  !isActive(stored, now) || (stored.mode === 'GOVERNANCE' && bypass);

/**
 * Whether stored retention may become the wanted one; undefined asks to remove it.
 * Without bypass only the same mode with the same or a later date passes; an event hold that goes on
 * does not make up for an earlier date that is named.
 */
export const mayRetain = (
  stored: Retention | undefined,
  wanted: Retention | undefined,
  now: number,
  bypass: boolean,
): boolean =>
  stored === undefined ||
  isOpen(stored, now, bypass) ||
  (wanted?.mode === stored.mode && wanted.until >= untilAt(stored, now));

/** The retention a default rule gives to a version created at that instant. */
export function defaultOf({ mode, period, eventHold }: DefaultRetention, created: number): Retention {
  const until = Math.max(...[period, eventHold].map((term) => (term ? endOf(term, created) : created)));
  return { mode, until, ...(eventHold && { eventHold: { status: 'ON', duration: eventHold } }) };
}
