/** A listing of the versions that a file names, each read from the store. */
import { createHash } from 'node:crypto';
import { HoldfastError } from '../errors.ts';
import { type Instant } from '../lock/instant.ts';
import { type PlanRow } from '../plan/row.ts';
import { type EntryListing, type ListedEntry } from '../ports/entry-listing.ts';
import { type ListedBatch, type Listing, type Unreadable } from '../ports/listing.ts';
import { type Marker } from '../ports/version-listing.ts';
import { lineCutter } from './csv-lines.ts';
import { rowOfEntry } from './entry-row.ts';
import { decodedKey } from './inventory-csv.ts';
import { MultisetHash } from './multiset-hash.ts';

const AT_ONCE = 16;

interface Named {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | undefined;
  readonly line: number;
}

/**
 * Lines `bucket,key,versionId` as S3 Batch Operations takes them: keys URL-encoded, no line for headings. A line
 * without a version means all versions of its key.
 */
export class KeysListing implements Listing {
  readonly kind = 'keys';
  readonly source: string;
  readonly asOf: Instant;
  readonly tellsEventHolds = true;
  readonly tellsLocks = false;
  private readonly text: string;
  private readonly listing: EntryListing;
  private hash = new MultisetHash();

  constructor(path: string, text: string, listing: EntryListing, asOf: Instant) {
    this.source = path;
    this.text = text;
    this.listing = listing;
    this.asOf = asOf;
  }

  /** Of the file, and of what the store said about it: a line may mean versions that come and go. */
  fingerprint(): string {
    return createHash('sha256').update(`${this.text}\n${this.hash.digest()}`).digest('hex');
  }

  async *batches(): AsyncGenerator<ListedBatch> {
    const { named, unreadable } = this.read();
    if (named.length === 0 && unreadable.length === 0) {
      throw new HoldfastError('bad-input', {
        what: `${this.source} names no versions`,
        next: 'write one bucket,key,versionId per line, with the key URL-encoded',
      });
    }
    this.hash = new MultisetHash();
    const seen = new Set<string>();
    yield { rows: [], markers: 0, unreadable, done: 0 };
    for (let at = 0; at < named.length; at += AT_ONCE) {
      const some = named.slice(at, at + AT_ONCE);
      const found = await Promise.all(
        some.map(async (name) => ({ name, entries: await this.entriesOf(name) })),
      );
      const rows: PlanRow[] = [];
      const missing: Unreadable[] = [];
      let markers = 0;
      for (const { name, entries } of found) {
        if (entries.length === 0)
          missing.push({ where: `${this.source}, line ${name.line}`, why: 'there is no such version' });
        for (const entry of entries) {
          const { ref, latest, created, size } = entry;
          const identity = `${ref.bucket}\n${ref.versionId}\n${ref.key}`;
          // Two lines may name the same version.
          if (seen.has(identity)) continue;
          seen.add(identity);
          if (entry.kind === 'marker') markers += 1;
          else {
            this.hash.add(`${identity}\n${latest} ${created} ${size}`);
            rows.push(rowOfEntry(entry));
          }
        }
      }
      yield { rows, markers, unreadable: missing, done: Math.min(1, (at + some.length) / named.length) };
    }
  }

  private read(): { named: Named[]; unreadable: Unreadable[] } {
    const named: Named[] = [];
    const unreadable: Unreadable[] = [];
    const fail = (line: number, why: string): void => {
      unreadable.push({ where: `${this.source}, line ${line}`, why });
    };
    this.text.split('\n').forEach((text, at) => {
      const line = at + 1;
      if (text.trim() === '') return;
      const cells: string[] = [];
      const columns = text.split(',').length;
      const cutter = lineCutter(
        columns,
        Array.from({ length: columns }, (_, column) => column),
        (cut, bounds) => {
          for (let cell = 0; cell < columns; cell += 1)
            cells.push(cut.slice(bounds[cell * 2] ?? 0, bounds[cell * 2 + 1] ?? 0).trim());
        },
        // Named below: it has no cells.
        () => undefined,
      );
      cutter.take(text);
      cutter.end();
      const [bucket = '', encoded = '', versionId = ''] = cells;
      const key = decodedKey(encoded);
      if (cells.length < 2 || cells.length > 3 || bucket === '' || key === undefined || key === '')
        fail(line, 'a line is bucket,key,versionId, with the key URL-encoded');
      else named.push({ bucket, key, versionId: versionId === '' ? undefined : versionId, line });
    });
    return { named, unreadable };
  }

  /** The versions of a key lie together in a listing; longer keys that begin with it come after them. */
  private async entriesOf({ bucket, key, versionId }: Named): Promise<ListedEntry[]> {
    const entries: ListedEntry[] = [];
    let after: Marker | undefined;
    do {
      const page = await this.listing.entries(bucket, key, after);
      const mine = page.entries.filter(({ ref }) => ref.key === key);
      entries.push(...mine.filter(({ ref }) => versionId === undefined || ref.versionId === versionId));
      after = mine.length === page.entries.length ? page.next : undefined;
    } while (after !== undefined);
    return entries;
  }
}
