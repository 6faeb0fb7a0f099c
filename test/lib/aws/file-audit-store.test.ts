import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Batch } from '../../../lib/audit/chain.ts';
import { verifyBatches } from '../../../lib/audit/verify.ts';
import { FileAuditStore } from '../../../lib/aws/file-audit-store.ts';
import { allOf, deed, writerTo } from '../../helpers/records.ts';

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'holdfast-records-'));
const batch = (name: string, ...lines: string[]): Batch => ({ name, lines });

describe('FileAuditStore', () => {
  it('keeps a batch as one packed file under its name, a line for each record', async () => {
    const folder = newFolder();

    await new FileAuditStore(folder).put(batch('2026/11/20/a/1', 'one', 'zwei ü'));

    const file = readFileSync(join(folder, '2026/11/20/a/1.ndjson.gz'));
    expect(gunzipSync(file).toString()).toBe('one\nzwei ü\n');
  });

  it('writes nothing over', async () => {
    const store = new FileAuditStore(newFolder());
    await store.put(batch('a', 'first'));

    await expect(store.put(batch('a', 'second'))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('is there already'),
    });
    expect(await allOf(store.read())).toStrictEqual([{ name: 'a', text: 'first\n' }]);
  });

  it('reads batches in the order of their names, packed or not, and leaves other files alone', async () => {
    const folder = newFolder();
    const store = new FileAuditStore(folder);
    for (const name of ['2026/11/20/b/1', '2026/11/19/z/1', '2026/11/20/a/1'])
      await store.put(batch(name, name));
    writeFileSync(join(folder, '2026/11/20/a/2.ndjson'), 'plain\n');
    writeFileSync(join(folder, '2026/11/20/a/notes.txt'), 'mine');

    expect((await allOf(store.read())).map(({ name }) => name)).toStrictEqual([
      '2026/11/19/z/1',
      '2026/11/20/a/1',
      '2026/11/20/a/2',
      '2026/11/20/b/1',
    ]);
    expect(await allOf(store.read('2026/11/20/a/2'))).toStrictEqual([
      { name: '2026/11/20/a/2', text: 'plain\n' },
    ]);
  });

  it.each([
    ['a day', '2026/11/20/', undefined, ['2026/11/20/a/1', '2026/11/20/b/1']],
    ['the beginning of a day', '2026/11/2', undefined, ['2026/11/20/a/1', '2026/11/20/b/1']],
    ['a day on which nothing happened', '2026/11/21/', undefined, []],
    ['everything from a day on', '', '2026/11/20', ['2026/11/20/a/1', '2026/11/20/b/1']],
  ])('lists the names of %s', async (_, prefix, from, expected) => {
    const store = new FileAuditStore(newFolder());
    for (const name of ['2026/11/19/z/1', '2026/11/20/a/1', '2026/11/20/b/1'])
      await store.put(batch(name, 'x'));

    expect(await allOf(store.names(prefix, from))).toStrictEqual(expected);
  });

  it('gives no text for a file that cannot be unpacked', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'a.ndjson.gz'), 'not packed');

    expect(await allOf(new FileAuditStore(folder).read())).toStrictEqual([{ name: 'a', text: undefined }]);
  });

  it('says in one sentence that the folder is not there', async () => {
    await expect(allOf(new FileAuditStore('/no/such/folder').read())).rejects.toMatchObject({
      code: 'bad-input',
      message: '/no/such/folder cannot be used (ENOENT); check the name of the folder',
    });
  });

  it('holds the chains of several writers, whole', async () => {
    const store = new FileAuditStore(newFolder());
    const [a, b] = [writerTo(store, 'a'), writerTo(store, 'b')];

    await Promise.all(['10', '11', '12'].map(async (hour) => a.append(deed(`2026-11-20T${hour}:00:00Z`))));
    await a.append(deed('2026-11-21T00:00:00Z'));
    await b.append(deed('2026-11-20T10:00:00Z'));

    expect(verifyBatches(await allOf(store.read()))).toStrictEqual({
      batches: 3,
      records: 5,
      writers: 2,
      findings: [],
    });
  });
});
