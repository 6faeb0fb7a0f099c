/** The plan: what a pass found, grouped into pieces of work, priced, and named by what it rests on. */
import { type Mode } from '../lock/state.ts';
import { type Engine } from './engine.ts';
import { type Series, type Tally, type WrongCount } from './tally.ts';

/** Versions of one bucket that get the same lock. */
export interface Group {
  /** `g001`: its place in the plan. */
  readonly id: string;
  readonly bucket: string;
  readonly to: Mode | 'hold';
  /** The date that all of its versions get; left out for holds, and where each has a date of its own. */
  readonly until?: string | undefined;
  readonly route: Series['route'];
  readonly engine: Engine;
  readonly versions: number;
  readonly bytes: number;
}

/** One line of the table: what a rule changes in a bucket. */
export interface Line {
  readonly bucket: string;
  readonly rule: string;
  readonly change: Series['kind'];
  readonly from: Mode | 'none';
  readonly to: Mode | 'hold';
  /** The earliest and the latest date that the rule asks for. */
  readonly earliest?: string;
  readonly latest?: string;
  readonly observed: boolean;
  readonly versions: number;
  readonly bytes: number;
  /** Its part of the work: jobs are shared, so what they cost is shared as well. */
  readonly requests: number;
  readonly jobs: number;
  readonly usd: number;
}

export interface StaysWrong {
  readonly bucket: string;
  readonly rule: string;
  readonly reason: WrongCount['reason'];
  readonly detail: string;
  readonly versions: number;
  readonly bytes: number;
  readonly firstGap?: string;
  readonly samples: readonly string[];
}

/** What a listing is, so that it can be recognised. */
export interface ListingIdentity {
  readonly kind: 'inventory' | 'list' | 'keys';
  /** Where it came from: an address, a path. */
  readonly source: string;
  /** The moment that it speaks of. */
  readonly asOf: string;
  /** Changes whenever its content does. */
  readonly fingerprint: string;
}

export interface Plan {
  readonly version: 1;
  readonly id: string;
  readonly policy: {
    readonly hash: string;
    /** Where its file was. */
    readonly path?: string | undefined;
    /** The cap under which it was read. */
    readonly maximum?: string | undefined;
  };
  readonly listing: ListingIdentity;
  /** After this moment the listing is too old to act upon. */
  readonly goodUntil: string;
  /** In milliseconds. */
  readonly tolerance: number;
  readonly totals: Tally['totals'];
  readonly lines: readonly Line[];
  readonly groups: readonly Group[];
  readonly staysWrong: readonly StaysWrong[];
  readonly changes: {
    readonly versions: number;
    readonly bytes: number;
    /** Versions that would come under COMPLIANCE newly, or for over 90 days longer; nobody can take that back. */
    readonly newlyCompliance: { readonly versions: number; readonly bytes: number };
    /** The largest share of a bucket that changes, from 0 to 1. */
    readonly largestShare: { readonly bucket: string; readonly share: number };
  };
  readonly cost: {
    readonly requests: number;
    readonly jobs: number;
    readonly usd: number;
    readonly prices: { readonly source: string; readonly date: string };
  };
}

/** The list of a group's versions, as it was planned. */
export interface Manifest {
  readonly rows: number;
  /** SHA-256, hex. */
  readonly sha256: string;
}

/** By the ids of the groups. */
export type Manifests = Readonly<Record<string, Manifest>>;

/** A plan as it is kept. */
export interface StoredPlan {
  readonly plan: Plan;
  readonly manifests: Manifests;
  /** SHA-256 of the rest, hex: its id does not cover the price, nor how the lists are named. */
  readonly seal: string;
}

/** The id of a plan: a hash of the policy, the listing and the result. Whoever changes one of them makes another plan. */
export function planIdOf(plan: Plan, hash: (text: string) => string): string {
  const { policy, listing, goodUntil, tolerance, totals, lines, groups, staysWrong, changes } = plan;
  const { kind, fingerprint } = listing;
  // A report speaks of one moment; a bucket that is listed twice without a change is the same listing twice.
  const moment = kind === 'inventory' ? { asOf: listing.asOf, goodUntil } : {};
  const result = {
    policy: policy.hash,
    kind,
    fingerprint,
    ...moment,
    tolerance,
    totals,
    lines,
    groups,
    staysWrong,
    changes,
  };
  return `plan-${hash(canonical(result)).slice(0, 16)}`;
}

/** JSON with the members of every object in the order of their names, so that a plan read back has the same text. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, node: unknown) =>
    typeof node === 'object' && node !== null && !Array.isArray(node)
      ? Object.fromEntries(Object.entries(node).sort(([one], [other]) => (one < other ? -1 : 1)))
      : node,
  );
}
