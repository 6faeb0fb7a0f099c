import { type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditWriter } from '../../../lib/app/audit-writer.ts';
import { type BatchNames, recordCheckpoint } from '../../../lib/app/checkpoint.ts';
import { type RecordDeps } from '../../../lib/app/record-deps.ts';
import { hashLine } from '../../../lib/audit/chain.ts';
import { type AuditRecord, type DeedRecord } from '../../../lib/audit/record.ts';
import { type FoundBatch, verifyBatches } from '../../../lib/audit/verify.ts';
import { S3AuditStore } from '../../../lib/aws/s3-audit-store.ts';
import { formatInstant, instantOf } from '../../../lib/lock/instant.ts';
import { makeBucket } from '../../helpers/bucket.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';

const NOON = Date.UTC(2026, 10, 20, 12);
const HOUR = 3_600_000;

let embedded: Embedded;
let client: S3Client;
let store: S3AuditStore;
let now: number;

beforeAll(async () => {
  embedded = await startEmbedded({}, { clock: () => now });
  client = embedded.clientFor();
});
afterAll(async () => {
  await embedded.close();
});
beforeEach(async () => {
  now = NOON;
  store = new S3AuditStore({ client, bucket: await makeBucket(client) });
});

function chain(name: string): AuditWriter {
  return new AuditWriter({
    store,
    newWriter: () => name,
    onCopyFailed: (cause) => {
      throw cause;
    },
  });
}

/** Appends a record at a moment that the test chooses. */
async function appendAt(moment: number, writer: AuditWriter, ...ids: string[]): Promise<void> {
  now = moment;
  const time = formatInstant(instantOf(moment));
  const record = { time, actor: 'test', phase: 'deed', action: 'swept' } as const;
  await Promise.all(ids.map(async (id) => writer.append({ id, ...record })));
}

/** Records a checkpoint at noon. Its own chain is called watch. */
async function checkpoint(): Promise<number> {
  now = NOON;
  const watch = chain('watch');
  return recordCheckpoint(
    (day) => store.names(day),
    recording(async (record) => watch.append(record)),
  );
}

function recording(append: RecordDeps['audit']['append']): RecordDeps {
  let ids = 0;
  const clock = { now: () => instantOf(now), wait: async () => undefined };
  return { audit: { append }, clock, actor: 'sweeper', newId: () => String((ids += 1)) };
}

async function found(): Promise<FoundBatch[]> {
  const batches: FoundBatch[] = [];
  for await (const batch of store.read()) batches.push(batch);
  return batches;
}

async function linesOf(writer: string): Promise<string[]> {
  return (await found())
    .filter(({ name }) => name.includes(`/${writer}/`))
    .flatMap(({ text = '' }) => text.trimEnd().split('\n'));
}

/** The head of a chain as a batch name gives it: the hash is cut short there. */
async function headOf(writer: string): Promise<{ writer: string; seq: number; hash: string }> {
  const lines = await linesOf(writer);
  return { writer, seq: lines.length, hash: hashLine(lines.at(-1) ?? '').slice(0, 16) };
}

async function heads(): Promise<DeedRecord['heads']> {
  const [line = '{}'] = await linesOf('watch');
  return (JSON.parse(line) as DeedRecord).heads;
}

describe('a checkpoint', () => {
  it('notes the head of every chain of today and of yesterday, and of no earlier day', async () => {
    await appendAt(NOON - 36 * HOUR - 1, chain('too-old'), 'a');
    await appendAt(NOON - 36 * HOUR, chain('yesterday-first'), 'a');
    await appendAt(NOON - 12 * HOUR - 1, chain('yesterday-last'), 'a', 'b');
    const busy = chain('today');
    await appendAt(NOON - 2, busy, 'a', 'b');
    await appendAt(NOON - 1, busy, 'c');

    expect(await checkpoint()).toBe(3);

    expect(await heads()).toStrictEqual([
      await headOf('yesterday-first'),
      await headOf('yesterday-last'),
      await headOf('today'),
    ]);
  });

  it('is one deed of who took it', async () => {
    await appendAt(NOON, chain('a'), '1');
    await appendAt(NOON, chain('b'), '1');

    await checkpoint();

    expect((await linesOf('watch')).map((line) => JSON.parse(line) as DeedRecord)).toMatchObject([
      {
        phase: 'deed',
        action: 'checkpoint',
        actor: 'sweeper',
        time: '2026-11-20T12:00:00Z',
        detail: '2 chains',
      },
    ]);
  });

  it('notes where a chain stands now that goes on over midnight', async () => {
    const night = chain('night');
    await appendAt(NOON - 13 * HOUR, night, 'a', 'b');
    await appendAt(NOON - 11 * HOUR, night, 'c');

    await checkpoint();

    expect(await heads()).toStrictEqual([await headOf('night')]);
    expect(await heads()).toMatchObject([{ seq: 3 }]);
  });

  it('records nothing where nothing was written', async () => {
    expect(await checkpoint()).toBe(0);

    expect(await found()).toStrictEqual([]);
  });

  it('passes over names that no writer of ours gives', async () => {
    const names: BatchNames = async function* (day) {
      yield `${day}/x.txt`;
      yield `${day}/w/000000000001-000000000002-0123456789abcdef`;
    };
    const records: AuditRecord[] = [];

    const deps = recording(async (record) => {
      records.push(record);
    });
    expect(await recordCheckpoint(names, deps)).toBe(1);

    expect(records).toMatchObject([{ heads: [{ writer: 'w', seq: 2, hash: '0123456789abcdef' }] }]);
  });

  it('a day with very many writers gets several records', async () => {
    const names: BatchNames = async function* (day) {
      for (let at = 0; at < 501; at += 1) yield `${day}/w-${at}/000000000001-000000000001-0123456789abcdef`;
    };
    const records: DeedRecord[] = [];

    const deps = recording(async (record) => {
      if (record.phase === 'deed') records.push(record);
    });
    expect(await recordCheckpoint(names, deps)).toBe(501);

    expect(records.map(({ heads: noted = [] }) => noted.length)).toStrictEqual([500, 1]);
    expect(new Set(records.flatMap(({ heads: noted = [] }) => noted.map(({ writer }) => writer))).size).toBe(
      501,
    );
    expect(new Set(records.map(({ id }) => id)).size).toBe(2);
  });
});

describe('what verification makes of it', () => {
  /** Two chains of two batches each, and a checkpoint. */
  async function watched(): Promise<FoundBatch[]> {
    for (const name of ['a', 'b']) {
      const writer = chain(name);
      await appendAt(NOON - HOUR, writer, '1', '2');
      await appendAt(NOON - HOUR, writer, '3');
    }
    await checkpoint();
    return found();
  }

  const without = (batches: readonly FoundBatch[], part: RegExp): FoundBatch[] =>
    batches.filter(({ name }) => !part.test(name));

  it('it is content while everything is there', async () => {
    expect(verifyBatches(await watched())).toStrictEqual({
      batches: 5,
      records: 7,
      writers: 3,
      findings: [],
    });
  });

  it('it finds the cut-off end of a chain, which nothing else tells', async () => {
    const batches = await watched();
    const cut = without(batches, /\/a\/0+3-/);

    expect(verifyBatches(without(cut, /\/watch\//)).findings).toStrictEqual([]);
    expect(verifyBatches(cut).findings).toMatchObject([
      { fault: 'truncated', seq: 3, batch: expect.stringContaining('/watch/') },
    ]);
  });

  it('it finds a chain that is gone altogether', async () => {
    const gone = without(await watched(), /\/b\//);

    expect(verifyBatches(gone).findings).toMatchObject([{ fault: 'truncated', seq: 3 }]);
  });

  it('a chain that grew afterwards is nothing to report', async () => {
    const writer = chain('a');
    await appendAt(NOON - HOUR, writer, '1');
    await checkpoint();
    await appendAt(NOON + HOUR, writer, '2');

    expect(verifyBatches(await found()).findings).toStrictEqual([]);
  });
});
