/** Checks the chains of records; loaded only when somebody asks for it. */
import { type FoundBatch, type Verdict, verifyBatches } from '../../lib/audit/verify.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { dayExists } from '../../lib/lock/instant.ts';
import { paint, print, printJson, visible } from '../output.ts';
import { openSource, type RecordSource, type SourceOptions } from '../record-source.ts';

export interface VerifyOptions extends SourceOptions {
  readonly since?: string;
  readonly json?: true;
}

/** Checks the chains, and prints the verdict. */
export async function runVerify(options: VerifyOptions): Promise<void> {
  const { since } = options;
  if (since !== undefined && !dayExists(since)) {
    throw new HoldfastError('bad-input', {
      what: `--since cannot be ${JSON.stringify(since)}`,
      next: 'write a day, as 2026-11-20',
    });
  }
  const from = since?.replaceAll('-', '/');
  const source = openSource(options);
  const batches: FoundBatch[] = [];
  for await (const batch of source.readFrom(from)) {
    batches.push(batch);
    progress(batches.length);
  }
  progress();
  if (batches.length === 0) {
    throw new HoldfastError('bad-input', {
      what: `there are no records in ${source.place}${since === undefined ? '' : ` since ${since}`}, so nothing can be said of them`,
      next: 'check the name, and that records were ever written there',
    });
  }
  const verdict = verifyBatches(batches, from);
  const ok = verdict.findings.length === 0;
  if (options.json === true) printJson({ ok, ...verdict, storedTimesCompared: source.tellsTimes });
  else for (const line of verdictLines(verdict, source)) print(line);
  if (!ok) process.exitCode = 7;
}

function verdictLines({ batches, records, writers, findings }: Verdict, source: RecordSource): string[] {
  const ok = findings.length === 0;
  const said = ok ? 'every chain is whole' : counted(findings.length, 'finding');
  return [
    `${ok ? paint('green', '✔') : paint('red', '✘')} ${counted(batches, 'batch', 'batches')}, ${counted(records, 'record')}, ${counted(writers, 'writer')}: ${said}`,
    ...findings.map(
      ({ fault, batch, seq, detail }) =>
        `  ${paint('red', fault)}  ${visible(batch)}${seq === undefined ? '' : `  record ${seq}`}  ${visible(detail)}`,
    ),
    ...(source.tellsTimes
      ? []
      : [paint('dim', '  a folder does not tell when a batch was stored: those times were not compared')]),
  ];
}

/** Says what is being read, on a terminal only; without a number it takes the line away. */
function progress(batches?: number): void {
  if (!process.stderr.isTTY) return;
  if (batches === undefined) process.stderr.write('\r\u001b[K');
  else if (batches % 100 === 0) process.stderr.write(`\rread ${batches} batches`);
}

function counted(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
