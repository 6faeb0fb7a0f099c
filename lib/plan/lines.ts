/** What a plan shows of a tally: a line per rule and change, what stays wrong, and what changes in all. */
import { formatInstant } from '../lock/instant.ts';
import { workOf } from './engine.ts';
import { type Assignment, assignmentKey } from './groups.ts';
import { type Group, type Line, type Plan, type StaysWrong } from './plan.ts';
import { costOf, type PriceList, requestsOf } from './price.ts';
import { type Tally } from './tally.ts';

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

export function linesOf(
  tally: Tally,
  groups: readonly Group[],
  assignment: Assignment,
  prices: PriceList,
): Line[] {
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

export function staysWrongOf(tally: Tally): StaysWrong[] {
  return [...tally.wrong]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, { firstGap, ...rest }]) => ({
      ...rest,
      ...(firstGap !== undefined && { firstGap: formatInstant(firstGap) }),
    }));
}

export function changesOf(tally: Tally): Plan['changes'] {
  const perBucket = new Map<string, number>();
  const all = { versions: 0, bytes: 0 };
  const compliance = { versions: 0, bytes: 0 };
  for (const { bucket, irrevocable, observed, cells } of tally.series.values()) {
    if (observed) continue;
    for (const { versions, bytes } of cells.values()) {
      perBucket.set(bucket, (perBucket.get(bucket) ?? 0) + versions);
      all.versions += versions;
      all.bytes += bytes;
      if (irrevocable) {
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

/** Prices to a hundredth of a cent. */
export function round(usd: number): number {
  return Math.round(usd * 10_000) / 10_000;
}
