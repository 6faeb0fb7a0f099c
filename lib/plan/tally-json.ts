/** A tally as a document: what one counting function hands to the one that puts the parts together. */
import * as z from 'zod';
import { type Cell, type Series, Tally, type WrongCount } from './tally.ts';

const instant = z.number().transform((value) => value as Cell['earliest']);
const count = z.number().int().nonnegative();
/** Bytes of the largest stores are no safe integers. */
const bytes = z.number().nonnegative();
const cell = z.tuple([count, count, bytes, instant, instant, instant]);

const schema = z.object({
  tolerance: z.number(),
  totals: z.record(z.string(), bytes),
  perBucket: z.array(z.tuple([z.string(), count])),
  series: z.array(
    z.object({
      bucket: z.string(),
      rule: z.string(),
      kind: z.enum(['set', 'extend', 'hold-on']),
      from: z.enum(['none', 'GOVERNANCE', 'COMPLIANCE']),
      to: z.enum(['GOVERNANCE', 'COMPLIANCE', 'hold']),
      route: z.enum(['plain', 'urgent', 'recheck', 'own-date']),
      observed: z.boolean(),
      irrevocable: z.boolean(),
      cells: z.array(cell),
    }),
  ),
  wrong: z.array(
    z.object({
      bucket: z.string(),
      rule: z.string(),
      reason: z.string(),
      detail: z.string(),
      versions: count,
      bytes,
      firstGap: instant.nullable(),
      samples: z.array(z.string()),
    }),
  ),
});

/** The tally as JSON: the same text for the same counts, in whatever order they came. */
export function tallyToJson(tally: Tally): string {
  return JSON.stringify({
    tolerance: tally.tolerance,
    totals: tally.totals,
    perBucket: [...tally.perBucket].sort(([one], [other]) => compare(one, other)),
    series: sorted(tally.series).map(({ cells, ...key }) => ({
      ...key,
      cells: [...cells]
        .sort(([one], [other]) => one - other)
        .map(([slot, { versions, bytes, earliest, latest, limit }]) => [
          slot,
          versions,
          bytes,
          earliest,
          latest,
          limit,
        ]),
    })),
    wrong: sorted(tally.wrong).map((each) => ({
      bucket: each.bucket,
      rule: each.rule,
      reason: each.reason,
      detail: each.detail,
      versions: each.versions,
      bytes: each.bytes,
      firstGap: each.firstGap ?? null,
      samples: each.samples,
    })),
  });
}

/** @throws ZodError when the text is no tally. */
export function tallyFromJson(text: string): Tally {
  const parsed = schema.parse(JSON.parse(text));
  const tally = new Tally(parsed.tolerance);
  Object.assign(tally.totals, parsed.totals);
  for (const [bucket, versions] of parsed.perBucket) tally.perBucket.set(bucket, versions);
  const other = new Tally(parsed.tolerance);
  for (const { cells, ...key } of parsed.series) {
    const series: Series = { ...key, cells: new Map() };
    for (const [slot, versions, bytes, earliest, latest, limit] of cells)
      series.cells.set(slot, { versions, bytes, earliest, latest, limit });
    other.series.set(JSON.stringify(key), series);
  }
  for (const { reason, firstGap, ...rest } of parsed.wrong) {
    const known: WrongCount = {
      ...rest,
      reason: reason as WrongCount['reason'],
      firstGap: firstGap ?? undefined,
    };
    other.wrong.set(JSON.stringify([rest.bucket, rest.rule, reason, rest.detail]), known);
  }
  tally.merge(other);
  return tally;
}

function sorted<T>(map: ReadonlyMap<string, T>): T[] {
  return [...map].sort(([one], [other]) => compare(one, other)).map(([, value]) => value);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
