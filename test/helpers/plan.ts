/** Rows, differences and listings for the tests of the bulk planner. */
import { createHash } from 'node:crypto';
import { type Instant, instantOf, parseInstant } from '../../lib/lock/instant.ts';
import { type LockState, type Mode, UNLOCKED } from '../../lib/lock/state.ts';
import {
  Differ,
  type DifferOptions,
  type Difference,
  type PlannedChange,
} from '../../lib/plan/difference.ts';
import { type PlanOptions } from '../../lib/plan/make-plan.ts';
import { AWS_PRICES } from '../../lib/plan/price.ts';
import { type PlanRow } from '../../lib/plan/row.ts';
import { type Policy } from '../../lib/policy/compile.ts';
import { parsePolicy } from '../../lib/policy/parse.ts';
import { type ListedBatch, type Listing } from '../../lib/ports/listing.ts';

export const DAY = 86_400_000;
export const AS_OF = parseInstant('2026-11-18T01:00:00Z');

/** So many days after the moment that the listing speaks of. */
export function inDays(days: number): Instant {
  return instantOf(AS_OF + days * DAY);
}

export interface RowParts {
  readonly bucket?: string;
  readonly key?: string;
  readonly versionId?: string;
  readonly created?: Instant;
  readonly size?: number | 'unknown';
  readonly tags?: Readonly<Record<string, string>> | 'unknown';
  readonly current?: boolean | 'unknown';
  readonly lock?: LockState;
}

/** A version as an inventory tells it: unlocked, current, tags unknown, created at the moment of the listing. */
export function rowWith(parts: RowParts = {}): PlanRow {
  const { tags = 'unknown' } = parts;
  return {
    bucket: parts.bucket ?? 'acme-docs',
    key: parts.key ?? 'a.txt',
    versionId: parts.versionId ?? 'v1',
    created: parts.created ?? AS_OF,
    size: parts.size ?? 10,
    tags: tags === 'unknown' ? tags : new Map(Object.entries(tags)),
    current: parts.current ?? true,
    lock: parts.lock ?? UNLOCKED,
  };
}

export function locked(mode: Mode, until: Instant, more: { eventHeld?: true; hold?: 'on' } = {}): LockState {
  const { eventHeld, hold = 'none' } = more;
  const retention = { state: 'locked' as const, mode, until };
  return { retention: eventHeld === undefined ? retention : { ...retention, eventHeld }, hold };
}

/** A policy from its rules, and its settings where it has some. */
export function policyWith(rules: readonly object[], settings?: object): Policy {
  const text = JSON.stringify({ version: 1, ...(settings && { settings }), rules });
  const parsed = parsePolicy(text, { hash: 'policy-hash' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.policy;
}

export function differenceOf(
  policy: Policy,
  row: PlanRow,
  known: Parameters<Differ['of']>[1] = new Set(),
  more: Partial<DifferOptions> = {},
): Difference {
  return new Differ({ policy, asOf: AS_OF, tellsEventHolds: true, ...more }).of(row, known);
}

/** A difference of one change, for what only counts. */
export function differenceWith(...changes: readonly PlannedChange[]): Difference {
  return { state: 'differs', changes, wrong: [], reports: [] };
}

export function changeTo(until: Instant, more: Partial<PlannedChange> & { mode?: Mode } = {}): PlannedChange {
  const { mode = 'GOVERNANCE', ...rest } = more;
  return {
    kind: 'set',
    rule: 'r',
    write: { kind: 'retention', mode, until },
    from: 'none',
    notAfter: inDays(36_500),
    route: 'plain',
    observed: false,
    irrevocable: mode === 'COMPLIANCE' && more.from !== 'COMPLIANCE',
    ...rest,
  };
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export const PLAN_OPTIONS: PlanOptions = {
  policy: { hash: 'policy-hash', path: 'policy.yaml' },
  listing: { kind: 'inventory', source: 'manifest.json', asOf: '2026-11-18T01:00:00Z', fingerprint: 'f' },
  goodUntil: inDays(2),
  prices: AWS_PRICES,
  choice: 'auto',
  hasBatch: true,
  hash: sha256,
};

export interface FakeListing extends Listing {
  /** How many batches were taken. */
  readonly taken: () => number;
}

/** A listing out of memory: what it says of itself may be changed. */
export function listingOf(
  batches: readonly Partial<ListedBatch>[],
  more: Partial<Pick<Listing, 'kind' | 'tellsEventHolds' | 'tellsLocks'>> = {},
): FakeListing {
  let taken = 0;
  return {
    kind: 'inventory',
    source: 'a listing',
    asOf: AS_OF,
    tellsEventHolds: true,
    tellsLocks: true,
    ...more,
    async *batches() {
      for (const batch of batches) {
        taken += 1;
        yield { rows: [], markers: 0, unreadable: [], ...batch };
      }
    },
    fingerprint: () => 'f',
    taken: () => taken,
  };
}
