import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { FileAuditStore } from '../../lib/aws/file-audit-store.ts';
import { holdfast, type Ran } from '../helpers/cli.ts';
import { deed, intent, locked, writerTo } from '../helpers/records.ts';

// Each command is a process of its own, and most tests run several.
jest.setTimeout(30_000);

const DAY = '2026-11-20';
const newFolder = (): string => mkdtempSync(join(tmpdir(), 'holdfast-records-'));

/** Records of two days by two writers; the second writer began in between. */
async function writeTwoDays(folder: string): Promise<void> {
  const store = new FileAuditStore(folder);
  const [a, b] = [writerTo(store, 'a'), writerTo(store, 'b')];
  await a.append(locked('2026-11-19T10:00:00Z', 'invoices/1'));
  await b.append(deed('2026-11-19T11:00:00Z', { action: 'paused', actor: 'cli:ada', detail: 'wrong tags' }));
  await a.append(intent('2026-11-20T09:00:00Z', 'invoices/2', { decidedBy: 'invoices' }));
  await a.append(locked('2026-11-20T09:00:01Z', 'invoices/2', { versionId: 'v2' }));
  await b.append(deed('2026-11-20T09:30:00Z', { action: 'resumed', actor: 'cli:ada', detail: 'mended' }));
  await b.append(
    intent('2026-11-20T12:00:00Z', 'logs/\u001b[2J', {
      phase: 'outcome',
      bucket: 'acme-logs',
      rules: ['logs'],
      outcome: 'no-permission',
    }),
  );
}

describe('holdfast audit, on a folder', () => {
  const folder = newFolder();
  beforeAll(async () => {
    await writeTwoDays(folder);
  });

  const audit = async (command: string, ...args: string[]): Promise<Ran> =>
    holdfast(['audit', command, '--folder', folder, ...args]);
  const keys = ({ out }: Ran): (string | undefined)[] =>
    out
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { key?: string }).key);

  describe('tail', () => {
    it('shows every kind of record on one line, newest last', async () => {
      const { code, out } = await audit('tail');

      expect(code).toBe(0);
      expect(out.trimEnd().split('\n')).toStrictEqual([
        '✔ 2026-11-19 10:00:00  acme-docs/invoices/1  locked  COMPLIANCE until 2037-01-01T00:00:00Z  by invoices',
        '• 2026-11-19 11:00:00  paused  by cli:ada  wrong tags',
        '… 2026-11-20 09:00:00  acme-docs/invoices/2  about to write COMPLIANCE until 2037-01-01T00:00:00Z  by invoices',
        '✔ 2026-11-20 09:00:01  acme-docs/invoices/2  locked  COMPLIANCE until 2037-01-01T00:00:00Z  by invoices',
        '• 2026-11-20 09:30:00  resumed  by cli:ada  mended',
        '✘ 2026-11-20 12:00:00  acme-logs/logs/\\u{1b}[2J  the store denied the request, and no lock explains it  give the role the permission named in the record',
      ]);
    });

    it('shows as many as were asked for', async () => {
      const { out } = await audit('tail', '-n', '2');

      expect(out).toContain('resumed');
      expect(out.trimEnd().split('\n')).toHaveLength(2);
    });

    it('prints the lines as they are stored', async () => {
      const { out } = await audit('tail', '-n', '1', '--json');

      expect(JSON.parse(out)).toMatchObject({ seq: 3, writer: 'b-1', outcome: 'no-permission' });
    });
  });

  describe('search', () => {
    it.each([
      [
        ['--bucket', 'acme-docs'],
        ['invoices/1', 'invoices/2', 'invoices/2'],
      ],
      [['--key', 'invoices/1'], ['invoices/1']],
      [['--key', 'invoices/2', '--version-id', 'v2'], ['invoices/2']],
      [['--rule', 'logs'], ['logs/\u001b[2J']],
      [['--outcome', 'no-permission'], ['logs/\u001b[2J']],
      [['--action', 'paused'], [undefined]],
      [
        ['--since', DAY, '--bucket', 'acme-docs'],
        ['invoices/2', 'invoices/2'],
      ],
      [
        ['--until', '2026-11-19'],
        ['invoices/1', undefined],
      ],
      [
        ['--since', `${DAY}T09:00:01Z`, '--until', `${DAY}T12:00:00Z`],
        ['invoices/2', undefined],
      ],
    ])('finds what satisfies %j', async (conditions, expected) => {
      const ran = await audit('search', '--json', ...conditions);

      expect(ran.code).toBe(0);
      expect(keys(ran)).toStrictEqual(expected);
    });

    it('says how much it looked through when nothing matches', async () => {
      expect(await audit('search', '--key', 'never')).toMatchObject({
        code: 0,
        out: '',
        err: expect.stringContaining('no record matches in the 6 batches read'),
      });
    });
  });

  describe('verify', () => {
    it('finds chains whole that are', async () => {
      const { code, out } = await audit('verify');

      expect(code).toBe(0);
      expect(out).toContain('✔ 6 batches, 6 records, 2 writers: every chain is whole');
      expect(out).toContain('a folder does not tell when a batch was stored');
    });

    it('may leave out the days before one', async () => {
      const { code, out } = await audit('verify', '--since', DAY, '--json');

      expect(code).toBe(0);
      expect(JSON.parse(out)).toStrictEqual({
        ok: true,
        batches: 4,
        records: 4,
        writers: 2,
        findings: [],
        storedTimesCompared: false,
      });
    });

    it('names an edited record, its batch and its number, and exits with 7', async () => {
      const copy = newFolder();
      await writeTwoDays(copy);
      const writer = join(copy, '2026/11/19/a-1');
      const file = join(writer, readdirSync(writer)[0] ?? '');
      const text = gunzipSync(readFileSync(file)).toString();
      writeFileSync(file, gzipSync(text.replace('2037', '2027')));

      const { code, out } = await holdfast(['audit', 'verify', '--folder', copy]);

      expect(code).toBe(7);
      expect(out).toMatch(/✘ 6 batches, 6 records, 2 writers: 2 findings/);
      expect(out).toMatch(/edited {2}2026\/11\/19\/a-1\/0{11}1-0{11}1-\S+ {2}record 1 {2}its last record/);
    });

    it('takes a copy of the whole bucket too', async () => {
      const copy = newFolder();
      mkdirSync(join(copy, 'records'));
      await writeTwoDays(join(copy, 'records'));

      expect(await holdfast(['audit', 'verify', '--folder', copy])).toMatchObject({ code: 0 });
    });

    it('does not call an empty store whole', async () => {
      expect(await holdfast(['audit', 'verify', '--folder', newFolder()])).toMatchObject({
        code: 2,
        out: '',
        err: expect.stringContaining('so nothing can be said of them'),
      });
    });
  });

  it.each<[string, string[], string]>([
    ['no place', ['tail'], 'name the audit bucket with --audit'],
    ['two places', ['verify', '--folder', 'a', '--audit', 'b'], 'not both'],
    ['a folder that is not there', ['verify', '--folder', '/no/such'], 'check the name of the folder'],
    ['an outcome that is none', ['search', '--folder', folder, '--outcome', 'lost'], 'name one of locked'],
    [
      'an action that is none',
      ['search', '--folder', folder, '--action', 'pause'],
      'name one of policy-activated',
    ],
    ['a day that does not exist', ['search', '--folder', folder, '--since', '2026-02-30'], '2026-02-30'],
    ['a time where a day is due', ['verify', '--folder', folder, '--since', 'today'], 'write a day'],
    ['no number of lines', ['tail', '--folder', folder, '-n', '0'], 'give a number from 1'],
  ])('answers %s with one sentence', async (_, args, expected) => {
    const { code, out, err } = await holdfast(['audit', ...args]);

    expect({ code, out }).toStrictEqual({ code: 2, out: '' });
    expect(err).toContain(expected);
    expect(err).not.toContain('    at ');
  });

  it.each([['tail'], ['search'], ['verify']])('helps with audit %s', async (name) => {
    expect(await audit(name, '--help')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/Usage: holdfast audit[^]*Examples:/),
    });
  });
});
