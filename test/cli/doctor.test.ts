import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fileOf, holdfast, type Ran } from '../helpers/cli.ts';
import { type Embedded, startEmbedded } from '../helpers/embedded.ts';

const OWNER = { AWS_ACCESS_KEY_ID: 'owner', AWS_SECRET_ACCESS_KEY: 'secret' };
const WEAK = {
  HOLDFAST_PROBE_UNPRIVILEGED_ACCESS_KEY_ID: 'weak',
  HOLDFAST_PROBE_UNPRIVILEGED_SECRET_ACCESS_KEY: 'secret',
};

interface Report {
  readonly enforces: boolean;
  readonly verdict: string;
  readonly exceptions: readonly string[];
  readonly checks: readonly { id: string; expected: string; seen: string; ok: boolean; tried: boolean }[];
  readonly record: string;
  readonly left: readonly { bucket: string; key?: string; until?: string }[];
}

const reportOf = ({ out }: Ran): Report => JSON.parse(out) as Report;

describe('holdfast doctor', () => {
  let embedded: Embedded;
  let liar: Embedded;

  beforeAll(async () => {
    liar = await startEmbedded({}, { lies: ['delete'] });
    embedded = await startEmbedded({
      weak: ['s3:BypassGovernanceRetention', 's3:PutObjectLegalHold'],
      poor: ['s3:CreateBucket'],
      listless: ['s3:ListAllMyBuckets'],
    });
  });
  afterAll(async () => Promise.all([embedded.close(), liar.close()]));

  const runs = new Map<string, Promise<Ran>>();
  const probed = async (name: 'table' | 'json' | 'kept' | 'lying'): Promise<Ran> => {
    if (runs.size === 0) {
      const env = { ...OWNER, ...WEAK };
      runs.set('table', doctor(['--probe'], env));
      runs.set('json', doctor(['--probe', '--json'], env));
      runs.set('kept', doctor(['--probe', '--keep'], env));
      const lying = ['doctor', '--probe', '--json', '--endpoint', liar.s3.url];
      runs.set('lying', holdfast(lying, OWNER));
    }
    const ran = runs.get(name);
    if (ran === undefined) throw new Error(name);
    return ran;
  };

  const doctor = async (args: readonly string[] = [], env: Readonly<Record<string, string>> = OWNER) =>
    holdfast(['doctor', '--endpoint', embedded.s3.url, ...args], env);

  const buckets = async (): Promise<readonly (string | undefined)[]> => {
    const { Buckets = [] } = await embedded.clientFor().send(new ListBucketsCommand({}));
    return Buckets.map(({ Name }) => Name);
  };

  it('without --probe looks at the way to the store, writes nothing, and says what the probe adds', async () => {
    const before = await buckets();

    const { code, out } = await doctor();

    expect(code).toBe(0);
    for (const id of ['reachable', 'clock-store', 'clock-signature', 'credentials'])
      expect(out).toMatch(new RegExp(`^ok +${id} `, 'm'));
    expect(out).toContain('holdfast doctor --probe also tries');
    expect(await buckets()).toStrictEqual(before);
  });

  it('is content with credentials that may not list buckets, and warns', async () => {
    const ran = await doctor(['--json'], { ...OWNER, AWS_ACCESS_KEY_ID: 'listless' });

    expect(ran.code).toBe(0);
    expect(reportOf(ran).checks).toContainEqual(
      expect.objectContaining({ id: 'credentials', ok: true, warning: true }),
    );
  });

  // Side by side: each waits some seconds for its locks to end.
  describe.each(['table', 'json'])('--probe, as %s', (form) => {
    let ran: Ran;
    beforeAll(async () => {
      ran = await probed(form === 'json' ? 'json' : 'table');
    }, 60_000);

    it('says that the embedded store enforces, and what stays', async () => {
      expect(ran.code).toBe(0);
      if (form === 'table') {
        expect(ran.out).toContain('This store enforces Object Lock.');
        expect(ran.out).toMatch(/What stays in the scratch bucket holdfast-probe-[0-9a-f]{16}:/);
        expect(ran.err).toMatch(/ok +delete$/m);
        return;
      }
      const { enforces, verdict, checks, exceptions, left } = reportOf(ran);
      expect({ enforces, verdict, exceptions }).toStrictEqual({
        enforces: true,
        verdict: 'this store enforces Object Lock',
        exceptions: [],
      });
      expect(checks.every(({ ok, tried }) => ok && tried)).toBe(true);
      expect(left.map(({ key }) => key)).toStrictEqual(['default', 'default-hold', 'far-date']);
      expect(ran.err).toBe('');
      expect(reportOf(ran).record).toMatch(/^\.holdfast\/stores\/127\.0\.0\.1_\d+\.json$/);
    });

    it('leaves a bucket that --clean does not force', async () => {
      const [bucket = ''] = /holdfast-probe-[0-9a-f]{16}/.exec(ran.out) ?? [];

      const cleaned = await doctor(['--clean', bucket, '--json']);

      expect(cleaned.code).toBe(3);
      expect(reportOf(cleaned).left).toHaveLength(3);
    });
  });

  it('keeps all of it where asked to, and says so', async () => {
    const { code, out } = await probed('kept');

    expect(code).toBe(0);
    expect(out).toMatch(/^ {2}retention version .*: GOVERNANCE until /m);
    expect(out).toMatch(/^ {2}tags version .*: no retention$/m);
  }, 60_000);

  it('ends with 7 on a store that lets locked objects be deleted, and leaves nothing there', async () => {
    const ran = await probed('lying');

    expect(ran.code).toBe(7);
    const { enforces, verdict, left, exceptions } = reportOf(ran);
    expect({ enforces, left }).toStrictEqual({ enforces: false, left: [] });
    expect(verdict).toContain('this store accepted a lock and let the object be deleted');
    expect(exceptions).toContain('delete');
  }, 60_000);

  it.each<[string, readonly string[], Readonly<Record<string, string>>, number, string]>([
    ['an unknown user', [], { ...OWNER, AWS_ACCESS_KEY_ID: 'nobody' }, 4, 'InvalidAccessKeyId'],
    ['no credentials', [], { AWS_EC2_METADATA_DISABLED: 'true' }, 2, 'there are no credentials'],
    ['nobody there', ['--endpoint', 'http://127.0.0.1:9'], OWNER, 5, 'check the endpoint'],
    ['R2', ['--endpoint', 'https://1.r2.cloudflarestorage.com'], OWNER, 2, 'Cloudflare R2'],
    ['no address', ['--endpoint', 'nonsense'], OWNER, 2, '--endpoint cannot be'],
    ['an unknown kind of store', ['--provider', 'r2'], OWNER, 2, 'name one of aws'],
    ['a bucket of somebody', ['--clean', 'acme-docs'], OWNER, 2, 'not a scratch bucket'],
    [
      'a scratch bucket that is gone',
      ['--clean', `holdfast-probe-${'0'.repeat(16)}`],
      OWNER,
      2,
      'is not there',
    ],
    ['no right to make a bucket', ['--probe'], { ...OWNER, AWS_ACCESS_KEY_ID: 'poor' }, 4, 's3:CreateBucket'],
    [
      'half a key',
      ['--probe'],
      { ...OWNER, HOLDFAST_PROBE_UNPRIVILEGED_ACCESS_KEY_ID: 'weak' },
      2,
      'only one of',
    ],
    [
      'the same user twice',
      ['--probe'],
      { ...OWNER, ...WEAK, HOLDFAST_PROBE_UNPRIVILEGED_ACCESS_KEY_ID: 'owner' },
      2,
      'are the ones that run the probe',
    ],
    [
      'a profile that is not there',
      ['--probe', '--unprivileged-profile', 'ghost'],
      {
        ...OWNER,
        AWS_SHARED_CREDENTIALS_FILE: fileOf('credentials', ''),
        AWS_CONFIG_FILE: fileOf('config', ''),
      },
      2,
      'the profile "ghost" gives no credentials',
    ],
  ])('answers %s with one sentence', async (_, args, env, expectedCode, expected) => {
    const before = await buckets();

    const { code, err } = await doctor(args, env);

    expect(code).toBe(expectedCode);
    expect(err).toContain(expected);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(await buckets()).toStrictEqual(before);
  });

  it.each([['doctor'], ['bucket', 'show', 'acme'], ['ls', 's3://acme/']])(
    'a web server is not taken for a store: %s %s',
    async (...args) => {
      const server = createServer((_, response) => {
        response.setHeader('Content-Type', 'text/html; charset=utf-8');
        response.end('<!DOCTYPE html><html><body>It works!</body></html>');
      });
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      const { port } = server.address() as AddressInfo;

      const { code, err } = await holdfast([...args, '--endpoint', `http://127.0.0.1:${port}`], OWNER);

      server.close();
      expect(code).toBe(5);
      expect(err).toContain('no S3 store: it sent a web page');
      expect(err.trim().split('\n')).toHaveLength(1);
    },
  );

  it.each([
    ['--keep', ['--keep'], 'give --probe as well'],
    ['--record', ['--record', 'r.json'], 'give --probe as well'],
    ['--clean', ['--probe', '--clean', 'holdfast-probe-0123456789abcdef'], 'give one of them'],
  ])('does not silently leave out %s', async (_, args, words) => {
    expect(await doctor(args)).toMatchObject({ code: 2, err: expect.stringContaining(words) });
  });

  it('does not go on with unprivileged credentials that the store does not know', async () => {
    const ran = await doctor(['--probe'], {
      ...OWNER,
      ...WEAK,
      HOLDFAST_PROBE_UNPRIVILEGED_SECRET_ACCESS_KEY: 'x',
    });

    expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('SignatureDoesNotMatch') });
  });

  describe('where the clocks differ', () => {
    let server: Server;
    let url: string;
    let [ahead, isSkewed] = [0, false];

    beforeAll(async () => {
      server = createServer((_, response) => {
        response.setHeader('Date', new Date(Date.now() + ahead * 1_000).toUTCString());
        response.statusCode = isSkewed ? 403 : 200;
        response.end(
          isSkewed
            ? '<Error><Code>RequestTimeTooSkewed</Code></Error>'
            : '<ListAllMyBucketsResult></ListAllMyBucketsResult>',
        );
      });
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterAll(() => {
      server.close();
    });

    it.each([
      [50, false, 0, 'ok +clock-store'],
      [90, false, 7, 'failing +clock-store'],
      [1_200, false, 7, 'failing +clock-store'],
      [1_200, true, 7, 'failing +clock-signature'],
    ])('by %i s (refused: %s), ends with %i', async (seconds, refused, expectedCode, row) => {
      [ahead, isSkewed] = [seconds, refused];

      const { code, out } = await holdfast(['doctor', '--endpoint', url], OWNER);

      expect(code).toBe(expectedCode);
      expect(out).toMatch(new RegExp(row));
    });

    it('tries nothing until the clock is right', async () => {
      [ahead, isSkewed] = [1_200, true];

      const ran = await holdfast(['doctor', '--probe', '--json', '--endpoint', url], OWNER);

      expect(ran.code).toBe(7);
      expect(reportOf(ran)).toMatchObject({ enforces: false, verdict: expect.stringContaining('not tried') });
    });
  });
});
