import { describe, expect, it } from '@jest/globals';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { holdfast } from '../helpers/cli.ts';

describe('npm start -- --once', () => {
  it('plays every act, and all goes as it must', async () => {
    const { code, out } = await holdfast(['tour', '--once', '--json']);

    expect(code).toBe(0);
    const { acts, ok } = JSON.parse(out) as {
      acts: { name: string; rows: { ok: boolean }[]; ok: boolean }[];
      ok: boolean;
    };
    expect(ok).toBe(true);
    expect(acts.map(({ name, rows }) => [name, rows.length])).toStrictEqual([
      ['uploaded, and locked', 8],
      ['locked, and nobody can undo it', 8],
      ['whatever happens, it ends with a record', 7],
      ['uploaded before Holdfast came, planned and locked in bulk', 10],
      ['one hold bit, two legal cases, two people', 10],
      ['the records, checked as an auditor would', 1],
    ]);
    expect(acts.flatMap(({ rows }) => rows).every((row) => row.ok)).toBe(true);
  }, 180_000);

  it.each([
    ['delete', 'delete the locked version'],
    ['shorten', 'shorten its lock by a minute'],
    ['forget', 'upload'],
  ])(
    'on a store that lies about "%s", ends non-zero and names the first lie',
    async (lie, named) => {
      const env = { HOLDFAST_TEST_LIES: lie };

      const { code, out } = await holdfast(['tour', '--once', '--json'], env);

      expect(code).toBe(7);
      const { ok, firstFailure } = JSON.parse(out) as {
        ok: boolean;
        firstFailure: { row: { tried?: string; did?: string } };
      };
      expect({ ok, named: firstFailure.row.tried ?? firstFailure.row.did }).toStrictEqual({
        ok: false,
        named,
      });
    },
    60_000,
  );

  it('asks for credentials before it plays on an outside store', async () => {
    expect(await holdfast(['tour', '--once', '--store', 'http://127.0.0.1:9'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('set AWS_ACCESS_KEY_ID'),
    });
  });

  it('ends with one sentence when the outside store is not there', async () => {
    const env = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };

    const { code, err } = await holdfast(['tour', '--once', '--store', 'http://127.0.0.1:9'], env);

    expect(code).toBe(5);
    expect(err).toContain('127.0.0.1:9');
    expect(err).not.toContain('    at ');
  }, 180_000);
});

describe('holdfast local', () => {
  it('locks what is uploaded, shows it as one line, keeps its record, and stops at Ctrl-C', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'holdfast-local-'));
    const child = spawn(process.execPath, [resolve('cli/main.ts'), 'local', '--port', '0'], {
      cwd,
      env: { PATH: process.env.PATH ?? '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise<number | null>((done) => child.on('close', done));
    let out = '';
    const printed = async (pattern: RegExp): Promise<RegExpExecArray> =>
      new Promise((found) => {
        const look = (): void => {
          const match = pattern.exec(out);
          if (match === null) return;
          child.stdout.off('data', look);
          found(match);
        };
        child.stdout.on('data', look);
        look();
      });
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    const [, endpoint = ''] = await printed(/local cloud on (http:\S+) /);
    const credentials = { accessKeyId: 'holdfast', secretAccessKey: 'holdfast-secret' };
    const client = new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true });

    await client.send(new PutObjectCommand({ Bucket: 'demo', Key: 'invoices/1.pdf', Body: 'x' }));

    const [line] = await printed(/✔ .*demo\/invoices\/1\.pdf {2}locked {2}COMPLIANCE until .* by invoices/);
    expect(line).toBeDefined();
    const records = readFileSync(join(cwd, '.holdfast/records.ndjson'), 'utf8').trim().split('\n');
    expect(records.map((record) => (JSON.parse(record) as { phase: string }).phase)).toStrictEqual([
      'intent',
      'outcome',
    ]);
    client.destroy();
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  }, 180_000);

  it.each([
    [['--port', '70000'], 'give a number from 0 to 65535'],
    [['--policy', '/no/such.yaml'], 'cannot be read'],
  ])('answers %j with one sentence', async (args, expected) => {
    const { code, err } = await holdfast(['local', ...args]);

    expect(code).toBe(2);
    expect(err).toContain(expected);
  });
});
