/** The two retention modes. */
export type RetentionMode = 'GOVERNANCE' | 'COMPLIANCE';

/** A mode and the instant (epoch milliseconds) the version is kept until. */
export interface Retention {
  readonly mode: RetentionMode;
  readonly until: number;
}

/** What protects one version: retention and legal hold are independent. */
export interface Lock {
  readonly retention?: Retention | undefined;
  readonly legalHold?: 'ON' | 'OFF' | undefined;
}

/** A bucket's default rule for new versions. */
export interface DefaultRetention {
  readonly mode: RetentionMode;
  readonly unit: 'Days' | 'Years';
  readonly length: number;
}

/** Whether a word is a retention mode; S3 takes upper case only. */
export const isRetentionMode = (word: string): word is RetentionMode =>
  word === 'GOVERNANCE' || word === 'COMPLIANCE';

/** Whether retention still protects; an expired one is no lock. */
const isActive = (retention: Retention | undefined, now: number): retention is Retention =>
  retention !== undefined && now < retention.until;

/** Whether the version may be destroyed; bypass opens GOVERNANCE and nothing else. */
export function mayDestroy(lock: Lock, now: number, bypass: boolean): boolean {
  if (lock.legalHold === 'ON') return false;
  if (!isActive(lock.retention, now)) return true;
  return lock.retention.mode === 'GOVERNANCE' && bypass;
}

/**
 * Whether stored retention may become the wanted one; undefined asks to remove it.
 * Without bypass only the same mode with the same or a later date passes.
 */
export function mayRetain(
  stored: Retention | undefined,
  wanted: Retention | undefined,
  now: number,
  bypass: boolean,
): boolean {
  if (!isActive(stored, now)) return true;
  if (stored.mode === 'GOVERNANCE' && bypass) return true;
  return wanted?.mode === stored.mode && wanted.until >= stored.until;
}

/** The date a default rule gives to a version created at that instant; years follow the calendar. */
export function defaultUntil(rule: DefaultRetention, created: number): number {
  const date = new Date(created);
  if (rule.unit === 'Days') date.setUTCDate(date.getUTCDate() + rule.length);
  else date.setUTCFullYear(date.getUTCFullYear() + rule.length);
  return date.getTime();
}

const LONGEST_YEARS = 100;

/** Whether a date is beyond the longest retention S3 grants, 100 years. */
export const isTooFar = (until: number, now: number): boolean =>
  until > defaultUntil({ mode: 'GOVERNANCE', unit: 'Years', length: LONGEST_YEARS }, now);
