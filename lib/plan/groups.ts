/** Sorts what a tally counted into groups: versions of one bucket that get the same lock by the same engine. */
import { formatInstant, type Instant } from '../lock/instant.ts';
import { type Mode } from '../lock/state.ts';
import { type EngineChoice, engineFor } from './engine.ts';
import { groupSpans } from './spans.ts';
import { type Group } from './plan.ts';
import { type Cell, type Series, type Tally } from './tally.ts';

/** Where each change of a plan belongs: by series and slot. */
export type Assignment = ReadonlyMap<string, ReadonlyMap<number, string>>;

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

export function groupsOf(
  tally: Tally,
  options: { readonly choice: EngineChoice; readonly hasBatch: boolean },
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

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
}
