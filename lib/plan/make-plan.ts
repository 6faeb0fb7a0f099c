/** Makes a plan of what a pass counted. */
import { formatInstant, type Instant } from '../lock/instant.ts';
import { type EngineChoice, workOf } from './engine.ts';
import { type Assignment, groupsOf } from './groups.ts';
import { changesOf, linesOf, round, staysWrongOf } from './lines.ts';
import { type ListingIdentity, type Plan, planIdOf } from './plan.ts';
import { addWork, costOf, NO_WORK, type PriceList, requestsOf, type Work } from './price.ts';
import { type Tally } from './tally.ts';

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
