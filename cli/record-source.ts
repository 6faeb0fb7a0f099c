/** Where records are read from: the audit bucket, or a copy of it in a folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type BatchName, parseBatchName } from '../lib/audit/chain.ts';
import { type FoundBatch } from '../lib/audit/verify.ts';
import { FileAuditStore } from '../lib/aws/file-audit-store.ts';
import { S3AuditStore } from '../lib/aws/s3-audit-store.ts';
import { HoldfastError } from '../lib/errors.ts';
import { clientOf, ownerOf } from './control.ts';
import { type ConnectionOptions, given } from './control-options.ts';
import { eachInWords } from './store-failures.ts';

export interface SourceOptions extends ConnectionOptions {
  readonly audit?: string;
  readonly folder?: string;
}

export interface RecordSource {
  /** As a person would name it. */
  readonly place: string;
  /** Whether it tells when a batch was stored: a folder does not. */
  readonly tellsTimes: boolean;
  /** Every batch from a day such as `2026/11/20` on, or every batch; in the order of their names. */
  readFrom(day: string | undefined): AsyncIterable<FoundBatch>;
  namesFrom(day: string | undefined): AsyncIterable<string>;
  namesOf(day: string): AsyncIterable<string>;
  /** What a name holds; nothing when it is gone. */
  readNamed(name: string): AsyncIterable<FoundBatch>;
}

export function openSource(options: SourceOptions): RecordSource {
  const { audit, folder } = options;
  if (audit !== undefined && folder !== undefined) {
    throw new HoldfastError('bad-input', {
      what: 'records are read from one place',
      next: 'give --audit or --folder, not both',
    });
  }
  if (folder !== undefined) {
    // A copy of the whole bucket has its records one folder down.
    const records = join(folder, 'records');
    const store = new FileAuditStore(existsSync(records) ? records : folder);
    return {
      place: `the folder ${folder}`,
      tellsTimes: false,
      readFrom: (day) => store.read('', day),
      namesFrom: (day) => store.names('', day),
      namesOf: (day) => store.names(`${day}/`),
      readNamed: (name) => store.read(name),
    };
  }
  const bucket = given(audit, 'HOLDFAST_AUDIT_BUCKET');
  if (bucket === undefined) {
    throw new HoldfastError('bad-input', {
      what: 'no place was named to read records from',
      next: 'name the audit bucket with --audit or HOLDFAST_AUDIT_BUCKET, or a copy of it with --folder',
    });
  }
  const owner = ownerOf(options);
  const store = new S3AuditStore({
    client: clientOf(options),
    bucket,
    ...(owner !== undefined && { expectedBucketOwner: owner }),
  });
  const asked = {
    what: `read records in the bucket ${bucket}`,
    needs: `s3:ListBucketVersions on ${bucket}, and s3:GetObjectVersion on its records`,
  };
  return {
    place: `the bucket ${bucket}`,
    tellsTimes: true,
    readFrom: (day) =>
      eachInWords(
        asked,
        eachOf(day, (prefix) => store.read(prefix)),
      ),
    namesFrom: (day) =>
      eachInWords(
        asked,
        eachOf(day, (prefix) => store.names(prefix)),
      ),
    namesOf: (day) => eachInWords(asked, store.names(`${day}/`)),
    readNamed: (name) => eachInWords(asked, store.read(name)),
  };
}

async function* eachOf<T>(
  day: string | undefined,
  list: (prefix: string) => AsyncIterable<T>,
): AsyncGenerator<T> {
  for (const prefix of day === undefined ? [''] : prefixesFrom(day)) yield* list(prefix);
}

/** A record's line as it is stored, and what it says. */
export interface StoredRecord {
  readonly line: string;
  readonly record: Readonly<Record<string, unknown>>;
}

/** The records of a batch; lines that are none are left to `audit verify`. */
export function recordsOf({ text = '' }: FoundBatch): StoredRecord[] {
  return text.split('\n').flatMap((line) => {
    try {
      const record: unknown = JSON.parse(line);
      return typeof record === 'object' && record !== null && !Array.isArray(record)
        ? [{ line, record: record as Readonly<Record<string, unknown>> }]
        : [];
    } catch {
      return [];
    }
  });
}

/**
 * Prefixes that together cover every name from a day on, in order: the day, then what can be greater at each digit.
 * So a store is asked for some fifty listings at most, and for nothing that is older.
 *
 * @example
 * prefixesFrom('2026/11/20'); // 2026/11/20, 2026/11/21 … 2026/11/29, 2026/11/3 … 2026/2 … 2027 … 3 … 9
 */
function prefixesFrom(day: string): string[] {
  const prefixes = [day];
  for (let at = day.length - 1; at >= 0; at -= 1) {
    const digit = Number(day[at]);
    if (Number.isNaN(digit)) continue;
    for (let greater = digit + 1; greater <= 9; greater += 1) prefixes.push(`${day.slice(0, at)}${greater}`);
  }
  return prefixes;
}

/** How far back `tail` looks after the last two days, in days: as far as it must. */
const LOOKS = [7, 31, 366, undefined];
const A_DAY = 86_400_000;

type NamedBatch = BatchName & { readonly name: string };

/** The names of the batches that hold the newest records: so many records at least, where there are. */
export async function newestBatches(source: RecordSource, wanted: number, now: number): Promise<string[]> {
  let chosen = newest(
    [
      ...(await batchesIn(source.namesOf(dayOf(now)))),
      ...(await batchesIn(source.namesOf(dayOf(now - A_DAY)))),
    ],
    wanted,
  );
  for (const days of LOOKS) {
    if (recordsIn(chosen) >= wanted) break;
    const from = days === undefined ? undefined : dayOf(now - days * A_DAY);
    chosen = newest(await batchesIn(source.namesFrom(from)), wanted);
  }
  return chosen.map(({ name }) => name);
}

async function batchesIn(names: AsyncIterable<string>): Promise<NamedBatch[]> {
  const batches: NamedBatch[] = [];
  for await (const name of names) {
    const batch = parseBatchName(name);
    if (batch !== undefined) batches.push({ ...batch, name });
  }
  return batches;
}

function newest(batches: readonly NamedBatch[], wanted: number): NamedBatch[] {
  const byDay = Map.groupBy(batches, ({ day }) => day);
  const chosen: NamedBatch[] = [];
  for (const day of [...byDay.keys()].sort().reverse()) {
    if (recordsIn(chosen) >= wanted) break;
    chosen.push(...newestOfEachWriter(byDay.get(day) ?? [], wanted));
  }
  return chosen;
}

function recordsIn(batches: readonly NamedBatch[]): number {
  return batches.reduce((records, { first, last }) => records + last - first + 1, 0);
}

/** The last batches of each writer of a day: only they can hold its newest records. */
function newestOfEachWriter(batches: readonly NamedBatch[], wanted: number): NamedBatch[] {
  const left = new Map<string, number>();
  return batches
    .toSorted((a, b) => b.last - a.last)
    .filter(({ writer, first, last }) => {
      const still = left.get(writer) ?? wanted;
      left.set(writer, still - (last - first + 1));
      return still > 0;
    });
}

/** A moment's day as the names of batches begin: `2026/11/20`. */
export function dayOf(moment: number): string {
  return new Date(moment).toISOString().slice(0, 10).replaceAll('-', '/');
}
