/** How long a version stays locked once its event hold is released. */
import { DAY, type Instant, instantOf } from './instant.ts';

/** Whole days or whole years: S3 takes nothing else. */
export type HoldDuration = { readonly days: number } | { readonly years: number };

const DAYS_OF_A_YEAR = 365;

/** Nothing says whether S3 counts years by the calendar or by 365 days: both must be true of what is promised. */
function fewestDays(duration: HoldDuration): number {
  return 'days' in duration ? duration.days : duration.years * DAYS_OF_A_YEAR;
}

function mostDays(duration: HoldDuration): number {
  return 'days' in duration ? duration.days : fewestDays(duration) + Math.ceil(duration.years / 4);
}

/** Whether one is surely no shorter than the other. */
export function isAtLeast(one: HoldDuration, other: HoldDuration): boolean {
  return 'years' in one && 'years' in other ? one.years >= other.years : fewestDays(one) >= mostDays(other);
}

/** What is surely no shorter than either. */
export function longerOf(one: HoldDuration, other: HoldDuration): HoldDuration {
  if (isAtLeast(one, other)) return one;
  if (isAtLeast(other, one)) return other;
  return { days: Math.max(mostDays(one), mostDays(other)) };
}

/** Before this moment no lock ends that is released at `from`. */
export function earliestEnd(duration: HoldDuration, from: Instant): Instant {
  return instantOf(from + fewestDays(duration) * DAY);
}

/** By this moment every lock has ended that is released at `from`. */
export function latestEnd(duration: HoldDuration, from: Instant): Instant {
  return instantOf(from + mostDays(duration) * DAY);
}

/** As ISO 8601 writes it: `P6Y`, `P90D`. */
export function formatDuration(duration: HoldDuration): string {
  return 'days' in duration ? `P${duration.days}D` : `P${duration.years}Y`;
}
