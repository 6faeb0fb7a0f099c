/** Finds records; loaded only when somebody asks for it. */
import { parseBatchName } from '../../lib/audit/chain.ts';
import { isOutcomeCode, OUTCOMES } from '../../lib/audit/outcome.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { parseDayOrInstant, parseStartOrInstant } from '../../lib/lock/instant.ts';
import { printError, visible } from '../output.ts';
import { DEEDS } from '../record-line.ts';
import { dayOf, openSource, recordsOf, type SourceOptions, type StoredRecord } from '../record-source.ts';
import { showRecords, sorted } from '../show-records.ts';

export interface SearchOptions extends SourceOptions {
  readonly bucket?: string;
  readonly key?: string;
  readonly versionId?: string;
  readonly rule?: string;
  readonly outcome?: string;
  readonly action?: string;
  readonly since?: string;
  readonly until?: string;
  readonly json?: true;
}

const A_DAY = 86_400_000;

/** Prints the records that satisfy every condition given. */
export async function runSearch(options: SearchOptions): Promise<void> {
  const matches = conditionsOf(options);
  const source = openSource(options);
  const until = options.until === undefined ? undefined : dayOf(parseDayOrInstant(options.until));
  const since = options.since === undefined ? undefined : parseStartOrInstant(options.since);
  // A batch that began before midnight lies under the day before.
  const from = since === undefined ? undefined : dayOf(Math.max(0, since - A_DAY));
  let [day, found, looked] = ['', 0, 0];
  let ofDay: StoredRecord[] = [];
  const flush = (): void => {
    showRecords(sorted(ofDay), options.json === true);
    found += ofDay.length;
    ofDay = [];
  };
  for await (const batch of source.readFrom(from)) {
    const its = parseBatchName(batch.name)?.day ?? '';
    if (until !== undefined && its > until) break;
    if (its !== day) flush();
    day = its;
    looked += 1;
    if (batch.text === undefined)
      printError(`${visible(batch.name)} cannot be unpacked: run holdfast audit verify`);
    ofDay.push(...recordsOf(batch).filter(({ record }) => matches(record)));
  }
  flush();
  if (found === 0) printError(`no record matches in the ${looked} batches read from ${source.place}`);
}

type Condition = (record: Readonly<Record<string, unknown>>) => boolean;

function conditionsOf(options: SearchOptions): Condition {
  const { bucket, key, versionId, rule, outcome, action } = options;
  if (outcome !== undefined && !isOutcomeCode(outcome)) throw unknown('--outcome', outcome, OUTCOMES);
  if (action !== undefined && !Object.hasOwn(DEEDS, action)) throw unknown('--action', action, DEEDS);
  const since = options.since === undefined ? undefined : parseStartOrInstant(options.since);
  const until = options.until === undefined ? undefined : parseDayOrInstant(options.until);
  const exact = Object.entries({ bucket, key, versionId, outcome, action });
  return (record) => {
    const time = Date.parse(typeof record.time === 'string' ? record.time : '');
    return (
      exact.every(([name, value]) => value === undefined || record[name] === value) &&
      (rule === undefined || record.decidedBy === rule || isIn(rule, record.rules)) &&
      (since === undefined || time >= since) &&
      (until === undefined || time < until)
    );
  };
}

function isIn(rule: string, rules: unknown): boolean {
  return Array.isArray(rules) && rules.includes(rule);
}

function unknown(option: string, given: string, known: object): HoldfastError {
  return new HoldfastError('bad-input', {
    what: `${option} cannot be ${JSON.stringify(given)}`,
    next: `name one of ${Object.keys(known).join(', ')}`,
  });
}
