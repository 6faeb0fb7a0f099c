import { type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyBatches } from '../../lib/audit/verify.ts';
import { FileAuditStore } from '../../lib/aws/file-audit-store.ts';
import { S3AuditStore } from '../../lib/aws/s3-audit-store.ts';
import { S3Documents } from '../../lib/aws/s3-documents.ts';
import { makeBucket } from '../helpers/bucket.ts';
import { holdfast, type Ran } from '../helpers/cli.ts';
import { type Embedded, startEmbedded } from '../helpers/embedded.ts';
import { allOf, makeAuditBucket } from '../helpers/records.ts';

// Each command is a process of its own, and most tests run several.
jest.setTimeout(30_000);

describe('the brake', () => {
  let embedded: Embedded;
  let client: S3Client;
  let config: string;
  let audit: string;

  beforeAll(async () => {
    embedded = await startEmbedded({ reader: ['s3:PutObject'] });
    client = embedded.clientFor();
  });
  afterAll(async () => {
    await embedded.close();
  });
  beforeEach(async () => {
    [config, audit] = await Promise.all([makeBucket(client, 'versioned'), makeAuditBucket(client)]);
  });

  const run = async (args: readonly string[], user = 'owner'): Promise<Ran> =>
    holdfast([...args, '--config', config, '--endpoint', embedded.s3.url], {
      AWS_ACCESS_KEY_ID: user,
      AWS_SECRET_ACCESS_KEY: 'secret',
    });
  const pause = async (reason: string, ...more: string[]): Promise<Ran> =>
    run(['pause', '--reason', reason, '--audit', audit, ...more]);
  const state = async (): Promise<unknown> => JSON.parse((await run(['pause', '--show', '--json'])).out);

  it('runs when nobody ever paused it', async () => {
    expect(await run(['pause', '--show'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('running: it was never paused'),
    });
    expect(await state()).toStrictEqual({ paused: false });
  });

  it('stops all locking, and says who, when and why', async () => {
    const { code, out } = await pause('wrong tags');

    expect(code).toBe(0);
    expect(out).toMatch(/paused since \S+Z by cli:\S+: wrong tags/);
    expect(out).toContain('What is locked stays locked.');
    expect(await state()).toMatchObject({
      paused: true,
      reason: 'wrong tags',
      by: expect.stringMatching(/^cli:/),
    });
  });

  it('goes on, and gives the hour its whole limit again', async () => {
    await pause('wrong tags');

    const { code, out } = await run(['resume', '--reason', 'mended', '--audit', audit]);

    expect(code).toBe(0);
    expect(out).toMatch(/running since .*: mended/);
    const hour = `breaker/${new Date().toISOString().slice(0, 13)}.json`;
    expect((await new S3Documents(client, config).get(hour))?.body).toBe('{"versions":0,"bytes":0}');
  });

  it('says of a resume that it was not paused', async () => {
    expect((await run(['resume', '--reason', 'to be sure', '--audit', audit])).out).toContain(
      'It was not paused.',
    );
  });

  it('records both deeds with their reasons, each by a writer of its own', async () => {
    await pause('wrong tags');
    await run(['resume', '--reason', 'mended', '--audit', audit]);

    const found = await allOf(new S3AuditStore({ client, bucket: audit }).read());
    const records = found.map(({ text = '' }) => JSON.parse(text) as { action: string; detail: string });
    expect(records.map(({ action, detail }) => [action, detail]).sort()).toStrictEqual([
      ['paused', 'wrong tags'],
      ['resumed', 'mended'],
    ]);
    expect(verifyBatches(found)).toMatchObject({ writers: 2, findings: [] });
  });

  it('records in a folder where there is no audit bucket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-audit-'));

    expect(await run(['pause', '--reason', 'no bucket here', '--audit-folder', folder])).toMatchObject({
      code: 0,
    });

    const [batch] = await allOf(new FileAuditStore(folder).read());
    expect(batch?.text).toContain('"action":"paused"');
  });

  it('shows the control characters of a reason, and does not obey them', async () => {
    const { out } = await pause('a\u001b[2Jb');

    expect(out).toContain('a\\u{1b}[2Jb');
    expect(out).not.toContain('\u001b');
  });

  it.each<[string, (audit: string) => string[], string, number, string]>([
    ['a pause without a reason', () => ['pause', '--audit', 'a'], 'owner', 2, 'say why with --reason'],
    [
      'an empty reason',
      () => ['resume', '--reason', ' ', '--audit', 'a'],
      'owner',
      2,
      'say why with --reason',
    ],
    [
      'a novel',
      () => ['pause', '--reason', 'x'.repeat(1_025), '--audit', 'a'],
      'owner',
      2,
      'longer than 1024',
    ],
    [
      'no place for the record',
      () => ['pause', '--reason', 'x'],
      'owner',
      2,
      'nothing is done without a record',
    ],
    [
      'two places for the record',
      () => ['pause', '--reason', 'x', '--audit', 'a', '--audit-folder', 'b'],
      'owner',
      2,
      'not both',
    ],
    ['who may not write', (name) => ['pause', '--reason', 'x', '--audit', name], 'reader', 4, 's3:PutObject'],
  ])('answers %s with one sentence, and changes nothing', async (_, args, user, expectedCode, expected) => {
    const { code, out, err } = await run(args(audit), user);

    expect({ code, out }).toStrictEqual({ code: expectedCode, out: '' });
    expect(err).toContain(expected);
    expect(err).not.toContain('    at ');
    expect(await state()).toStrictEqual({ paused: false });
  });

  it.each([['pause'], ['resume']])('helps with %s', async (name) => {
    expect(await run([name, '--help'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/Usage: holdfast[^]*Examples:/),
    });
  });
});
