/** How much a plan may change before somebody must have approved it. */
import { type Plan } from './plan.ts';

export interface Guardrails {
  readonly versions: number;
  readonly usd: number;
  /** The share of a bucket, from 0 to 1. */
  readonly share: number;
  /** Versions that may newly come under COMPLIANCE. */
  readonly newlyCompliance: number;
}

/** What a schedule may do by itself. */
export const SCHEDULED: Guardrails = { versions: 1_000_000, usd: 100, share: 0.2, newlyCompliance: 0 };

export interface Exceeded {
  readonly what: keyof Guardrails;
  readonly found: number;
  readonly limit: number;
  readonly text: string;
}

/** Which guardrails a plan exceeds; none for a plan that may go ahead. */
export function exceeded({ changes, cost }: Plan, rails: Guardrails): Exceeded[] {
  const { versions, newlyCompliance, largestShare } = changes;
  const count = (number: number): string => number.toLocaleString('en');
  const percent = (share: number): string => `${Math.round(share * 1_000) / 10} %`;
  const found: readonly Exceeded[] = [
    {
      what: 'versions',
      found: versions,
      limit: rails.versions,
      text: `${count(versions)} versions would change, and ${count(rails.versions)} are allowed`,
    },
    {
      what: 'usd',
      found: cost.usd,
      limit: rails.usd,
      text: `it costs $${cost.usd}, and $${rails.usd} are allowed`,
    },
    {
      what: 'share',
      found: largestShare.share,
      limit: rails.share,
      text: `${percent(largestShare.share)} of the bucket ${largestShare.bucket} would change, and ${percent(rails.share)} are allowed`,
    },
    {
      what: 'newlyCompliance',
      found: newlyCompliance.versions,
      limit: rails.newlyCompliance,
      text: `${count(newlyCompliance.versions)} versions would come under COMPLIANCE newly or for over 90 days longer, and ${count(rails.newlyCompliance)} are allowed`,
    },
  ];
  return found.filter((each) => each.found > each.limit);
}
