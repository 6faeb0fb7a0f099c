/** Covers dates with as few groups as can be: a bulk job writes one date, so each group costs a job. */
import { type Instant } from '../lock/instant.ts';

/** Versions whose dates may be moved anywhere from `latest` to `limit`. */
export interface Span {
  /** The latest date that is wanted. */
  readonly latest: Instant;
  /** The last date that may be given. */
  readonly limit: Instant;
}

/**
 * Groups spans so that each group has one date that suits all of its members.
 *
 * Taken in the order of the dates they need, a span joins the group before it as long as the date it needs is not
 * beyond what any member may be given. No other choice needs fewer groups: each group begins with a span that no
 * group before it could have served.
 *
 * @returns the groups, each with its date: the latest that a member needs, and so never early for any.
 */
export function groupSpans<S extends Span>(
  spans: readonly S[],
): { readonly date: Instant; readonly members: S[] }[] {
  const groups: { date: Instant; limit: Instant; members: S[] }[] = [];
  for (const span of [...spans].sort((one, other) => one.latest - other.latest)) {
    const last = groups.at(-1);
    if (last !== undefined && span.latest <= last.limit) {
      last.members.push(span);
      last.date = span.latest;
      if (span.limit < last.limit) last.limit = span.limit;
    } else groups.push({ date: span.latest, limit: span.limit, members: [span] });
  }
  return groups.map(({ date, members }) => ({ date, members }));
}
