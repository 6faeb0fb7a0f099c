import { describe, expect, it } from '@jest/globals';
import { type Batch, hashLine, newHead, sealBatch } from '../../../lib/audit/chain.ts';
import { type Head } from '../../../lib/audit/head.ts';
import { type AuditRecord, type DeedRecord } from '../../../lib/audit/record.ts';
import { type FoundBatch, verifyBatches } from '../../../lib/audit/verify.ts';

let ids = 0;
function deed(more: Partial<DeedRecord> = {}): DeedRecord {
  ids += 1;
  return {
    id: `id-${ids}`,
    time: '2026-11-20T12:00:00Z',
    actor: 'test',
    phase: 'deed',
    action: 'swept',
    ...more,
  };
}

/** A writer's batches of so many records each, as they lie in the store. */
function write(
  writer: string,
  sizes: readonly number[],
  make: () => AuditRecord = deed,
): { found: FoundBatch[]; head: Head } {
  let head = newHead(writer);
  const found = sizes.map((size) => {
    const [first = make(), ...more] = Array.from({ length: size }, make);
    const sealed = sealBatch(head, [first, ...more]);
    ({ head } = sealed);
    return stored(sealed.batch);
  });
  return { found, head };
}

function stored({ name, lines }: Batch): FoundBatch {
  return { name, text: `${lines.join('\n')}\n` };
}

function faults(found: readonly FoundBatch[], from?: string): string[] {
  return verifyBatches(found, from).findings.map(({ fault, seq }) =>
    seq === undefined ? fault : `${fault} ${seq}`,
  );
}

/** The batches with one of them changed. */
function change(
  found: readonly FoundBatch[],
  at: number,
  how: (batch: FoundBatch) => FoundBatch,
): FoundBatch[] {
  return found.map((batch, index) => (index === at ? how(batch) : batch));
}

const withLines =
  (how: (lines: string[]) => string[]) =>
  (batch: FoundBatch): FoundBatch => ({
    ...batch,
    text: `${how((batch.text ?? '').trimEnd().split('\n')).join('\n')}\n`,
  });

describe('records as they were written', () => {
  it('are found whole, in whatever order they are read', () => {
    const found = [...write('a', [3, 1, 2]).found, ...write('b', [1]).found].toReversed();

    expect(verifyBatches(found)).toStrictEqual({ batches: 4, records: 7, writers: 2, findings: [] });
  });

  it('may be read from a day on, when chains began before it', () => {
    const { found } = write('a', [2, 2]);

    expect(faults(found.slice(1), '2026/11/20')).toStrictEqual([]);
    expect(faults(found.slice(1))).toStrictEqual(['gap 3']);
  });
});

describe('what was done to records afterwards is found', () => {
  const { found } = write('a', [3, 2, 2]);

  it.each<[string, FoundBatch[], string[]]>([
    [
      'a record edited',
      change(
        found,
        0,
        withLines((lines) => lines.map((line, at) => (at === 1 ? line.replace('swept', 'paused') : line))),
      ),
      ['edited 3'],
    ],
    [
      'the last record of a batch edited',
      change(
        found,
        0,
        withLines((lines) => lines.map((line, at) => (at === 2 ? line.replace('swept', 'paused') : line))),
      ),
      ['edited 3', 'edited 4'],
    ],
    [
      'the very last record edited',
      change(
        found,
        2,
        withLines((lines) => lines.map((line, at) => (at === 1 ? line.replace('swept', 'paused') : line))),
      ),
      ['edited 7'],
    ],
    [
      'a line that is no record',
      change(
        found,
        1,
        withLines((lines) => ['{"x":1}', ...lines.slice(1)]),
      ),
      ['edited 4', 'edited 5'],
    ],
    ['a batch taken out', [...found.slice(0, 1), ...found.slice(2)], ['gap 6']],
    ['the first batch taken out', found.slice(1), ['gap 4']],
    [
      'two records exchanged',
      change(
        found,
        0,
        withLines(([a = '', b = '', c = '']) => [b, a, c]),
      ),
      ['reordered 1', 'edited 1', 'edited 2', 'edited 3'],
    ],
    [
      'the end of a batch cut off',
      change(
        found,
        1,
        withLines((lines) => lines.slice(0, 1)),
      ),
      ['truncated', 'gap 6'],
    ],
    [
      'a batch cut off in the middle of a line',
      change(found, 2, (batch) => ({ ...batch, text: batch.text?.slice(0, -9) })),
      ['truncated'],
    ],
    [
      'a batch that cannot be unpacked',
      change(found, 2, (batch) => ({ ...batch, text: undefined })),
      ['unreadable'],
    ],
    [
      'a record added',
      change(
        found,
        2,
        withLines((lines) => [...lines, JSON.stringify(deed())]),
      ),
      ['forged', 'edited 8'],
    ],
    [
      'a batch of another writer under a name of ours',
      change(found, 2, () => ({ ...write('z', [2]).found[0], name: found[2]?.name ?? '' }) as FoundBatch),
      ['forged 6', 'edited 6', 'forged 7', 'edited 7'],
    ],
    ['numbers claimed a second time', [...found, ...write('a', [3]).found], ['forged 1']],
    ['a name written over', change(found, 1, (batch) => ({ ...batch, versions: 2 })), ['forged']],
    ['an object under a name that we never give', [...found, { name: 'x.ndjson', text: '' }], ['forged']],
    [
      'a record made up long after its time',
      change(found, 2, (batch) => ({ ...batch, storedAt: Date.UTC(2026, 10, 21) })),
      ['forged 6', 'forged 7'],
    ],
  ])('%s', (_, tampered, expected) => {
    const seen = faults(tampered);

    for (const fault of expected) expect(seen).toContain(fault);
    expect(seen.length).toBeGreaterThan(0);
  });

  it('records stored within minutes of being made are believed', () => {
    expect(
      faults(found.map((batch) => ({ ...batch, storedAt: Date.UTC(2026, 10, 20, 12, 5) }))),
    ).toStrictEqual([]);
  });
});

describe('a checkpoint', () => {
  const written = write('a', [2, 2]);
  const watch = write('watch', [1], () => deed({ action: 'checkpoint', heads: [written.head] })).found;

  it('is content while what it saw is there', () => {
    expect(faults([...written.found, ...watch])).toStrictEqual([]);
  });

  it('finds the end of a chain cut off, which the chain itself cannot tell', () => {
    expect(faults(written.found.slice(0, 1))).toStrictEqual([]);
    expect(faults([...written.found.slice(0, 1), ...watch])).toStrictEqual(['truncated 4']);
    expect(faults(watch)).toStrictEqual(['truncated 4']);
  });

  it('finds a whole chain rewritten', () => {
    expect(faults([...write('a', [2, 2]).found, ...watch])).toStrictEqual(['edited 4']);
  });
});

describe('the chain itself', () => {
  it('numbers the records of a writer and carries the hash of the line before', () => {
    const { batch, head } = sealBatch(newHead('w'), [deed(), deed()]);
    const [first = '', second = ''] = batch.lines;

    expect(JSON.parse(first)).toMatchObject({ writer: 'w', seq: 1, prev: '0'.repeat(64) });
    expect(JSON.parse(second)).toMatchObject({ writer: 'w', seq: 2, prev: hashLine(first) });
    expect(head).toStrictEqual({ writer: 'w', seq: 2, hash: hashLine(second) });
    expect(batch.name).toBe(`2026/11/20/w/000000000001-000000000002-${hashLine(second).slice(0, 16)}`);
  });
});
