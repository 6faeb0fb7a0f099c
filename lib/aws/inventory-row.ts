/** The cells of an inventory as facts about a version. */
import { type Instant } from '../lock/instant.ts';
import { type LockState, UNLOCKED } from '../lock/state.ts';
import { isVersionId } from '../plan/manifest-line.ts';
import { type PlanRow } from '../plan/row.ts';

/** The columns that a plan reads, by their names without case and underscores. */
export const COLUMNS = [
  'bucket',
  'key',
  'versionid',
  'islatest',
  'isdeletemarker',
  'size',
  'lastmodifieddate',
  'objectlockretainuntildate',
  'objectlockmode',
  'objectlocklegalholdstatus',
  'objectlockeventholdstatus',
] as const;

export type Column = (typeof COLUMNS)[number];

/** Columns without which no version can be judged, as S3 calls them. */
export const REQUIRED: Readonly<Partial<Record<Column, string>>> = {
  bucket: 'Bucket',
  key: 'Key',
  versionid: 'VersionId',
  islatest: 'IsLatest',
  isdeletemarker: 'IsDeleteMarker',
  lastmodifieddate: 'LastModifiedDate',
  objectlockretainuntildate: 'ObjectLockRetainUntilDate',
  objectlockmode: 'ObjectLockMode',
  objectlocklegalholdstatus: 'ObjectLockLegalHoldStatus',
};

/** `ObjectLockMode`, `object_lock_mode`, `objectLockMode`: one column. */
export function columnName(text: string): string {
  return text.trim().replaceAll('_', '').toLowerCase();
}

/** What a row says, with its dates as moments already. */
export interface Cells {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly size: number | 'unknown';
  readonly created: Instant;
  readonly mode: string;
  readonly until: Instant | undefined;
  readonly hold: string;
  readonly eventHold: string;
}

const ON_HOLD: LockState = { retention: { state: 'none' }, hold: 'on' };

/** @returns why the row cannot be used, where it cannot. */
export function rowOf(cells: Cells): PlanRow | string {
  const { bucket, key, versionId, isLatest, size, created } = cells;
  const lock = lockOf(cells);
  if (typeof lock === 'string') return lock;
  if (versionId !== '' && !isVersionId(versionId)) return 'its VersionId is none';
  return {
    bucket,
    key,
    // Reports leave the id of a version that was written without versioning empty.
    versionId: versionId === '' ? 'null' : versionId,
    created,
    size,
    tags: 'unknown',
    current: isLatest,
    lock,
  };
}

function lockOf({ mode, until, hold, eventHold }: Cells): LockState | string {
  const isHeld = isOn(hold);
  if (isHeld === undefined) return `the legal hold is ${JSON.stringify(hold)}, neither On nor Off`;
  if (mode === '' && until === undefined) return isHeld ? ON_HOLD : UNLOCKED;
  if (until === undefined) return 'there is a lock mode without a date';
  const known = modeOf(mode);
  if (known === undefined) return `the lock mode is ${JSON.stringify(mode)}`;
  const held = isOn(eventHold);
  if (held === undefined) return `the event hold is ${JSON.stringify(eventHold)}, neither On nor Off`;
  return {
    retention: held
      ? { state: 'locked', mode: known, until, eventHeld: true }
      : { state: 'locked', mode: known, until },
    hold: isHeld ? 'on' : 'none',
  };
}

/** The guide shows `Governance`, other places show capitals. */
function modeOf(text: string): 'GOVERNANCE' | 'COMPLIANCE' | undefined {
  switch (text) {
    case 'GOVERNANCE':
    case 'Governance':
      return 'GOVERNANCE';
    case 'COMPLIANCE':
    case 'Compliance':
      return 'COMPLIANCE';
    default: {
      const upper = text.toUpperCase();
      return upper === 'GOVERNANCE' || upper === 'COMPLIANCE' ? upper : undefined;
    }
  }
}

function isOn(text: string): boolean | undefined {
  switch (text) {
    case '':
    case 'Off':
    case 'OFF':
      return false;
    case 'On':
    case 'ON':
      return true;
    default: {
      const upper = text.toUpperCase();
      return upper === 'ON' ? true : upper === 'OFF' ? false : undefined;
    }
  }
}
