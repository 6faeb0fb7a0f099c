/** Every `holdfast` line of the page runs as it stands there, on buckets of its own. */
import { type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeBucket, upload } from '../helpers/bucket.ts';
import { fileOf, holdfast } from '../helpers/cli.ts';
import { type Embedded, startEmbedded } from '../helpers/embedded.ts';

jest.setTimeout(30_000);

const PAGE = readFileSync(resolve(import.meta.dirname, '../../docs/FROM-AWS-CLI.md'), 'utf8');
const ROWS = Array.from(
  PAGE.matchAll(/^\| (.*?[^\\]) \| (.*?[^\\]) \| ?(.*?) ?\|$/gm),
  ([, theirs = '', ours = '']) => ({ theirs: theirs.replaceAll('\\|', '|'), ours }),
).filter(({ ours }) => ours !== 'holdfast');
const LINES = ROWS.flatMap(({ theirs, ours }) => {
  const line = /^`(holdfast [^…]*)`$/.exec(ours)?.[1];
  return line === undefined ? [] : [{ line, theirs }];
});

const PLACEHOLDER = /\b(BUCKET|NEW|PLAIN|LOCKED|KEY|PREFIX|ID|DAY|FOLDER|FILE|POLICY)\b/g;

/** What the guides do, one of each kind. */
const COMMANDS = [
  'aws s3api put-object-retention',
  'aws s3api get-object-retention',
  'aws s3api put-object-legal-hold',
  'aws s3api get-object-legal-hold',
  'aws s3api list-object-versions',
  'aws s3api head-object',
  'aws s3api put-object',
  'aws s3api delete-object',
  'aws s3api create-bucket',
  'aws s3api put-object-lock-configuration',
  'aws s3api get-object-lock-configuration',
  'aws s3api put-bucket-versioning',
  'aws s3api get-bucket-versioning',
  'mc mb',
  'mc stat',
  'mc retention set',
  'mc retention set --default',
  'mc retention set --bypass',
  'mc retention info',
  'mc retention info --default',
  'mc retention clear',
  'mc retention clear --default',
  'mc legalhold set',
  'mc legalhold info',
  'mc legalhold clear',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-legal-hold',
  'x-amz-tagging',
];

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

  it.each(COMMANDS)('has a row for %s', (command) => {
    expect(ROWS.some(({ theirs }) => new RegExp(`\`${command}(?![a-z-])`).test(theirs))).toBe(true);
  });

  it('has a line of ours or a reason in every row', () => {
    expect(ROWS.length).toBeGreaterThan(50);
    expect(LINES.length).toBeGreaterThan(40);
    expect(ROWS.filter(({ ours }) => !/^(`holdfast [^`]+`$|not here)/.test(ours))).toStrictEqual([]);
  });

  it.each(LINES)('$line', async ({ line, theirs }) => {
    const bucket = await makeBucket(client);
    const { versionId } = await upload(client, bucket, 'invoices/1001.pdf');
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-records-'));
    const filled: Readonly<Record<string, string | (() => Promise<string>)>> = {
      BUCKET: bucket,
      NEW: `n-${randomBytes(6).toString('hex')}`,
      PLAIN: async () => makeBucket(client, 'plain'),
      LOCKED: async () => {
        const name = await makeBucket(client);
        await run([
          'bucket',
          'default',
          name,
          '--mode',
          'GOVERNANCE',
          '--days',
          '30',
          '--audit-folder',
          folder,
        ]);
        return name;
      },
      KEY: 'invoices/1001.pdf',
      PREFIX: 'invoices/',
      ID: versionId,
      DAY: new Date(Date.now() + 86_400_000).toISOString().slice(0, 10),
      FOLDER: folder,
      // Header lines are what the row itself shows.
      FILE: fileOf('headers.txt', Array.from(theirs.matchAll(/`([^`]+)`/g), ([, text]) => text).join('\n')),
      POLICY: fileOf(
        'policy.yaml',
        'version: 1\nrules: [{ name: r, lock: { mode: GOVERNANCE, for: P1Y } }]\n',
      ),
    };
    const values = new Map<string, string>();
    for (const [name] of line.matchAll(PLACEHOLDER)) {
      const value = filled[name];
      if (value !== undefined) values.set(name, typeof value === 'function' ? await value() : value);
    }
    const words = line
      .split(' ')
      .slice(1)
      .map((word) => word.replaceAll(PLACEHOLDER, (name) => values.get(name) ?? name));

    const { code, out } = await run(words);

    expect({ code, line }).toStrictEqual({ code: 0, line });
    if (/^holdfast (lock|hold|status|ls) /.test(line)) expect(out).toContain(versionId);
    if (line.startsWith('holdfast bucket')) expect(out).toContain(words[2] ?? '');
  });

  const run = async (args: readonly string[]): ReturnType<typeof holdfast> => {
    const isOffline = args[0] === 'headers';
    return holdfast([...args, ...(isOffline ? [] : ['--endpoint', embedded.s3.url])], {
      AWS_ACCESS_KEY_ID: 'owner',
      AWS_SECRET_ACCESS_KEY: 'secret',
    });
  };
});
