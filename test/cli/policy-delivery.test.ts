import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3AuditStore } from '../../lib/aws/s3-audit-store.ts';
import { S3Documents } from '../../lib/aws/s3-documents.ts';
import { makeBucket } from '../helpers/bucket.ts';
import { fileOf, holdfast, type Ran } from '../helpers/cli.ts';
import { type Embedded, startEmbedded } from '../helpers/embedded.ts';
import { proxyTo } from '../helpers/proxy.ts';
import { allOf, makeAuditBucket } from '../helpers/records.ts';

// Each command is a process of its own, and most tests run several.
jest.setTimeout(30_000);

const seven = `version: 1
rules:
  - name: invoices
    match: { prefix: invoices/ }
    lock: { mode: COMPLIANCE, for: P7Y }
  - name: logs
    enforce: apply
    match: { prefix: logs/ }
    lock: { mode: GOVERNANCE, for: P1D }
`;
const ten = `version: 1
rules:
  - name: invoices
    match: { prefix: invoices/ }
    lock: { mode: COMPLIANCE, for: P10Y }
`;
const sevenFile = fileOf('seven.yaml', seven);
const tenFile = fileOf('ten.yaml', ten);

describe('a policy in force', () => {
  let embedded: Embedded;
  let client: S3Client;
  let config: string;
  let audit: string;
  let refuseRecords = false;

  beforeAll(async () => {
    embedded = await startEmbedded(
      { reader: ['s3:PutObject'], stranger: ['s3:*'] },
      {
        fault: ({ operation, key }) =>
          refuseRecords && operation === 'PutObject' && key?.startsWith('records/') === true
            ? { status: 403, code: 'AccessDenied', message: 'Access Denied' }
            : undefined,
      },
    );
    client = embedded.clientFor();
  });
  afterAll(async () => {
    await embedded.close();
  });
  beforeEach(async () => {
    refuseRecords = false;
    [config, audit] = await Promise.all([makeBucket(client, 'versioned'), makeAuditBucket(client)]);
  });

  const policy = async (
    args: readonly string[],
    { user = 'owner', env = {}, cwd }: { user?: string; env?: Record<string, string>; cwd?: string } = {},
  ): Promise<Ran> => {
    const all = {
      AWS_ACCESS_KEY_ID: user,
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL_S3: embedded.s3.url,
      HOLDFAST_CONFIG_BUCKET: config,
      HOLDFAST_AUDIT_BUCKET: audit,
      ...env,
    };
    return holdfast(['policy', ...args], all, cwd);
  };
  const activate = async (file: string, ...more: string[]): Promise<Ran> =>
    policy(['activate', file, '--yes', ...more]);
  const pointer = async (): Promise<string | undefined> =>
    (await new S3Documents(client, config).get('policy/active.json'))?.body;
  const deeds = async (): Promise<Record<string, unknown>[]> =>
    (await allOf(new S3AuditStore({ client, bucket: audit }).read())).flatMap(({ text = '' }) =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    );

  describe('holdfast policy activate', () => {
    it('says in words what changes, puts the file into force, and records it', async () => {
      const { code, out } = await activate(sevenFile);

      expect(code).toBe(0);
      expect(out).toContain('+ rule invoices: COMPLIANCE {for:P7Y} on {prefix:invoices/}');
      expect(out).toContain('1 of 2 rules do not say enforce: the deployment decides');
      expect(out).toMatch(/✔ active: [0-9a-f]{12} since .* by cli:/);
      expect(out).toContain('Functions take it over within 30 seconds. What is locked stays locked.');
      const { active } = JSON.parse((await pointer()) ?? '') as {
        active: { hash: string; versionId: string };
      };
      const stored = await client.send(
        new GetObjectCommand({ Bucket: config, Key: 'policy/policy.yaml', VersionId: active.versionId }),
      );
      expect(await stored.Body?.transformToString()).toBe(seven);
      expect(await deeds()).toMatchObject([
        {
          phase: 'deed',
          action: 'policy-activated',
          policy: active.hash,
          actor: expect.stringMatching(/^cli:./),
          writer: expect.stringMatching(/^cli-[A-Za-z0-9._-]+-[0-9a-f]{12}$/),
          seq: 1,
        },
      ]);
    });

    it('shows what differs from the policy before it', async () => {
      await activate(sevenFile);

      const { out } = await activate(tenFile, '--enforce', 'observe');

      expect(out).toContain('- rule logs: locks that it set stay as they are');
      expect(out).toContain('~ rule invoices: lock.for: P7Y → P10Y');
      expect(out).toContain('1 of 1 rules only observe: they write nothing');
    });

    it('changes nothing when the same text is active already', async () => {
      await activate(sevenFile);
      const before = await pointer();

      const again = await activate(sevenFile);

      expect(again).toMatchObject({ code: 0, out: expect.stringContaining('already active') });
      expect(await pointer()).toBe(before);
      expect(await deeds()).toHaveLength(1);
    });

    it('refuses a broken file with its faults at file, line and column', async () => {
      await activate(sevenFile);
      const before = await pointer();
      const broken = fileOf('broken.yaml', seven.replace('P7Y', '7m'));

      const { code, err } = await activate(broken);

      expect(code).toBe(2);
      expect(err).toContain(`${broken}:5:31: rules[0].lock.for: "7m" could be months or minutes`);
      expect(await pointer()).toBe(before);
    });

    it('keeps to the cap of the deployment', async () => {
      expect(await activate(tenFile, '--maximum', 'P8Y')).toMatchObject({
        code: 2,
        err: expect.stringContaining(`${tenFile}:5:31`),
      });
      expect(await pointer()).toBeUndefined();
    });

    it('prints one JSON document for scripts', async () => {
      await activate(sevenFile);

      const changed = await activate(tenFile, '--json');
      const same = await activate(tenFile, '--json');

      expect(JSON.parse(changed.out)).toMatchObject({
        changed: true,
        active: { by: expect.stringMatching(/^cli:/) },
        changes: [
          { kind: 'removed', name: 'logs' },
          { kind: 'changed', name: 'invoices', detail: 'lock.for: P7Y → P10Y' },
        ],
      });
      expect(JSON.parse(same.out)).toMatchObject({ changed: false, changes: [] });
    });

    it('asks for --yes where nobody can be asked', async () => {
      expect(await policy(['activate', sevenFile])).toMatchObject({
        code: 2,
        out: '',
        err: expect.stringContaining('give --yes'),
      });
      expect(await pointer()).toBeUndefined();
    });

    it('does nothing without a place for its record', async () => {
      const env = { HOLDFAST_AUDIT_BUCKET: '' };

      expect(await policy(['activate', sevenFile, '--yes'], { env })).toMatchObject({
        code: 2,
        err: expect.stringContaining('nothing is done without a record; name the audit bucket with --audit'),
      });
      expect(await policy(['activate', sevenFile, '--yes', '--audit', 'no-such-bucket'])).toMatchObject({
        code: 2,
        err: expect.stringContaining('there is no bucket no-such-bucket'),
      });
      expect(await pointer()).toBeUndefined();
    });

    it('says that it is done, and where the record is kept, when the record could not be stored', async () => {
      refuseRecords = true;

      const { code, err } = await activate(sevenFile);

      expect(code).toBe(6);
      expect(err).toContain('a record could not be stored');
      expect(err).toMatch(/store holdfast-unstored-records\/\d{4}\/.*\.ndjson\.gz as records\//);
      expect(await pointer()).toBeDefined();
    });

    it('says the record itself where it can be kept nowhere', async () => {
      refuseRecords = true;
      const cwd = mkdtempSync(join(tmpdir(), 'holdfast-full-'));
      writeFileSync(join(cwd, 'holdfast-unstored-records'), 'a file where the folder should be');

      const { code, err } = await policy(['activate', sevenFile, '--yes'], { cwd });

      expect(code).toBe(6);
      expect(err).toMatch(/keep it: \{.*"action":"policy-activated"/);
    });

    it('refuses a configuration bucket that keeps no versions', async () => {
      const env = { HOLDFAST_CONFIG_BUCKET: await makeBucket(client, 'plain') };

      expect(await policy(['activate', sevenFile, '--yes'], { env })).toMatchObject({
        code: 2,
        err: expect.stringContaining('enable versioning'),
      });
    });

    it('refuses when somebody moved the pointer after the change was shown', async () => {
      await activate(sevenFile);
      let reads = 0;
      // The pointer is read once for what is shown, and once more when it is moved: somebody comes in between.
      const between = await proxyTo(embedded.s3.port, async (method, path) => {
        if (method !== 'GET' || !path.includes('policy/active.json')) return;
        reads += 1;
        if (reads === 2) await activate(tenFile);
      });
      const mine = fileOf('mine.yaml', ten.replace('P10Y', 'P11Y'));

      const ran = await policy(['activate', mine, '--yes'], { env: { AWS_ENDPOINT_URL_S3: between.url } });

      between.server.close();
      expect(ran).toMatchObject({ code: 9, err: expect.stringContaining('somebody else moved the policy') });
      const shown = await policy(['show', '--text']);
      expect(shown.out).toBe(ten);
      expect(await deeds()).toHaveLength(2);
    });
  });

  describe('holdfast policy rollback', () => {
    it('goes back to the policy before, says what changes, and records it', async () => {
      await activate(sevenFile);
      await activate(tenFile);

      const { code, out } = await policy(['rollback', '--yes']);

      expect(code).toBe(0);
      expect(out).toContain('~ rule invoices: lock.for: P10Y → P7Y');
      expect((await policy(['show', '--text'])).out).toBe(seven);
      expect((await deeds()).map(({ action }) => action).sort()).toStrictEqual([
        'policy-activated',
        'policy-activated',
        'policy-rolled-back',
      ]);
    });

    it('says that there is nothing to go back to', async () => {
      await activate(sevenFile);

      expect(await policy(['rollback', '--yes'])).toMatchObject({
        code: 2,
        err: expect.stringContaining('no policy was active before this one'),
      });
    });
  });

  describe('holdfast policy show', () => {
    it('says that nothing was activated yet', async () => {
      expect(await policy(['show'])).toMatchObject({
        code: 0,
        out: expect.stringContaining('no policy was activated yet'),
      });
      expect(JSON.parse((await policy(['show', '--json'])).out)).toStrictEqual({ active: null, before: [] });
    });

    it('names the policy in force, its rules, and those before it', async () => {
      await activate(sevenFile);
      await activate(tenFile);

      const { code, out } = await policy(['show']);
      const { active, before } = JSON.parse((await policy(['show', '--json'])).out) as {
        active: { hash: string };
        before: { hash: string }[];
      };

      expect(code).toBe(0);
      expect(out).toContain(`active: ${active.hash.slice(0, 12)} since`);
      expect(out).toContain('rule invoices');
      expect(out).toContain(`before: ${before[0]?.hash.slice(0, 12) ?? '?'} since`);
    });

    it('needs no permission to write', async () => {
      await activate(sevenFile);

      expect(await policy(['show'], { user: 'reader' })).toMatchObject({ code: 0 });
      expect(await policy(['activate', tenFile, '--yes'], { user: 'reader' })).toMatchObject({
        code: 4,
        err: expect.stringContaining('it needs s3:PutObject'),
      });
    });
  });

  it.each<[string, string, Record<string, string>, number, string]>([
    ['no bucket was named', 'owner', { HOLDFAST_CONFIG_BUCKET: '' }, 2, 'name it with --config'],
    ['the bucket is not there', 'owner', { HOLDFAST_CONFIG_BUCKET: 'not-there' }, 2, 'no bucket not-there'],
    ['reading is denied', 'stranger', {}, 4, 'it needs s3:GetObject'],
    ['the key is unknown', 'nobody', {}, 4, 'does not accept the credentials (InvalidAccessKeyId)'],
    [
      'the store is not there',
      'owner',
      { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' },
      5,
      'check the endpoint',
    ],
    ['the address is none', 'owner', { AWS_ENDPOINT_URL_S3: 'here' }, 2, 'here is not an address'],
    ['enforce is misspelt', 'owner', { HOLDFAST_ENFORCE: 'on' }, 2, 'write apply or observe'],
  ])('answers with one sentence when %s', async (_, user, env, expectedCode, expected) => {
    const { code, out, err } = await policy(['show'], { user, env });

    expect({ code, out }).toStrictEqual({ code: expectedCode, out: '' });
    expect(err).toContain(expected);
    expect(err).not.toContain('    at ');
  });

  it.each([['activate'], ['rollback'], ['show'], ['test']])('helps with policy %s', async (name) => {
    expect(await policy([name, '--help'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/Usage: holdfast policy[^]*Examples?:/),
    });
  });
});
