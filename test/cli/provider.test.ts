/** A store that is not quite S3: commands follow its capability record, and its clock. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { GetObjectRetentionCommand } from '@aws-sdk/client-s3';
import { type Server } from 'node:http';
import { formatProvider } from '../../lib/providers/record.ts';
import { providerNamed } from '../../lib/providers/index.ts';
import { makeBucket, upload } from '../helpers/bucket.ts';
import { fileOf, holdfast, type Ran } from '../helpers/cli.ts';
import { type Embedded, startEmbedded } from '../helpers/embedded.ts';
import { proxyTo } from '../helpers/proxy.ts';

jest.setTimeout(30_000);

const ENV = { AWS_ACCESS_KEY_ID: 'owner', AWS_SECRET_ACCESS_KEY: 'secret' };

describe('a command on a store that is not quite S3', () => {
  let embedded: Embedded;
  let between: { url: string; server: Server };
  let calls: { method: string; md5: boolean }[] = [];
  let ahead = 0;

  beforeAll(async () => {
    embedded = await startEmbedded();
    between = await proxyTo(
      embedded.s3.port,
      async (method, _, headers) => {
        calls.push({ method, md5: headers['content-md5'] !== undefined });
      },
      () => ({ date: new Date(Date.now() + ahead * 1_000).toUTCString() }),
    );
  });
  beforeEach(() => {
    calls = [];
    ahead = 0;
  });
  afterAll(async () => {
    between.server.close();
    await embedded.close();
  });

  const lock = async (address: string, ...more: readonly string[]): Promise<Ran> =>
    holdfast(
      [
        'lock',
        address,
        '--mode',
        'GOVERNANCE',
        '--endpoint',
        between.url,
        '--audit-folder',
        'records',
        ...more,
      ],
      ENV,
    );
  const oneObject = async (): Promise<{ address: string; bucket: string }> => {
    const client = embedded.clientFor();
    const bucket = await makeBucket(client);
    await upload(client, bucket, 'k');
    return { address: `s3://${bucket}/k`, bucket };
  };

  it('sends Content-MD5 where the record says that the store wants it', async () => {
    const { address } = await oneObject();

    const { code } = await lock(address, '--for', '1d', '--provider', 'minio');

    expect(code).toBe(0);
    expect(calls.filter(({ method }) => method === 'PUT')).toStrictEqual([{ method: 'PUT', md5: true }]);
  });

  it('refuses a date that the store would keep wrongly, before any request', async () => {
    const record = fileOf('store.json', formatProvider({ ...providerNamed('ceph-rgw'), name: 'cellar' }));

    const { code, err } = await lock('s3://b/k', '--until', '2110-01-01', '--provider', record);

    expect(code).toBe(2);
    expect(err).toContain('later than any date that the store (cellar) keeps as written');
    expect(err).toContain('name a day before 2106-02-07T06:28:15Z');
    expect(calls).toStrictEqual([]);
  });

  it("refuses what is longer than the record's maximum, before any request", async () => {
    const record = fileOf('store.json', formatProvider({ ...providerNamed('generic'), maximum: 'P5Y' }));

    const { code, err } = await lock('s3://b/k', '--for', '6y', '--provider', record);

    expect({ code, calls }).toStrictEqual({ code: 2, calls: [] });
    expect(err).toContain('beyond the cap of P5Y');
  });

  it('refuses a default that would end on such a date: its uploads would be born unlocked', async () => {
    const record = fileOf('store.json', formatProvider({ ...providerNamed('ceph-rgw'), name: 'cellar' }));
    const rule = ['--mode', 'GOVERNANCE', '--years', '90', '--audit-folder', 'records'];

    const { code, err } = await holdfast(
      ['bucket', 'default', 'acme', ...rule, '--endpoint', between.url, '--provider', record],
      ENV,
    );

    expect({ code, calls }).toStrictEqual({ code: 2, calls: [] });
    expect(err).toContain('later than any date that the store (cellar) keeps as written');
  });

  it('prints no headers with such a date', async () => {
    const policy = fileOf(
      'p.yaml',
      'version: 1\nrules: [{ name: r, lock: { mode: GOVERNANCE, for: P90Y } }]\n',
    );

    const ran = await holdfast(
      ['headers', '--policy', policy, '--bucket', 'b', '--key', 'k', '--provider', 'ceph-rgw'],
      ENV,
    );

    expect(ran).toMatchObject({ code: 2, out: '', err: expect.stringContaining('ceph-rgw') });
  });

  it.each([
    ['is not there', 'nowhere/store.json', 'there is no such file'],
    ['is none', fileOf('store.json', '{}'), 'is not a capability record'],
  ])('refuses a record that %s', async (_, path, words) => {
    expect(await lock('s3://b/k', '--for', '1d', '--provider', path)).toMatchObject({
      code: 2,
      err: expect.stringContaining(words),
    });
  });

  it.each([-120, 120])(
    'computes no date where the store is %i seconds ahead, and writes nothing',
    async (by) => {
      const { address, bucket } = await oneObject();
      ahead = by;

      const { code, err } = await lock(address, '--for', '1d');

      expect(code).toBe(2);
      expect(err).toMatch(/the clock of this machine is 1[12]\d seconds (behind|ahead of) the store's/);
      await expect(
        embedded.clientFor().send(new GetObjectRetentionCommand({ Bucket: bucket, Key: 'k' })),
      ).rejects.toMatchObject({ name: 'NoSuchObjectLockConfiguration' });
    },
  );
});
