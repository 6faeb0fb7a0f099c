import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { makeBucket } from '../helpers/bucket.ts';
import { fileOf, holdfast, type Ran } from '../helpers/cli.ts';
import { type Embedded, startEmbedded } from '../helpers/embedded.ts';

jest.setTimeout(30_000);

const ENV = { AWS_ACCESS_KEY_ID: 'owner', AWS_SECRET_ACCESS_KEY: 'secret' };
const POLICY = fileOf(
  'policy.yaml',
  'version: 1\nrules: [{ name: r, lock: { mode: COMPLIANCE, for: P1Y } }]\n',
);

const ELSEWHERE = fileOf(
  'elsewhere.yaml',
  'version: 1\nrules: [{ name: r, match: { prefix: invoices/ }, lock: { mode: COMPLIANCE, for: P1Y } }]\n',
);

describe('holdfast doctor --bucket', () => {
  let embedded: Embedded;
  beforeAll(async () => {
    embedded = await startEmbedded({ careful: ['s3:DeleteObjectVersion'] });
  });
  afterAll(async () => embedded.close());

  const doctor = async (args: readonly string[], env = ENV): Promise<Ran> =>
    holdfast(['doctor', '--endpoint', embedded.s3.url, ...args], env);

  it('shows one table, with what puts each row right', async () => {
    const bucket = await makeBucket(embedded.clientFor(), 'plain');

    const { code, out } = await doctor(['--bucket', bucket]);

    expect(code).toBe(7);
    for (const id of ['reachable', 'clock-store', 'versioning', 'object-lock', 'lifecycle', 's3:GetObject'])
      expect(out).toMatch(new RegExp(`^(ok|failing) +${id} `, 'm'));
    expect(out).toMatch(/^failing +object-lock .*\n +→ holdfast bucket enable /m);
    expect(out).toContain('Something fails: each row above says what puts it right.');
  });

  it('what it says to type puts it right', async () => {
    const bucket = await makeBucket(embedded.clientFor(), 'plain');
    const commands = async (): Promise<string[]> => {
      const { out } = await doctor(['--bucket', bucket, '--policy', POLICY]);
      return Array.from(out.matchAll(/→ holdfast (bucket .*)$/gm), ([, words = '']) => words);
    };
    const typed: string[] = [];

    // Versioning, Object Lock, then what only a bucket that has both can get.
    for (let round = 0; round < 4; round += 1) {
      for (const words of await commands()) {
        if (typed.includes(words)) continue;
        typed.push(words);
        const args = words.replace('BUCKET', bucket).split(' ');
        expect({ words, ran: await holdfast(args, ENV) }).toMatchObject({ ran: { code: 0 } });
      }
    }

    const { code, out } = await doctor(['--bucket', bucket, '--policy', POLICY, '--json']);
    const { checks } = JSON.parse(out) as { checks: { id: string; ok: boolean; warning?: true }[] };
    expect(code).toBe(0);
    expect(checks.filter(({ ok, warning }) => !ok || warning === true).map(({ id }) => id)).toStrictEqual([
      's3:DeleteObjectVersion',
    ]);
  });

  it('has nothing to say of a bucket that is right, for credentials that are', async () => {
    const bucket = await makeBucket(embedded.clientFor());
    const setUp = ['default', bucket, '--mode', 'GOVERNANCE', '--days', '30', '--audit-folder', 'records'];
    await holdfast(['bucket', ...setUp, '--endpoint', embedded.s3.url], ENV);

    const { code, out } = await doctor(['--bucket', bucket, '--for', 'portworx'], {
      ...ENV,
      AWS_ACCESS_KEY_ID: 'careful',
    });

    expect(code).toBe(0);
    expect(out).not.toMatch(/^failing/m);
    expect(out).toMatch(/^ok +s3:DeleteObjectVersion /m);
  });

  it.each<[string, readonly string[], readonly string[], string]>([
    ['no rules were named', [], [], 'name the rules that are in force with --policy'],
    ['a rule covers it', ['--policy', POLICY], [], 'the rule r covers scratch/holdfast-probe-'],
    [
      'the default is longer than a day',
      ['--policy', ELSEWHERE],
      ['--mode', 'GOVERNANCE', '--days', '2'],
      'would lock what the probe writes',
    ],
  ])('does not probe under a prefix where %s', async (_, args, rule, words) => {
    const bucket = await makeBucket(embedded.clientFor());
    if (rule.length > 0)
      await holdfast(
        ['bucket', 'default', bucket, ...rule, '--audit-folder', 'r', '--endpoint', embedded.s3.url],
        ENV,
      );

    const place = ['--bucket', bucket, '--prefix', 'scratch/', '--audit-folder', 'records'];
    const { code, err } = await doctor(['--probe', ...place, ...args]);

    expect(code).toBe(2);
    expect(err).toContain(words);
    const { Versions = [] } = await embedded
      .clientFor()
      .send(new ListObjectVersionsCommand({ Bucket: bucket }));
    expect(Versions).toStrictEqual([]);
  });

  it('probes under a prefix that no rule covers, and leaves nothing there', async () => {
    const bucket = await makeBucket(embedded.clientFor());
    const place = ['--bucket', bucket, '--prefix', 'scratch/', '--audit-folder', 'records'];
    const args = ['--probe', ...place, '--policy', ELSEWHERE, '--json'];

    const { code, out } = await doctor(args);

    expect({ code, found: JSON.parse(out) as unknown }).toMatchObject({
      code: 0,
      found: {
        enforces: true,
        exceptions: [],
        left: [],
        record: expect.stringContaining('.holdfast/stores/'),
      },
    });
  });

  it('prints one JSON document', async () => {
    const bucket = await makeBucket(embedded.clientFor());

    const { code, out, err } = await doctor(['--bucket', bucket, '--for', 'kopia', '--json']);

    expect({ code, err }).toStrictEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toMatchObject({
      bucket,
      for: 'kopia',
      checks: expect.arrayContaining([
        {
          id: 'default-rule',
          expected: expect.any(String),
          seen: 'none, as it should be',
          ok: true,
          tried: true,
        },
      ]),
    });
  });

  it.each<[string, readonly string[], string]>([
    ['a tool that nobody knows', ['--bucket', 'acme', '--for', 'duplicati'], 'name one of portworx'],
    ['a tool without a bucket', ['--for', 'kopia'], 'name it with --bucket'],
    ['a prefix without the probe', ['--bucket', 'acme', '--prefix', 'p/'], 'give --probe as well'],
    ['rules without a bucket', ['--policy', POLICY], 'name it with --bucket'],
    ['a directory bucket', ['--bucket', 'a--use1-az1--x-s3'], 'is a directory bucket'],
    [
      'Outposts',
      ['--bucket', 'arn:aws:s3-outposts:eu-west-1:123456789012:outpost/o/bucket/b'],
      'on Outposts',
    ],
    [
      'an access point',
      ['--bucket', 'arn:aws:s3:eu-west-1:123456789012:accesspoint/ap'],
      'name the bucket behind it',
    ],
    ['a bucket that is not there', ['--bucket', 'no-such-bucket'], 'there is no bucket no-such-bucket'],
  ])('of %s says so in one sentence', async (_, args, words) => {
    const { code, out, err } = await doctor(args);

    expect({ code, out }).toStrictEqual({ code: 2, out: '' });
    expect(err).toContain(words);
    expect(err.trim().split('\n')).toHaveLength(1);
  });
});
