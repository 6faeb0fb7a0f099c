/** The roll of a matter as lines: every version once by page, with how it ended where it was released. */
import { HoldfastError } from '../../errors.ts';
import { placedPrefix, type RollEnd, type RollEntry } from '../../matters/roll.ts';
import { rollCsvHeader, rollCsvLine } from '../../report/csv.ts';
import { type CertificateRow, rowOf } from '../../report/row.ts';
import { type RollStore } from '../../ports/roll-store.ts';
import { atOnce } from './at-once.ts';
import { checkedOf, endsOf, entriesOf, headOf } from './pages.ts';

interface Reads {
  readonly rolls: RollStore;
}

/** The most bytes of one answer; a gateway takes six million. */
const BYTES = 4_000_000;
/** Pages that are read at once. */
const BUNCH = 32;
/** Digests of one answer; each page is read. */
const PAGES = 200;

export async function* rollRows(matter: string, deps: Reads, scope = ''): AsyncGenerator<CertificateRow> {
  for await (const pages of inBunches(deps.rolls.list(placedPrefix(matter, scope)))) {
    const read = await atOnce(pages, async (page) => {
      const rows: CertificateRow[] = [];
      for await (const row of rowsOf(page, deps)) rows.push(row);
      return rows;
    });
    yield* read.flat();
  }
}

/** The versions of a page, each as it was found last. */
async function* rowsOf(page: string, deps: Reads): AsyncGenerator<CertificateRow> {
  const ends = new Map<string, RollEnd>();
  for await (const end of endsOf(page, deps)) ends.set(nameOf(end), end);
  const later = new Map<string, Pick<CertificateRow, 'outcome' | 'at' | 'setAgain'>>();
  for await (const { outcome, at, setAgain, ...ref } of checkedOf(page, deps)) {
    const before = later.get(nameOf(ref))?.setAgain;
    const again = setAgain === undefined ? before : { at, by: setAgain };
    later.set(nameOf(ref), { outcome, at, ...(again && { setAgain: again }) });
  }
  for await (const { claimedOn, ...entry } of entriesOf(page, deps)) {
    // It is told by the page that it was claimed on, unless whoever claimed it did not live to write that.
    if (claimedOn !== undefined && (await headOf(claimedOn, deps)) !== undefined) continue;
    yield { ...rowOf(entry, ends.get(nameOf(entry))), ...later.get(nameOf(entry)) };
  }
}

function nameOf({ bucket, key, versionId }: Pick<RollEntry, 'bucket' | 'key' | 'versionId'>): string {
  return JSON.stringify([bucket, key, versionId]);
}

/**
 * Lines of CSV from a page on.
 *
 * @param after - the page that the answer before ended with.
 */
export async function rollLines(
  matter: string,
  after: string | undefined,
  deps: Reads,
): Promise<{ lines: string[]; next?: string }> {
  requireOwnPage(matter, after);
  const lines = [rollCsvHeader];
  let bytes = 0;
  for await (const pages of inBunches(deps.rolls.list(placedPrefix(matter)), after)) {
    const read = await atOnce(pages, async (page) => {
      const rows: string[] = [];
      for await (const row of rowsOf(page, deps)) rows.push(rollCsvLine(row));
      return rows;
    });
    for (const line of read.flat()) {
      lines.push(line);
      bytes += Buffer.byteLength(line);
    }
    const last = pages.at(-1);
    if (bytes >= BYTES && last !== undefined) return { lines, next: last };
  }
  return { lines };
}

/** The pages of everything that was noted of a matter, with their hashes. */
export async function rollPages(
  matter: string,
  after: string | undefined,
  deps: Reads & { readonly hash: (text: string) => string },
): Promise<{ pages: { name: string; sha256: string }[]; next?: string }> {
  requireOwnPage(matter, after);
  const pages: { name: string; sha256: string }[] = [];
  for await (const name of deps.rolls.list(`rolls/${matter}/`)) {
    if (after !== undefined && name <= after) continue;
    const lines: string[] = [];
    for await (const line of deps.rolls.lines(name)) lines.push(line);
    pages.push({ name, sha256: deps.hash(`${lines.join('\n')}\n`) });
    if (pages.length >= PAGES) return { pages, next: name };
  }
  return { pages };
}

/** Some names at a time, so that they can be read at once; those up to `after` are left out. */
async function* inBunches(names: AsyncIterable<string>, after?: string): AsyncGenerator<string[]> {
  let bunch: string[] = [];
  for await (const name of names) {
    if (after !== undefined && name <= after) continue;
    bunch.push(name);
    if (bunch.length < BUNCH) continue;
    yield bunch;
    bunch = [];
  }
  if (bunch.length > 0) yield bunch;
}

function requireOwnPage(matter: string, after: string | undefined): void {
  if (after === undefined || after.startsWith(`rolls/${matter}/`)) return;
  throw new HoldfastError('bad-request', {
    what: 'after is no page of this roll',
    next: 'take it from the Link of the answer before',
  });
}
