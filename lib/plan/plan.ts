/** The plan: what a pass found, grouped into pieces of work, priced, and named by what it rests on. */
import { formatInstant, type Instant } from '../lock/instant.ts';
import { type Mode } from '../lock/state.ts';
import { type Engine, type EngineChoice, engineFor, workOf } from './engine.ts';
import { groupSpans } from './group.ts';
import { addWork, costOf, NO_WORK, type PriceList, requestsOf, type Work } from './price.ts';
import { type Cell, type Series, type Tally, type WrongCount } from './tally.ts';

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
    /** Versions that are not under COMPLIANCE now and would be; nobody can take that back. */
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

export interface PlanOptions {
  readonly policy: Plan['policy'];
  readonly listing: ListingIdentity;
  readonly goodUntil: Instant;
  readonly prices: PriceList;
  readonly choice: EngineChoice;
  /** Whether the store has S3 Batch Operations, and a deployment to run them. */
  readonly hasBatch: boolean;
  /** SHA-256, hex: the pure core computes none. */
  readonly hash: (text: string) => string;
}

/** Where each change of a plan belongs: by series and slot. */
export type Assignment = ReadonlyMap<string, ReadonlyMap<number, string>>;

/**
 * Makes the plan of a tally.
 *
 * @returns the plan, and to which group each series and slot belongs, for whoever writes the manifests.
 */
export function makePlan(tally: Tally, options: PlanOptions): { plan: Plan; assignment: Assignment } {
  const { policy, listing, prices, hash } = options;
  const { groups, assignment } = groupsOf(tally, options);
  const work = groups.reduce(
    (sum: Work, { engine, versions }) => addWork(sum, workOf(engine, versions)),
    NO_WORK,
  );
  const body = {
    policy,
    listing,
    goodUntil: formatInstant(options.goodUntil),
    tolerance: tally.tolerance,
    totals: tally.totals,
    lines: linesOf(tally, groups, assignment, prices),
    groups,
    staysWrong: staysWrongOf(tally),
    changes: changesOf(tally),
    cost: {
      requests: requestsOf(work),
      jobs: work.jobs,
      usd: round(costOf(work, prices)),
      prices: { source: prices.source, date: prices.date },
    },
  };
  const unnamed: Plan = { version: 1, id: '', ...body };
  return { plan: { ...unnamed, id: planIdOf(unnamed, hash) }, assignment };
}

/** The id of a plan: a hash of the policy, the listing and the result. Whoever changes one of them makes another plan. */
export function planIdOf(plan: Plan, hash: PlanOptions['hash']): string {
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

/** The name under which an {@link Assignment} knows a series. */
export function assignmentKey(bucket: string, to: Mode | 'hold', route: Series['route']): string {
  return `${bucket}\u0000${to}\u0000${route}`;
}

interface Piece {
  readonly slot: number;
  readonly cell: Cell;
  readonly latest: Instant;
  readonly limit: Instant;
}

function groupsOf(
  tally: Tally,
  options: Pick<PlanOptions, 'choice' | 'hasBatch'>,
): { groups: Group[]; assignment: Assignment } {
  const merged = mergedSeries(tally);
  const groups: Group[] = [];
  const assignment = new Map<string, Map<number, string>>();
  for (const [name, { bucket, to, route, cells }] of merged) {
    const places = new Map<number, string>();
    assignment.set(name, places);
    const pieces: Piece[] = [...cells].map(([slot, cell]) => ({
      slot,
      cell,
      latest: cell.latest,
      limit: cell.limit,
    }));
    for (const { date, members } of groupSpans(pieces)) {
      const id = `g${String(groups.length + 1).padStart(3, '0')}`;
      const versions = sum(members, ({ cell }) => cell.versions);
      const hasDate = to !== 'hold' && route !== 'own-date';
      groups.push({
        id,
        bucket,
        to,
        ...(hasDate && { until: formatInstant(date) }),
        route,
        engine: engineFor(route, versions, options),
        versions,
        bytes: sum(members, ({ cell }) => cell.bytes),
      });
      for (const { slot } of members) places.set(slot, id);
    }
  }
  return { groups, assignment };
}

/** Rules and stored modes do not matter to whoever writes: what gets the same lock by the same route goes together. */
function mergedSeries(tally: Tally): [string, Pick<Series, 'bucket' | 'to' | 'route' | 'cells'>][] {
  const merged = new Map<string, Pick<Series, 'bucket' | 'to' | 'route' | 'cells'>>();
  for (const { bucket, to, route, observed, cells } of tally.series.values()) {
    if (observed) continue;
    const name = assignmentKey(bucket, to, route);
    const mine = merged.get(name) ?? { bucket, to, route, cells: new Map<number, Cell>() };
    merged.set(name, mine);
    for (const [slot, cell] of cells) {
      const was = mine.cells.get(slot);
      mine.cells.set(slot, was === undefined ? cell : joined(was, cell));
    }
  }
  return [...merged].sort(([one], [other]) => (one < other ? -1 : 1));
}

function joined(one: Cell, other: Cell): Cell {
  return {
    versions: one.versions + other.versions,
    bytes: one.bytes + other.bytes,
    earliest: one.earliest < other.earliest ? one.earliest : other.earliest,
    latest: one.latest > other.latest ? one.latest : other.latest,
    limit: one.limit < other.limit ? one.limit : other.limit,
  };
}

/** What one version of each group asks for, its part of the job included. */
function sharesOf(
  groups: readonly Group[],
  prices: PriceList,
): ReadonlyMap<string, { requests: number; usd: number; jobs: number }> {
  return new Map(
    groups.map(({ id, engine, versions }) => {
      const work = workOf(engine, versions);
      const requests = requestsOf(work) / versions;
      return [id, { requests, usd: costOf(work, prices) / versions, jobs: work.jobs }];
    }),
  );
}

function linesOf(tally: Tally, groups: readonly Group[], assignment: Assignment, prices: PriceList): Line[] {
  const shares = sharesOf(groups, prices);
  const lines = new Map<string, { line: Line; jobs: Set<string> }>();
  for (const { bucket, rule, kind, from, to, route, observed, cells } of tally.series.values()) {
    const name = [bucket, rule, kind, from, to, observed].join('\u0000');
    const places = assignment.get(assignmentKey(bucket, to, route));
    const was = lines.get(name);
    const jobs = was?.jobs ?? new Set<string>();
    let { versions, bytes, requests, usd } = was?.line ?? { versions: 0, bytes: 0, requests: 0, usd: 0 };
    let [earliest, latest] = [was?.line.earliest, was?.line.latest];
    for (const [slot, cell] of cells) {
      versions += cell.versions;
      bytes += cell.bytes;
      if (to !== 'hold') {
        const [first, last] = [formatInstant(cell.earliest), formatInstant(cell.latest)];
        if (earliest === undefined || first < earliest) earliest = first;
        if (latest === undefined || last > latest) latest = last;
      }
      const group = observed ? undefined : places?.get(slot);
      const share = group === undefined ? undefined : shares.get(group);
      if (group === undefined || share === undefined) continue;
      requests += share.requests * cell.versions;
      usd += share.usd * cell.versions;
      if (share.jobs > 0) jobs.add(group);
    }
    const line: Line = {
      ...{ bucket, rule, change: kind, from, to },
      ...(earliest !== undefined && { earliest }),
      ...(latest !== undefined && { latest }),
      ...{ observed, versions, bytes, requests, jobs: jobs.size, usd },
    };
    lines.set(name, { line, jobs });
  }
  return [...lines]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, { line }]) => ({ ...line, requests: Math.round(line.requests), usd: round(line.usd) }));
}

function staysWrongOf(tally: Tally): StaysWrong[] {
  return [...tally.wrong]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, { firstGap, ...rest }]) => ({
      ...rest,
      ...(firstGap !== undefined && { firstGap: formatInstant(firstGap) }),
    }));
}

function changesOf(tally: Tally): Plan['changes'] {
  const perBucket = new Map<string, number>();
  const all = { versions: 0, bytes: 0 };
  const compliance = { versions: 0, bytes: 0 };
  for (const { bucket, from, to, observed, cells } of tally.series.values()) {
    if (observed) continue;
    for (const { versions, bytes } of cells.values()) {
      perBucket.set(bucket, (perBucket.get(bucket) ?? 0) + versions);
      all.versions += versions;
      all.bytes += bytes;
      if (to === 'COMPLIANCE' && from !== 'COMPLIANCE') {
        compliance.versions += versions;
        compliance.bytes += bytes;
      }
    }
  }
  let largestShare = { bucket: '', share: 0 };
  for (const [bucket, changed] of [...perBucket].sort()) {
    const share = Math.min(1, changed / Math.max(1, tally.perBucket.get(bucket) ?? changed));
    if (share > largestShare.share) largestShare = { bucket, share };
  }
  return { ...all, newlyCompliance: compliance, largestShare };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
}

/** Prices to a hundredth of a cent. */
function round(usd: number): number {
  return Math.round(usd * 10_000) / 10_000;
}
