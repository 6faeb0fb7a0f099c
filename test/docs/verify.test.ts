/** docs/VERIFY.md is true: its scripts, run as a reader would run them, judge real records. */
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { recordCheckpoint } from '../../lib/app/checkpoint.ts';
import { FileAuditStore } from '../../lib/aws/file-audit-store.ts';
import { instantOf } from '../../lib/lock/instant.ts';
import { deed, locked, writerTo } from '../helpers/records.ts';

// The scripts start a few processes for every record.
jest.setTimeout(30_000);

const PAGE = readFileSync(resolve(import.meta.dirname, '../../docs/VERIFY.md'), 'utf8');
const scripts = Array.from(PAGE.matchAll(/^```sh (\S+)\n([^]*?)^```/gm), ([, name = '', text = '']) => ({
  name,
  text,
}));
const NOON = Date.parse('2026-11-20T12:00:00Z');

let bin: string;
let good: string;

/** Two writers over two days, keys with everything that a shell could stumble over, and a checkpoint. */
async function writeRecords(folder: string): Promise<void> {
  const store = new FileAuditStore(folder);
  const [a, b] = [writerTo(store, 'a'), writerTo(store, 'cli-root')];
  const keys = ['plain', 'a b\\n$(date) `x` "q" \'s\' %s', 'ü\u2028\u001b[2J', '-n', '*'];
  await Promise.all(keys.map(async (key) => a.append(locked('2026-11-19T23:59:59Z', key))));
  await b.append(deed('2026-11-20T10:00:00Z', { action: 'paused', detail: 'wrong tags' }));
  for (const key of keys) await a.append(locked('2026-11-20T11:00:00Z', key));
  let ids = 0;
  await recordCheckpoint((day) => store.names(day), {
    audit: writerTo(store, 'sweep'),
    clock: { now: () => instantOf(NOON), wait: async () => undefined },
    actor: 'sweep',
    newId: () => String((ids += 1)),
  });
}

function copyOfGood(): string {
  const copy = mkdtempSync(join(tmpdir(), 'holdfast-copy-'));
  cpSync(good, copy, { recursive: true });
  return copy;
}

/** The files of a writer, in the order of their numbers. */
function filesOf(folder: string, writer: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.includes(`/${writer}/`))
    .sort()
    .map((path) => join(folder, path));
}

function edit(file: string | undefined, how: (text: string) => string): void {
  if (file === undefined) throw new Error('there is no such batch');
  writeFileSync(file, gzipSync(how(gunzipSync(readFileSync(file)).toString())));
}

function run(name: string, ...args: string[]): { code: number | null; out: string } {
  const { status, stdout } = spawnSync('sh', [join(bin, name), ...args], { encoding: 'utf8' });
  return { code: status, out: stdout };
}

beforeAll(async () => {
  for (const tool of ['sh', 'zcat', 'jq', 'sha256sum']) {
    try {
      execFileSync('sh', ['-c', `command -v ${tool}`]);
    } catch {
      throw new Error(`${tool} is missing on this machine: install it, docs/VERIFY.md is checked with it`);
    }
  }
  bin = mkdtempSync(join(tmpdir(), 'holdfast-verify-'));
  for (const { name, text } of scripts) writeFileSync(join(bin, name), text);
  good = mkdtempSync(join(tmpdir(), 'holdfast-good-'));
  await writeRecords(good);
});

describe('docs/VERIFY.md', () => {
  it('has a script for a batch, a chain, all chains, and checkpoints, none longer than 25 lines', () => {
    expect(scripts.map(({ name }) => name)).toStrictEqual([
      'batch.sh',
      'chain.sh',
      'all.sh',
      'checkpoint.sh',
    ]);
    expect(scripts.filter(({ text }) => text.trimEnd().split('\n').length > 25)).toStrictEqual([]);
  });

  it('has no other code for a shell: what is not run here is shown with its prompt', () => {
    expect(PAGE.match(/^```sh$/gm)).toBeNull();
  });
});

describe('records as they were written', () => {
  it('pass batch by batch', () => {
    const results = filesOf(good, 'a-1').map((file) => run('batch.sh', file));

    expect(results).toStrictEqual(
      Array.from({ length: 6 }, () => ({ code: 0, out: 'the last record fits the name\n' })),
    );
  });

  it('pass chain by chain', () => {
    expect(run('chain.sh', good, 'a-1')).toStrictEqual({ code: 0, out: '10 records, chain whole\n' });
    expect(run('all.sh', good)).toStrictEqual({
      code: 0,
      out: 'a-1: 10 records, chain whole\ncli-root-1: 1 records, chain whole\nsweep-1: 1 records, chain whole\n',
    });
  });

  it('are all there that a checkpoint saw', () => {
    expect(run('checkpoint.sh', good)).toStrictEqual({
      code: 0,
      out: '2 ends of chains seen by checkpoints\n',
    });
  });
});

describe('what was done to records afterwards is found', () => {
  it('an edit in the middle of a batch, at the record after it', () => {
    const copy = copyOfGood();
    edit(filesOf(copy, 'a-1')[0], (text) => text.replace('2037', '2027'));

    expect(run('chain.sh', copy, 'a-1')).toStrictEqual({
      code: 1,
      out: 'broken at record 2: it does not follow on the record before it\n',
    });
    expect(run('all.sh', copy).code).toBe(1);
  });

  it('an edit of the last record of a batch, at its name', () => {
    const copy = copyOfGood();
    const last = filesOf(copy, 'a-1').at(-1);
    edit(last, (text) => text.replace('2037', '2027'));

    expect(run('chain.sh', copy, 'a-1')).toStrictEqual({
      code: 1,
      out: 'broken at record 10: it does not fit the name of its batch\n',
    });
    expect(run('batch.sh', last ?? '')).toStrictEqual({
      code: 1,
      out: 'the last record does not fit the name\n',
    });
  });

  it.each<[string, (files: string[]) => void, number]>([
    [
      'a batch that is gone',
      ([, , third = '']) => {
        rmSync(third);
      },
      7,
    ],
    [
      'a line that is no record',
      ([first]) => {
        edit(first, () => 'x\n');
      },
      1,
    ],
    [
      'records in another order',
      ([first]) => {
        edit(first, reversed);
      },
      1,
    ],
    [
      'a batch that cannot be unpacked',
      ([first = '']) => {
        writeFileSync(first, 'x');
      },
      1,
    ],
  ])('%s', (_, harm, at) => {
    const copy = copyOfGood();
    harm(filesOf(copy, 'a-1'));

    const { code, out } = run('chain.sh', copy, 'a-1');

    expect(code).toBe(1);
    expect(out).toContain(`broken at record ${at}: `);
  });

  it('an end that was cut off, by the checkpoint that saw it', () => {
    const copy = copyOfGood();
    rmSync(filesOf(copy, 'a-1').at(-1) ?? '');

    expect(run('chain.sh', copy, 'a-1').code).toBe(0);
    expect(run('checkpoint.sh', copy)).toStrictEqual({
      code: 1,
      out: 'gone or changed: record 10 of a-1\n2 ends of chains seen by checkpoints\n',
    });
  });

  it('a writer that is not there', () => {
    expect(run('chain.sh', good, 'nobody')).toStrictEqual({ code: 2, out: 'no records of nobody\n' });
  });
});

function reversed(text: string): string {
  return `${text.trimEnd().split('\n').reverse().join('\n')}\n`;
}
