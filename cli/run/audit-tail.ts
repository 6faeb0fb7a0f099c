/** Shows the newest records; loaded only when somebody asks for it. */
import { setTimeout } from 'node:timers/promises';
import { systemClock } from '../../lib/aws/system-clock.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { printError } from '../output.ts';
import {
  dayOf,
  newestBatches,
  openSource,
  type RecordSource,
  recordsOf,
  type SourceOptions,
  type StoredRecord,
} from '../record-source.ts';
import { showRecords, sorted } from '../show-records.ts';

export interface TailOptions extends SourceOptions {
  readonly lines: string;
  readonly follow?: true;
  readonly json?: true;
}

const EVERY = 2_000;
/** Batches are named after their first record, and stored a little later. */
const LATE = 15 * 60_000;

/** Shows the newest records, newest last. */
export async function runTail(options: TailOptions): Promise<void> {
  const wanted = linesOption(options.lines);
  const source = openSource(options);
  const stop = new AbortController();
  if (options.follow === true) stopOnSignals(stop);
  const seen = new Set<string>();
  // What comes while the newest are being read must not be missed: the names are listed first.
  if (options.follow === true) for (const name of await recentNames(source)) seen.add(name);
  const names = await newestBatches(source, wanted, systemClock.now());
  for (const name of names) seen.add(name);
  const records = sorted(await readBatches(source, names));
  showRecords(records.slice(Math.max(0, records.length - wanted)), options.json === true);
  if (records.length === 0 && options.follow !== true) printError(`there are no records in ${source.place}`);
  if (options.follow !== true) return;

  while (await pause(stop.signal)) {
    const fresh = (await recentNames(source)).filter((name) => !seen.has(name));
    for (const name of fresh) seen.add(name);
    showRecords(sorted(await readBatches(source, fresh)), options.json === true);
  }
}

async function readBatches(source: RecordSource, names: readonly string[]): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  for (let at = 0; at < names.length; at += 16) {
    const read = names.slice(at, at + 16).map(async (name) => {
      const found: StoredRecord[] = [];
      for await (const batch of source.readNamed(name)) found.push(...recordsOf(batch));
      return found;
    });
    records.push(...(await Promise.all(read)).flat());
  }
  return records;
}

/** The names of what may have been stored in the last minutes. */
async function recentNames(source: RecordSource): Promise<string[]> {
  const now = systemClock.now();
  const names: string[] = [];
  for (const day of new Set([dayOf(now - LATE), dayOf(now)]))
    for await (const name of source.namesOf(day)) names.push(name);
  return names;
}

/** Lets some time pass; false when somebody stopped it. */
async function pause(signal: AbortSignal): Promise<boolean> {
  await setTimeout(EVERY, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}

function stopOnSignals(stop: AbortController): void {
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => {
      stop.abort();
    });
}

function linesOption(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new HoldfastError('bad-input', {
    what: `--lines cannot be ${JSON.stringify(text)}`,
    next: 'give a number from 1 to 999999',
  });
}
