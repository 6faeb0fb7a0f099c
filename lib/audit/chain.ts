/**
 * The chain that makes records tell of their own loss.
 *
 * Every writer (one execution environment, one terminal session) numbers its records from 1, and each record
 * carries the SHA-256 of the line before it. Records are stored in batches, one object each; the name of a
 * batch says which numbers it holds and how its last line hashes.
 */
import { createHash } from 'node:crypto';
import { type Head } from './head.ts';
import { type AuditRecord } from './record.ts';

/** A record with its place in the chain, as it is stored. */
export type ChainedRecord = AuditRecord & {
  readonly writer: string;
  readonly seq: number;
  /** SHA-256 of the writer's line before this one, hex; {@link NO_LINE} for the first. */
  readonly prev: string;
};

/** Lines that are stored together, under a name that tells what they are. */
export interface Batch {
  readonly name: string;
  readonly lines: readonly string[];
}

const NO_LINE = '0'.repeat(64);

/** The head of a writer that has written nothing yet. */
export function newHead(writer: string): Head {
  return { writer, seq: 0, hash: NO_LINE };
}

/** The SHA-256 of a line as it is stored, without its line break. */
export function hashLine(line: string): string {
  return createHash('sha256').update(line).digest('hex');
}

/** Chains records to a head. The batch is named after the time of its first record: `2026/11/20/<writer>/…`. */
export function sealBatch(
  head: Head,
  records: readonly [AuditRecord, ...AuditRecord[]],
): { batch: Batch; head: Head } {
  let { seq, hash } = head;
  const lines = records.map((record) => {
    seq += 1;
    const chained: ChainedRecord = { ...record, writer: head.writer, seq, prev: hash };
    const line = JSON.stringify(chained);
    hash = hashLine(line);
    return line;
  });
  const day = records[0].time.slice(0, 10).replaceAll('-', '/');
  const name = `${day}/${head.writer}/${padded(head.seq + 1)}-${padded(seq)}-${hash.slice(0, 16)}`;
  return { batch: { name, lines }, head: { writer: head.writer, seq, hash } };
}

export interface BatchName {
  readonly day: string;
  readonly writer: string;
  readonly first: number;
  readonly last: number;
  /** The first 16 hex digits of the hash of its last line. */
  readonly hash: string;
}

const NAME = /^(\d{4}\/\d{2}\/\d{2})\/([A-Za-z0-9._-]{1,128})\/(\d{12})-(\d{12})-([0-9a-f]{16})$/;

/** Reads the name of a batch; `undefined` for a name that no writer of ours gives. */
export function parseBatchName(name: string): BatchName | undefined {
  const [, day, writer, first, last, hash] = NAME.exec(name) ?? [];
  if (
    day === undefined ||
    writer === undefined ||
    first === undefined ||
    last === undefined ||
    hash === undefined
  ) {
    return undefined;
  }
  return { day, writer, first: Number(first), last: Number(last), hash };
}

function padded(seq: number): string {
  return String(seq).padStart(12, '0');
}
