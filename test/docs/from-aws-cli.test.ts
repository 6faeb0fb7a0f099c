/** Every `holdfast` line of the page runs as it stands there, on a bucket of its own. */
import { type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeBucket, upload } from '../helpers/bucket.ts';
import { holdfast } from '../helpers/cli.ts';
import { type Embedded, startEmbedded } from '../helpers/embedded.ts';

jest.setTimeout(30_000);

const PAGE = readFileSync(resolve(import.meta.dirname, '../../docs/FROM-AWS-CLI.md'), 'utf8');
const ROWS = Array.from(
  PAGE.matchAll(/^\| (.*?[^\\]) \| (.*?[^\\]) \| (.*) \|$/gm),
  ([, theirs = '', ours = '', difference = '']) => ({ theirs, ours, difference }),
).filter(({ ours }) => ours !== 'holdfast');
const LINES = ROWS.flatMap(({ ours }) => /^`(holdfast [^…]*)`$/.exec(ours)?.[1] ?? []);

describe('docs/FROM-AWS-CLI.md', () => {
  let embedded: Embedded;
  let client: S3Client;

  beforeAll(async () => {
    embedded = await startEmbedded();
    client = embedded.clientFor();
  });
  afterAll(async () => {
    await embedded.close();
  });

  it.each([
    'put-object-retention',
    'get-object-retention',
    'put-object-legal-hold',
    'get-object-legal-hold',
    'list-object-versions',
    'head-object',
    'delete-object',
    'put-object-lock-configuration',
  ])('has a row for %s', (operation) => {
    expect(ROWS.some(({ theirs }) => new RegExp(`aws s3api ${operation}\\b`).test(theirs))).toBe(true);
  });

  it('has a line of ours or a reason in every row', () => {
    expect(ROWS.length).toBeGreaterThan(10);
    expect(LINES.length).toBeGreaterThan(7);
    expect(ROWS.filter(({ ours }) => !/^(`holdfast [^`]+`$|not here)/.test(ours))).toStrictEqual([]);
    expect(ROWS.filter(({ difference }) => difference.trim() === '')).toStrictEqual([]);
  });

  it.each(LINES)('$ %s', async (line) => {
    const bucket = await makeBucket(client);
    const { versionId } = await upload(client, bucket, 'invoices/1001.pdf');
    const filled: Readonly<Record<string, string>> = {
      BUCKET: bucket,
      KEY: 'invoices/1001.pdf',
      PREFIX: 'invoices/',
      ID: versionId,
      DAY: new Date(Date.now() + 86_400_000).toISOString().slice(0, 10),
      FOLDER: mkdtempSync(join(tmpdir(), 'holdfast-records-')),
    };
    const args = line
      .split(' ')
      .slice(1)
      .map((word) =>
        word.replaceAll(/\b(BUCKET|KEY|PREFIX|ID|DAY|FOLDER)\b/g, (name) => filled[name] ?? name),
      );

    const { code, out } = await holdfast([...args, '--endpoint', embedded.s3.url], {
      AWS_ACCESS_KEY_ID: 'owner',
      AWS_SECRET_ACCESS_KEY: 'secret',
    });

    expect({ code, line }).toStrictEqual({ code: 0, line });
    expect(out).toContain(versionId);
  });
});
