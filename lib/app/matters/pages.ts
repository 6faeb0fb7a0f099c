/** Pages of rolls: written under lock, with a record that names their hash; read line by line. */
import { formatInstant, parseInstant } from '../../lock/instant.ts';
import type * as z from 'zod';
import {
  checkedPrefix,
  checkedSchema,
  countsOf,
  endSchema,
  entrySchema,
  headSchema,
  mergedEnds,
  type PageHead,
  releasedCountsOf,
  releasedName,
  type RollEnd,
  type RollEntry,
} from '../../matters/roll.ts';
import { type RollStore } from '../../ports/roll-store.ts';
import { recordDeed } from '../record-deed.ts';
import { type HoldDeps } from './deps.ts';

type PageDeps = Pick<HoldDeps, 'rolls' | 'hash' | 'audit' | 'clock' | 'actor' | 'newId'>;

export async function putPlaced(
  name: string,
  at: PageAt,
  entries: readonly RollEntry[],
  deps: PageDeps,
): Promise<void> {
  const settles = latestOf(entries.map((entry) => entry.settles));
  const lands = latestOf(entries.map((entry) => entry.lands));
  const head: PageHead = {
    ...at,
    at: formatInstant(deps.clock.now()),
    counts: { ...countsOf(entries) },
    ...(settles !== undefined && { settles }),
    ...(lands !== undefined && { lands }),
  };
  await putPage(name, head, entries, deps);
}

/** Adds how versions of a page ended to what others said who worked on the same page. */
export async function putReleased(
  page: string,
  at: PageAt,
  ends: readonly RollEnd[],
  deps: PageDeps,
): Promise<void> {
  const name = releasedName(page);
  let text = '';
  let head: PageHead | undefined;
  await deps.rolls.change(name, (before) => {
    const lines = before?.split('\n').slice(1) ?? [];
    const said = lines.flatMap((line) => (line === '' ? [] : [endSchema.parse(JSON.parse(line))]));
    const merged = mergedEnds(said, ends);
    const lands = latestOf(merged.map((end) => end.lands));
    const counts = { ...releasedCountsOf(merged) };
    head = { ...at, at: formatInstant(deps.clock.now()), counts, ...(lands !== undefined && { lands }) };
    text = textOf(head, merged);
    return text;
  });
  if (head !== undefined) await recordPage(name, head, text, deps);
}

interface PageAt {
  readonly matter: string;
  readonly scope: string;
}

/** Stores a page; it counts when the record that names its hash is stored too (law 7). */
export async function putPage(
  name: string,
  head: PageHead,
  lines: readonly object[],
  deps: PageDeps,
): Promise<void> {
  const text = textOf(head, lines);
  await deps.rolls.putText(name, text);
  await recordPage(name, head, text, deps);
}

function textOf(head: PageHead, lines: readonly object[]): string {
  return `${[head, ...lines].map((line) => JSON.stringify(line)).join('\n')}\n`;
}

async function recordPage(name: string, head: PageHead, text: string, deps: PageDeps): Promise<void> {
  const detail = Object.entries(head.counts)
    .map(([what, count]) => `${what} ${count}`)
    .join(', ');
  const evidence = [{ name, sha256: deps.hash(text) }];
  await recordDeed({ action: 'roll-page', cause: head.matter, detail, evidence }, deps);
}

/** The head of a page; undefined where there is no such page. */
export async function headOf(
  name: string,
  { rolls }: { readonly rolls: RollStore },
): Promise<PageHead | undefined> {
  for await (const line of rolls.lines(name)) return headSchema.parse(JSON.parse(line));
  return undefined;
}

export async function* entriesOf(
  name: string,
  { rolls }: { readonly rolls: RollStore },
): AsyncGenerator<RollEntry> {
  yield* linesOf(name, { rolls }, (line) => entrySchema.parse(line));
}

export async function* endsOf(
  page: string,
  { rolls }: { readonly rolls: RollStore },
): AsyncGenerator<RollEnd> {
  yield* linesOf(releasedName(page), { rolls }, (line) => endSchema.parse(line));
}

/** What was found later of the versions of a page, the last word last. */
export async function* checkedOf(
  page: string,
  { rolls }: { readonly rolls: RollStore },
): AsyncGenerator<z.infer<typeof checkedSchema>> {
  for await (const name of rolls.list(checkedPrefix(page)))
    yield* linesOf(name, { rolls }, (line) => checkedSchema.parse(line));
}

/** What a page has after its head. */
export async function* linesOf<T>(
  name: string,
  { rolls }: { readonly rolls: RollStore },
  parse: (line: unknown) => T,
): AsyncGenerator<T> {
  let isHead = true;
  for await (const line of rolls.lines(name)) {
    if (!isHead && line !== '') yield parse(JSON.parse(line));
    isHead = false;
  }
}

/** The names under a prefix. */
export async function namesUnder(
  prefix: string,
  { rolls }: { readonly rolls: RollStore },
): Promise<string[]> {
  const names: string[] = [];
  for await (const name of rolls.list(prefix)) names.push(name);
  return names;
}

/** The latest of some moments as texts. */
export function latestOf(moments: readonly (string | undefined)[]): string | undefined {
  let latest: string | undefined;
  for (const moment of moments)
    if (moment !== undefined && (latest === undefined || parseInstant(moment) > parseInstant(latest)))
      latest = moment;
  return latest;
}
