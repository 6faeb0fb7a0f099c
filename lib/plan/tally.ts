/**
 * What a pass over a listing counts: changes by bucket, rule and date, and what stays wrong.
 *
 * Tallies of the parts of a listing merge to the tally of the whole, in any order: numbers add up, the earliest and
 * the latest win, and of the samples the first by name are kept.
 */
import { type Instant } from '../lock/instant.ts';
import { type Mode } from '../lock/state.ts';
import { type Difference, type PlannedChange, type Route, type WrongReason } from './difference.ts';
import { type PlanRow } from './row.ts';
import { slotLength, slotOf } from './slot.ts';

/** Changes whose dates lie in one slot. */
export interface Cell {
  versions: number;
  bytes: number;
  earliest: Instant;
  latest: Instant;
  /** The last date that every version in it may be given: its own date and the tolerance, or its cap. */
  limit: Instant;
}

export interface SeriesKey {
  readonly bucket: string;
  readonly rule: string;
  readonly kind: PlannedChange['kind'];
  readonly from: Mode | 'none';
  readonly to: Mode | 'hold';
  /** `own-date`: no room below the cap for a date shared with others. */
  readonly route: Route | 'own-date';
  readonly observed: boolean;
  readonly irrevocable: boolean;
}

/** Changes of one sort, by slot. */
export interface Series extends SeriesKey {
  readonly cells: Map<number, Cell>;
}

/** Where a change is counted, and with which dates. */
export interface Place extends Pick<SeriesKey, 'to' | 'route'> {
  readonly slot: number;
  readonly date: Instant;
  readonly limit: Instant;
}

export interface WrongCount {
  readonly bucket: string;
  readonly rule: string;
  readonly reason: WrongReason | 'reported';
  /** The code of a report, or the fact that could not be read. */
  readonly detail: string;
  versions: number;
  bytes: number;
  /** When the first gap begins. */
  firstGap: Instant | undefined;
  /** A few versions, the first by name. */
  samples: string[];
}

export interface Totals {
  rows: number;
  bytes: number;
  markers: number;
  unreadable: number;
  satisfied: number;
  unmatched: number;
  termOver: number;
  /** Nothing can be written, and something is wanted. */
  stuck: number;
  /** Versions of unknown size weigh nothing in `bytes`. */
  sizeless: number;
}

const SAMPLES = 5;
const SEPARATOR = '\u0000';

export class Tally {
  readonly tolerance: number;
  readonly series = new Map<string, Series>();
  readonly wrong = new Map<string, WrongCount>();
  readonly totals: Totals = {
    rows: 0,
    bytes: 0,
    markers: 0,
    unreadable: 0,
    satisfied: 0,
    unmatched: 0,
    termOver: 0,
    stuck: 0,
    sizeless: 0,
  };
  /** How many versions of each bucket were listed: a guardrail asks for the share that changes. */
  readonly perBucket = new Map<string, number>();
  private readonly slot: number;
  /** The series of each rule once more: few, and found without making a name. */
  private readonly ofRule = new Map<string, Series[]>();

  /** @param tolerance - by how much a lock may end later than its rule asks, so that dates are shared (milliseconds). */
  constructor(tolerance: number) {
    this.tolerance = tolerance;
    this.slot = slotLength(tolerance);
  }

  /** Counts one version. */
  add(row: PlanRow, difference: Difference): void {
    const { totals } = this;
    const bytes = row.size === 'unknown' ? 0 : row.size;
    totals.rows += 1;
    totals.bytes += bytes;
    if (row.size === 'unknown') totals.sizeless += 1;
    this.perBucket.set(row.bucket, (this.perBucket.get(row.bucket) ?? 0) + 1);
    if (difference.state === 'satisfied') totals.satisfied += 1;
    else if (difference.state === 'unmatched') totals.unmatched += 1;
    else if (difference.state === 'term-over') totals.termOver += 1;
    else if (difference.changes.every(({ observed }) => observed)) totals.stuck += 1;
    for (const made of difference.changes) this.addChange(row.bucket, made, bytes);
    for (const { reason, rule, from, fact } of difference.wrong) {
      this.addWrong(row, { bucket: row.bucket, rule, reason, detail: fact ?? '' }, bytes, from);
    }
    for (const { rule, code } of difference.reports) {
      if (code !== 'over-cap')
        this.addWrong(row, { bucket: row.bucket, rule, reason: 'reported', detail: code }, bytes, undefined);
    }
  }

  private addChange(bucket: string, made: PlannedChange, bytes: number): void {
    const { to, route, slot, date, limit } = this.place(made);
    const { rule, kind, from, observed, irrevocable } = made;
    const { cells } = this.seriesOf(bucket, rule, kind, from, to, route, observed, irrevocable);
    const cell = cells.get(slot);
    if (cell === undefined) {
      cells.set(slot, { versions: 1, bytes, earliest: date, latest: date, limit });
      return;
    }
    cell.versions += 1;
    cell.bytes += bytes;
    if (date < cell.earliest) cell.earliest = date;
    if (date > cell.latest) cell.latest = date;
    if (limit < cell.limit) cell.limit = limit;
  }

  /** Where a change is counted. */
  place({ write, notAfter, route }: PlannedChange): Place {
    if (write.kind === 'hold-on') {
      const never = 0 as Instant;
      return { to: 'hold', route, slot: 0, date: never, limit: never };
    }
    const { mode, until } = write;
    const slot = slotOf(until, this.slot);
    const limit = Math.max(until, Math.min(until + this.tolerance, notAfter)) as Instant;
    // Others in the slot may end later than this one may be given.
    const isTight = limit < slot * this.slot && this.slot > 1_000;
    return isTight
      ? { to: mode, route: 'own-date', slot: 0, date: until, limit }
      : { to: mode, route, slot, date: until, limit };
  }

  private addWrong(
    row: PlanRow,
    key: Pick<WrongCount, 'bucket' | 'rule' | 'reason' | 'detail'>,
    bytes: number,
    firstGap: Instant | undefined,
  ): void {
    const samples = [sampleOf(row)];
    this.mergeWrong({ ...key, versions: 1, bytes, firstGap, samples });
  }

  /** Takes in what another part of the listing counted. */
  merge(other: Tally): void {
    for (const name of Object.keys(this.totals) as (keyof Totals)[]) this.totals[name] += other.totals[name];
    for (const [bucket, count] of other.perBucket)
      this.perBucket.set(bucket, (this.perBucket.get(bucket) ?? 0) + count);
    for (const {
      bucket,
      rule,
      kind,
      from,
      to,
      route,
      observed,
      irrevocable,
      cells,
    } of other.series.values()) {
      const mine = this.seriesOf(bucket, rule, kind, from, to, route, observed, irrevocable).cells;
      for (const [slot, cell] of cells) mergeCell(mine, slot, cell);
    }
    for (const count of other.wrong.values()) this.mergeWrong(count);
  }

  // Eight parameters, and no object made of them: this runs for every change.
  private seriesOf(
    bucket: SeriesKey['bucket'],
    rule: SeriesKey['rule'],
    kind: SeriesKey['kind'],
    from: SeriesKey['from'],
    to: SeriesKey['to'],
    route: SeriesKey['route'],
    observed: SeriesKey['observed'],
    irrevocable: SeriesKey['irrevocable'],
  ): Series {
    let known = this.ofRule.get(rule);
    if (known === undefined) {
      known = [];
      this.ofRule.set(rule, known);
    }
    for (const one of known) {
      if (
        one.to === to &&
        one.from === from &&
        one.route === route &&
        one.kind === kind &&
        one.observed === observed &&
        one.irrevocable === irrevocable &&
        one.bucket === bucket
      )
        return one;
    }
    const series: Series = { bucket, rule, kind, from, to, route, observed, irrevocable, cells: new Map() };
    known.push(series);
    this.series.set(
      [
        bucket,
        rule,
        kind,
        from,
        to,
        route,
        observed ? 'observed' : '',
        irrevocable ? 'irrevocable' : '',
      ].join(SEPARATOR),
      series,
    );
    return series;
  }

  private mergeWrong(count: WrongCount): void {
    const { bucket, rule, reason, detail } = count;
    const name = [bucket, rule, reason, detail].join(SEPARATOR);
    const mine = this.wrong.get(name);
    if (mine === undefined) {
      this.wrong.set(name, { ...count, samples: [...count.samples] });
      return;
    }
    mine.versions += count.versions;
    mine.bytes += count.bytes;
    if (count.firstGap !== undefined && (mine.firstGap === undefined || count.firstGap < mine.firstGap))
      mine.firstGap = count.firstGap;
    const last = mine.samples[SAMPLES - 1];
    if (last !== undefined && count.samples.every((sample) => sample >= last)) return;
    mine.samples = [...mine.samples, ...count.samples].sort().slice(0, SAMPLES);
  }
}

function mergeCell(cells: Map<number, Cell>, slot: number, cell: Cell): void {
  const mine = cells.get(slot);
  if (mine === undefined) {
    cells.set(slot, { ...cell });
    return;
  }
  mine.versions += cell.versions;
  mine.bytes += cell.bytes;
  if (cell.earliest < mine.earliest) mine.earliest = cell.earliest;
  if (cell.latest > mine.latest) mine.latest = cell.latest;
  if (cell.limit < mine.limit) mine.limit = cell.limit;
}

function sampleOf({ bucket, key, versionId }: PlanRow): string {
  return JSON.stringify([bucket, key, versionId]);
}
