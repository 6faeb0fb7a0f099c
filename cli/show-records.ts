/** Prints records in the order of time: as lines for people, or as they are stored. */
import { print } from './output.ts';
import { recordLine } from './record-line.ts';
import { type StoredRecord } from './record-source.ts';

export function showRecords(records: readonly StoredRecord[], json: boolean): void {
  for (const { line, record } of records) print(json ? line : recordLine(record));
}

export function sorted(records: readonly StoredRecord[]): StoredRecord[] {
  return records.toSorted((a, b) => {
    const [earlier, later] = [timeOf(a), timeOf(b)];
    if (earlier !== later) return earlier < later ? -1 : 1;
    return Number(a.record.seq) - Number(b.record.seq);
  });
}

function timeOf({ record }: StoredRecord): string {
  return typeof record.time === 'string' ? record.time : '';
}
