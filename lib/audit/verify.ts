/** Finds what was done to records after they were written: edits, gaps, reorders, truncation, forgery. */
import { type BatchName, hashLine, newHead, parseBatchName } from './chain.ts';
import { type Head } from './head.ts';

export type Fault = 'edited' | 'gap' | 'reordered' | 'truncated' | 'forged' | 'unreadable';

export interface Finding {
  readonly fault: Fault;
  /** The batch in which it shows. */
  readonly batch: string;
  readonly seq?: number;
  readonly detail: string;
}

/** A batch as it was found in the store. */
export interface FoundBatch {
  readonly name: string;
  /** The stored text, one record a line; `undefined` when it could not be unpacked. */
  readonly text: string | undefined;
  /** When the store took it (milliseconds since 1970), where the store tells: no writer can choose that. */
  readonly storedAt?: number;
  /** How many versions its name has; a second one is somebody else's. */
  readonly versions?: number;
}

export interface Verdict {
  readonly batches: number;
  readonly records: number;
  readonly writers: number;
  readonly findings: readonly Finding[];
}

/** A record is stored within this time of being made (milliseconds); what is older was made up later. */
const LATEST_STORE = 15 * 60_000;

/**
 * Checks every chain of the batches given; they may come in any order.
 *
 * A chain that starts after number 1 is a gap, unless `from` says that earlier days were left out.
 *
 * @param from - the first day that was read, such as `2026/11/20`; chains may have begun before it.
 */
export function verifyBatches(found: readonly FoundBatch[], from?: string): Verdict {
  const findings: Finding[] = [];
  const byWriter = new Map<string, { batch: FoundBatch; name: BatchName }[]>();
  for (const batch of found) {
    const name = parseBatchName(batch.name);
    if (name === undefined) {
      findings.push({
        fault: 'forged',
        batch: batch.name,
        detail: 'no writer of ours names a batch like this',
      });
      continue;
    }
    const same = byWriter.get(name.writer);
    if (same === undefined) byWriter.set(name.writer, [{ batch, name }]);
    else same.push({ batch, name });
  }

  const heads = new Map<string, Map<number, string>>();
  const checkpoints: { batch: string; heads: readonly Head[] }[] = [];
  let records = 0;
  for (const [writer, batches] of byWriter) {
    const chain = new ChainReader(writer, findings);
    batches.sort((a, b) => a.name.first - b.name.first || a.name.last - b.name.last);
    for (const { batch, name } of batches) chain.read(batch, name, from);
    heads.set(writer, chain.hashes);
    records += chain.hashes.size;
    checkpoints.push(...chain.checkpoints);
  }
  for (const { batch, heads: known } of checkpoints) {
    for (const head of known) {
      const fault = againstCheckpoint(head, heads.get(head.writer), from);
      if (fault !== undefined) findings.push({ ...fault, batch, seq: head.seq });
    }
  }
  return { batches: found.length, records, writers: byWriter.size, findings };
}

/** Reads the batches of one writer in the order of their numbers. */
class ChainReader {
  readonly hashes = new Map<number, string>();
  readonly checkpoints: { batch: string; heads: readonly Head[] }[] = [];
  private head: Head;
  private started = false;
  private readonly findings: Finding[];

  constructor(writer: string, findings: Finding[]) {
    this.head = newHead(writer);
    this.findings = findings;
  }

  read(batch: FoundBatch, name: BatchName, from: string | undefined): void {
    const say = (fault: Fault, detail: string, seq?: number): void => {
      this.findings.push({ fault, batch: batch.name, detail, ...(seq !== undefined && { seq }) });
    };
    if ((batch.versions ?? 1) > 1) say('forged', 'its name has a second version: somebody wrote over it');
    const lines = linesOf(batch.text);
    if (lines === undefined) {
      say(batch.text === undefined ? 'unreadable' : 'truncated', 'it cannot be unpacked to whole lines');
      return;
    }
    if (name.first <= this.head.seq) {
      say('forged', `numbers ${name.first} to ${name.last} are claimed twice`, name.first);
      return;
    }
    const expected = name.last - name.first + 1;
    if (lines.length < expected) say('truncated', `it holds ${lines.length} of ${expected} records`);
    if (lines.length > expected) say('forged', `it holds ${lines.length} records and names ${expected}`);
    const day = parseLine(lines[0] ?? '')
      ?.time.slice(0, 10)
      .replaceAll('-', '/');
    if (day !== undefined && day !== name.day)
      say('forged', `it lies under ${name.day} and begins on ${day}`);
    this.startAt(name, from, say);
    this.follow(lines, batch, say);
    const last = lines.at(-1);
    if (lines.length === expected && last !== undefined && !hashLine(last).startsWith(name.hash)) {
      say('edited', 'its last record is not the one that its name was made from', name.last);
    }
  }

  private startAt(name: BatchName, from: string | undefined, say: Say): void {
    const inherits = !this.started && from !== undefined && name.first > 1;
    if (name.first !== this.head.seq + 1 && !inherits) {
      say('gap', `records ${this.head.seq + 1} to ${name.first - 1} are missing before it`, name.first);
    }
    if (name.first !== this.head.seq + 1) this.head = { ...this.head, seq: name.first - 1, hash: '' };
    this.started = true;
  }

  private follow(lines: readonly string[], batch: FoundBatch, say: Say): void {
    const parsed = lines.map(parseLine);
    const seqs = parsed.map((record) => record?.seq ?? -1);
    const start = this.head.seq + 1;
    const shuffled = seqs.some((seq, at) => seq !== start + at);
    if (shuffled && seqs.toSorted((a, b) => a - b).every((seq, at) => seq === start + at)) {
      say('reordered', 'its records are not in the order of their numbers', start);
    }
    lines.forEach((line, at) => {
      const record = parsed[at];
      const seq = start + at;
      const hash = hashLine(line);
      if (record === undefined) say('edited', 'a line is no record', seq);
      else {
        if (record.writer !== this.head.writer) say('forged', `a record of the writer ${record.writer}`, seq);
        if (this.head.hash !== '' && record.prev !== this.head.hash) {
          say(
            'edited',
            `record ${seq} does not follow on the record before it: one of the two was changed`,
            seq,
          );
        }
        if (batch.storedAt !== undefined && !(batch.storedAt - Date.parse(record.time) <= LATEST_STORE)) {
          say('forged', 'it says that it was made long before it was stored', seq);
        }
        if (record.heads !== undefined) this.checkpoints.push({ batch: batch.name, heads: record.heads });
      }
      this.hashes.set(seq, hash);
      this.head = { ...this.head, seq, hash };
    });
  }
}

type Say = (fault: Fault, detail: string, seq?: number) => void;

/** What a checkpoint saw must still be there, and the same. */
function againstCheckpoint(
  { writer, seq, hash }: Head,
  known: ReadonlyMap<number, string> | undefined,
  from: string | undefined,
): Omit<Finding, 'batch'> | undefined {
  const now = known?.get(seq);
  if (now?.startsWith(hash) === true) return undefined;
  if (now !== undefined)
    return { fault: 'edited', detail: `a checkpoint saw another record ${seq} of ${writer}` };
  // Days before the first one read were left out on purpose.
  if (
    from !== undefined &&
    (known === undefined || seq < (known.keys().next().value ?? Number.POSITIVE_INFINITY))
  )
    return undefined;
  return { fault: 'truncated', detail: `a checkpoint saw record ${seq} of ${writer}, which is gone` };
}

/** The lines of a batch; `undefined` when its last line was cut off. */
function linesOf(text: string | undefined): string[] | undefined {
  if (!text?.endsWith('\n')) return undefined;
  return text.slice(0, -1).split('\n');
}

/** What verification reads of a record; whoever forges one may have put anything there. */
interface Seen {
  readonly writer: string;
  readonly seq: number;
  readonly prev: string;
  readonly time: string;
  readonly heads?: readonly Head[];
}

function parseLine(line: string): Seen | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isSeen(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isSeen(value: unknown): value is Seen {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Readonly<Partial<Record<keyof Seen, unknown>>>;
  const { heads } = record;
  return (
    typeof record.seq === 'number' &&
    [record.writer, record.prev, record.time].every((part) => typeof part === 'string') &&
    (heads === undefined || (Array.isArray(heads) && heads.every(isHead)))
  );
}

function isHead(value: unknown): value is Head {
  if (typeof value !== 'object' || value === null) return false;
  const { writer, seq, hash } = value as Readonly<Partial<Record<keyof Head, unknown>>>;
  return typeof writer === 'string' && typeof seq === 'number' && typeof hash === 'string';
}
