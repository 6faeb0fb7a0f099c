import { type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditWriter, type AuditWriterOptions } from '../../../lib/app/audit-writer.ts';
import { type ChainedRecord, parseBatchName } from '../../../lib/audit/chain.ts';
import { type DeedRecord } from '../../../lib/audit/record.ts';
import { type FoundBatch, verifyBatches } from '../../../lib/audit/verify.ts';
import { S3AuditStore } from '../../../lib/aws/s3-audit-store.ts';
import { type AuditStore } from '../../../lib/ports/audit-store.ts';
import { makeBucket } from '../../helpers/bucket.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';

const NOON = '2026-11-20T12:00:00Z';

let embedded: Embedded;
let client: S3Client;
let store: S3AuditStore;
let refusing: boolean;

beforeAll(async () => {
  embedded = await startEmbedded(
    {},
    {
      clock: () => Date.parse(NOON),
      fault: ({ operation }) =>
        refusing && operation === 'PutObject'
          ? { status: 403, code: 'AccessDenied', message: 'Access Denied' }
          : undefined,
    },
  );
  client = embedded.clientFor();
});
afterAll(async () => {
  await embedded.close();
});
beforeEach(async () => {
  refusing = false;
  store = new S3AuditStore({ client, bucket: await makeBucket(client) });
});

/** A writer whose chains are called w-1, w-2 and so on. */
function writerWith(more: Partial<AuditWriterOptions> = {}): AuditWriter {
  let chains = 0;
  return new AuditWriter({
    store,
    newWriter: () => `w-${(chains += 1)}`,
    onCopyFailed: (cause) => {
      throw cause;
    },
    ...more,
  });
}

function deed(id: string): DeedRecord {
  return { id, time: NOON, actor: 'test', phase: 'deed', action: 'swept' };
}

async function found(): Promise<FoundBatch[]> {
  const batches: FoundBatch[] = [];
  for await (const batch of store.read()) batches.push(batch);
  return batches;
}

/** The stored records as `writer seq id`, one list for each batch. */
async function stored(): Promise<string[][]> {
  return (await found()).map(({ text = '' }) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as ChainedRecord)
      .map(({ writer, seq, id }) => `${writer} ${seq} ${id}`),
  );
}

/** The store behind a gate: each put waits until the test opens it. */
function gated(): AuditStore & { open: () => void; waiting: () => Promise<void> } {
  let [open, arrive]: (() => void)[] = [];
  let gate = new Promise<void>((resolve) => (open = resolve));
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  return {
    put: async (batch) => {
      arrive?.();
      await gate;
      await store.put(batch);
    },
    open: () => {
      open?.();
      gate = Promise.resolve();
    },
    waiting: async () => arrived,
  };
}

/** The tests wait for the copies themselves. */
const NEVER = new Promise<never>(() => undefined);

describe('records in batches', () => {
  it('a record alone is stored when append returns, under a name that tells its place', async () => {
    await writerWith().append(deed('a'));

    const [batch] = await found();
    expect(parseBatchName(batch?.name ?? '')).toMatchObject({
      day: '2026/11/20',
      writer: 'w-1',
      first: 1,
      last: 1,
    });
    expect(await stored()).toStrictEqual([['w-1 1 a']]);
  });

  it('records of one turn share a batch, in the order in which they came', async () => {
    const writer = writerWith();

    await Promise.all(['a', 'b', 'c', 'd'].map(async (id) => writer.append(deed(id))));

    expect(await stored()).toStrictEqual([['w-1 1 a', 'w-1 2 b', 'w-1 3 c', 'w-1 4 d']]);
  });

  it('records that come while a batch is being stored wait, and go together in the next', async () => {
    const gate = gated();
    const writer = writerWith({ store: gate });
    const first = writer.append(deed('a'));
    await gate.waiting();

    const more = ['b', 'c', 'd'].map(async (id) => writer.append(deed(id)));
    gate.open();
    await Promise.all([first, ...more]);

    expect(await stored()).toStrictEqual([['w-1 1 a'], ['w-1 2 b', 'w-1 3 c', 'w-1 4 d']]);
  });

  it('append does not return before its batch is stored', async () => {
    const gate = gated();
    const done: string[] = [];
    const appended = writerWith({ store: gate })
      .append(deed('a'))
      .then(() => done.push('returned'));
    await gate.waiting();
    await new Promise(setImmediate);

    expect(done).toStrictEqual([]);

    gate.open();
    await appended;
    expect(done).toStrictEqual(['returned']);
  });

  it('a writer that was idle stores again', async () => {
    const writer = writerWith();
    await writer.append(deed('a'));

    await writer.append(deed('b'));

    expect(await stored()).toStrictEqual([['w-1 1 a'], ['w-1 2 b']]);
  });

  it('more than 500 records at once make more batches, and lose none', async () => {
    const writer = writerWith();

    await Promise.all(Array.from({ length: 1_001 }, async (_, at) => writer.append(deed(String(at)))));

    expect((await stored()).map((batch) => batch.length)).toStrictEqual([500, 500, 1]);
    expect((await stored()).flat()).toStrictEqual(
      Array.from({ length: 1_001 }, (_, at) => `w-1 ${at + 1} ${at}`),
    );
  });

  it('what a busy writer stored is a chain that verifies', async () => {
    const writer = writerWith();
    const ids = Array.from({ length: 100 }, (_, at) => `id-${at}`);

    // Each record is made when the one seven places before it is stored: batches of many sizes.
    const appended: Promise<void>[] = [];
    for (const [at, id] of ids.entries()) {
      await appended[at - 7];
      appended.push(writer.append(deed(id)));
    }
    await Promise.all(appended);

    const batches = await found();
    expect(batches.length).toBeGreaterThan(1);
    expect(verifyBatches(batches)).toStrictEqual({
      batches: batches.length,
      records: 100,
      writers: 1,
      findings: [],
    });
    expect((await stored()).flat()).toStrictEqual(ids.map((id, at) => `w-1 ${at + 1} ${id}`));
  });
});

describe('a batch that could not be stored', () => {
  it('rejects its records and no others, and a new chain begins; the old one still verifies', async () => {
    const writer = writerWith();
    await writer.append(deed('a'));
    refusing = true;
    const lost = await Promise.allSettled([writer.append(deed('b')), writer.append(deed('c'))]);
    refusing = false;

    await writer.append(deed('d'));

    expect(lost).toMatchObject([
      { status: 'rejected', reason: { name: 'AccessDenied' } },
      { status: 'rejected', reason: { name: 'AccessDenied' } },
    ]);
    expect(await stored()).toStrictEqual([['w-1 1 a'], ['w-2 1 d']]);
    expect(verifyBatches(await found())).toMatchObject({ records: 2, writers: 2, findings: [] });
  });

  it('takes nothing with it of what came while it was tried', async () => {
    const gate = gated();
    const writer = writerWith({ store: gate });
    refusing = true;
    const lost = writer.append(deed('a'));
    await gate.waiting();
    const kept = ['b', 'c'].map(async (id) => writer.append(deed(id)));

    gate.open();
    await expect(lost).rejects.toMatchObject({ name: 'AccessDenied' });
    refusing = false;
    await Promise.all(kept);

    expect(await stored()).toStrictEqual([['w-2 1 b', 'w-2 2 c']]);
    expect(verifyBatches(await found())).toMatchObject({ findings: [] });
  });

  it('is not continued even when it arrived and only the answer was lost', async () => {
    let answers = 0;
    const writer = writerWith({
      store: {
        put: async (batch) => {
          await store.put(batch);
          if ((answers += 1) === 2) throw new Error('the connection broke');
        },
      },
    });
    await writer.append(deed('a'));
    await expect(writer.append(deed('b'))).rejects.toThrow('the connection broke');

    await writer.append(deed('b'));

    expect(await stored()).toStrictEqual([['w-1 1 a'], ['w-1 2 b'], ['w-2 1 b']]);
    expect(verifyBatches(await found())).toMatchObject({ records: 3, writers: 2, findings: [] });
  });

  it('is not copied', async () => {
    const copied: string[] = [];
    const writer = writerWith({
      copy: {
        copy: async (_, chain) => {
          copied.push(chain);
        },
      },
    });
    refusing = true;

    await expect(writer.append(deed('a'))).rejects.toMatchObject({ name: 'AccessDenied' });
    await writer.copied(NEVER);

    expect(copied).toStrictEqual([]);
  });
});

describe('the searchable copy', () => {
  it('gets the lines as they were stored, and the name of their chain', async () => {
    const copies: { lines: readonly string[]; chain: string; stored: number }[] = [];
    const writer = writerWith({
      copy: {
        copy: async (lines, chain) => {
          copies.push({ lines, chain, stored: (await found()).length });
        },
      },
    });

    await Promise.all([writer.append(deed('a')), writer.append(deed('b'))]);
    await writer.copied(NEVER);

    const [batch] = await found();
    expect(copies).toStrictEqual([{ lines: batch?.text?.trimEnd().split('\n'), chain: 'w-1', stored: 1 }]);
  });

  it('delays no record: append returns while it is still on its way, and copied waits for it', async () => {
    const copied: string[] = [];
    const [arrived, answered] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const writer = writerWith({
      copy: {
        copy: async (lines) => {
          arrived.resolve(undefined);
          await answered.promise;
          copied.push(...lines);
        },
      },
    });

    await writer.append(deed('a'));
    await writer.append(deed('b'));
    await arrived.promise;
    const all = writer.copied(NEVER);

    expect(copied).toStrictEqual([]);
    answered.resolve(undefined);
    await all;
    expect(copied.map((line) => (JSON.parse(line) as ChainedRecord).id)).toStrictEqual(['a', 'b']);
  });

  it('that there is none of, is waited for in vain by nobody', async () => {
    const writer = writerWith();
    await writer.append(deed('a'));

    await expect(writer.copied(NEVER)).resolves.toBeUndefined();
  });

  it('that failed is reported and stops nothing', async () => {
    const failures: unknown[] = [];
    const failure = new Error('the log group is gone');
    const copied: string[] = [];
    const writer = writerWith({
      copy: {
        copy: async (lines) => {
          if (failures.length < 2) throw failure;
          copied.push(...lines);
        },
      },
      onCopyFailed: (cause) => failures.push(cause),
    });

    for (const id of ['a', 'b', 'c']) await writer.append(deed(id));
    await writer.copied(NEVER);

    expect(failures).toStrictEqual([failure, failure]);
    expect(copied.map((line) => (JSON.parse(line) as ChainedRecord).id)).toStrictEqual(['c']);
    expect(await stored()).toStrictEqual([['w-1 1 a'], ['w-1 2 b'], ['w-1 3 c']]);
    expect(verifyBatches(await found())).toMatchObject({ findings: [] });
  });
});
