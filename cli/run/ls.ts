/** Lists versions, markers and locks; loaded only when somebody asks for it. */
import { entriesUnder } from '../../lib/app/by-hand-find.ts';
import { seeFully } from '../../lib/app/by-hand-status.ts';
import { lockInRecord } from '../../lib/audit/record.ts';
import { formatInstant } from '../../lib/lock/instant.ts';
import { type LockState } from '../../lib/lock/state.ts';
import { type ListedEntry } from '../../lib/ports/entry-listing.ts';
import { type LockStore } from '../../lib/ports/lock-store.ts';
import { lockText } from '../decision-text.ts';
import { print, printError, table, visible } from '../output.ts';
import { openStore, prefixTarget, type StoreOptions } from '../store-options.ts';

export interface LsOptions extends StoreOptions {
  /** Left out: for up to 1,000 versions. */
  readonly locks?: boolean;
}

interface Line {
  readonly entry: ListedEntry;
  readonly lock?: LockState | 'not-seen';
  /** Whether older entries of the same key follow. */
  readonly hidesSome: boolean;
}

/** Rows that are lined up together, and how many versions have their locks read unasked. */
const PAGE = 1_000;
const AT_ONCE = 16;

export async function runLs(address: string, options: LsOptions): Promise<void> {
  const target = prefixTarget(address);
  const { store, listing } = await openStore(target, options);
  const json = options.json === true;
  let [versions, markers, pages] = [0, 0, 0];
  let locks = options.locks;
  if (json) print('{\n  "entries": [');
  for await (const { lines: page, more } of pagesOf(entriesUnder(listing, target.bucket, target.key))) {
    locks ??= !more;
    const lines = locks ? await withLocks(page, store) : page;
    if (json)
      for (const [at, line] of lines.entries()) print(`${pages + at === 0 ? '' : ','}${lineJson(line)}`);
    else print(table(['created', 'size', 'latest', 'lock', 'version', 'key'], lines.map(cells)));
    const found = lines.filter(({ entry }) => entry.kind === 'version').length;
    versions += found;
    markers += lines.length - found;
    pages += 1;
  }
  if (json)
    print(`  ],\n  "versions": ${versions},\n  "markers": ${markers},\n  "locksRead": ${locks ?? true}\n}`);
  else print(`${count(versions, 'version')}, ${count(markers, 'delete marker')}`);
  if (locks === false && options.locks === undefined && versions > 0)
    printError(
      `Locks were not read: --locks reads them, with ${versions.toLocaleString('en')} HEAD requests.`,
    );
}

/** Cuts the listing into pages of which it is known whether more follows. */
async function* pagesOf(
  entries: AsyncIterable<ListedEntry>,
): AsyncGenerator<{ readonly lines: readonly Line[]; readonly more: boolean }> {
  let lines: Line[] = [];
  let previous: ListedEntry | undefined;
  for await (const entry of entries) {
    if (previous !== undefined)
      lines.push({ entry: previous, hidesSome: previous.ref.key === entry.ref.key });
    previous = entry;
    if (lines.length < PAGE) continue;
    yield { lines, more: true };
    lines = [];
  }
  if (previous !== undefined) yield { lines: [...lines, { entry: previous, hidesSome: false }], more: false };
}

async function withLocks(lines: readonly Line[], store: LockStore): Promise<Line[]> {
  const seen = [...lines];
  const queue = lines.entries();
  const worker = async (): Promise<void> => {
    for (const [at, line] of queue) {
      if (line.entry.kind === 'marker') continue;
      const read = await store.read(line.entry.ref);
      seen[at] = { ...line, lock: read.kind === 'found' ? await seeFully(store, read.version) : 'not-seen' };
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return seen;
}

function cells(line: Line): string[] {
  const { ref, created, latest, size, kind } = line.entry;
  return [
    formatInstant(created),
    kind === 'marker' ? '' : size === 'unknown' ? '?' : String(size),
    latest ? 'latest' : '',
    kind === 'marker' ? markerText(line) : stateText(line),
    visible(ref.versionId),
    visible(ref.key),
  ];
}

function markerText({ entry, hidesSome }: Line): string {
  if (!hidesSome) return 'marker: nothing is below it';
  return entry.latest
    ? 'marker: hides the versions below; they are still there'
    : 'marker: hid the versions below, until a newer version came';
}

function stateText({ lock }: Line): string {
  if (lock === undefined) return '';
  return lock === 'not-seen' ? 'not seen' : lockText(lock);
}

function lineJson({ entry, lock, hidesSome }: Line): string {
  const { kind, ref, created, latest, size } = entry;
  const common = { kind, key: ref.key, versionId: ref.versionId, created: formatInstant(created), latest };
  if (kind === 'marker') return JSON.stringify({ ...common, hides: hidesSome });
  const shown = lock === 'not-seen' ? { lock: 'not-seen' } : lock && { lock: lockInRecord(lock) };
  return JSON.stringify({ ...common, size, ...shown });
}

function count(number: number, thing: string): string {
  return `${number.toLocaleString('en')} ${thing}${number === 1 ? '' : 's'}`;
}
