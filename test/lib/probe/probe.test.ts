import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from '@jest/globals';
import { S3Stranger } from '../../../lib/aws/probe-bypass.ts';
import { S3Lab, type S3LabOptions } from '../../../lib/aws/probe-lab.ts';
import { newScratchName } from '../../../lib/aws/probe-names.ts';
import { cleanUp, makeScratch, requireListing } from '../../../lib/aws/probe-scratch.ts';
import { s3Client } from '../../../lib/aws/s3-client.ts';
import { systemClock } from '../../../lib/aws/system-clock.ts';
import { instantOf, parseInstant } from '../../../lib/lock/instant.ts';
import { type Clock } from '../../../lib/ports/clock.ts';
import { type Stranger } from '../../../lib/probe/lab.ts';
import { runProbe } from '../../../lib/probe/run.ts';
import { providerNamed } from '../../../lib/providers/index.ts';
import { measuredProvider } from '../../../lib/providers/measured.ts';
import { formatProvider, parseProvider, type Provider } from '../../../lib/providers/record.ts';
import type { Lie, S3Options } from '../../../local/s3/types.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';

const GENERIC = providerNamed('generic');
const STRANGER = { weak: ['s3:BypassGovernanceRetention', 's3:PutObjectLegalHold'] };

/** An embedded store and a lab in it, whose time passes only when somebody waits. */
class Bench {
  private readonly embedded: Embedded;
  readonly client: S3Client;
  readonly lab: S3Lab;

  private constructor(embedded: Embedded, client: S3Client, lab: S3Lab) {
    this.embedded = embedded;
    this.client = client;
    this.lab = lab;
  }

  static async open(
    options: S3Options = {},
    denied: Readonly<Record<string, readonly string[]>> = STRANGER,
    user?: string,
    more: Partial<S3LabOptions> = {},
  ): Promise<Bench> {
    let passed = 0;
    const clock: Clock = {
      now: () => instantOf(Date.now() + passed),
      wait: async (milliseconds) => {
        passed += milliseconds;
      },
    };
    const embedded = await startEmbedded(denied, { ...options, clock: () => clock.now() });
    const bucket = newScratchName();
    await makeScratch(embedded.clientFor(), bucket, false);
    const client = embedded.clientFor(user);
    return new Bench(
      embedded,
      client,
      new S3Lab({ client, bucket, clock, offset: 0, span: 5_000, youngFor: 0, ...more }),
    );
  }

  stranger(name = 'weak'): Stranger {
    return new S3Stranger(this.embedded.clientFor(name), this.lab.bucket);
  }

  async close(): Promise<void> {
    await this.embedded.close();
  }
}

describe('the probe', () => {
  let bench: Bench | undefined;
  afterEach(async () => bench?.close());

  const onStoreWith = async (lies: readonly Lie[]): ReturnType<typeof runProbe> => {
    bench = await Bench.open({ lies });
    return runProbe(bench.lab, { stranger: bench.stranger(), farDates: true });
  };

  it('finds that the embedded store enforces, having tried everything', async () => {
    const { enforces, verdict, exceptions, checks } = await onStoreWith([]);

    expect({ enforces, verdict, exceptions }).toStrictEqual({
      enforces: true,
      verdict: 'this store enforces Object Lock',
      exceptions: [],
    });
    expect(checks.every(({ tried }) => tried)).toBe(true);
    expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
  });

  it.each<[Lie, string, readonly string[]]>([
    [
      'delete',
      'let the object be deleted',
      ['delete', 'delete-compliance', 'delete-batch', 'delete-hold', 'bypass-delete'],
    ],
    [
      'shorten',
      'let it be weakened',
      ['shorten', 'shorten-compliance', 'upgrade', 'downgrade', 'empty', 'bypass-shorten'],
    ],
    ['headers', 'with these exceptions', ['multipart-headers']],
    ['copy', 'with these exceptions', ['copy-headers', 'copy-plain', 'copy-hold']],
    ['copy-hold', 'with these exceptions', ['copy-hold']],
    ['far', 'with these exceptions', ['far-date']],
    ['bypass', 'with these exceptions', ['bypass-delete', 'bypass-shorten']],
    ['default', 'with these exceptions', ['default-hold']],
    ['marker', 'let the object be deleted', ['marker']],
    ['suspend', 'let it be weakened', ['suspend']],
    ['unlock', 'let it be weakened', ['unlock-bucket']],
    ['tags', 'with these exceptions', ['tags']],
  ])('on a store that lies about "%s", names just what fails', async (lie, verdict, failing) => {
    const found = await onStoreWith([lie]);

    expect(found).toMatchObject({ enforces: false, verdict: expect.stringContaining(verdict) });
    expect(found.exceptions).toStrictEqual(failing);
  });

  it('probes a store that gives Object Lock to existing buckets only', async () => {
    const { verdict } = await onStoreWith(['create']);

    expect(verdict).toBe('this store enforces Object Lock');
  });

  it('learns how the store says that a version has no lock', async () => {
    bench = await Bench.open({ dialect: { none: { status: 404, code: 'NoLockHere' } } });

    const found = await runProbe(bench.lab, { farDates: false });

    expect(found.unlockedCodes).toStrictEqual(['NoLockHere']);
    expect(found.exceptions).toStrictEqual([]);
    const at = parseInstant('2026-11-20T12:00:00Z');
    expect(measuredProvider({ name: 'odd', at, found }, GENERIC).unlockedCodes).toContain('NoLockHere');
  });

  it('writes no learnt code down where locks that are there were not shown', async () => {
    bench = await Bench.open({ lies: ['forget'], dialect: { none: { status: 404, code: 'NoLockHere' } } });

    const found = await runProbe(bench.lab, { farDates: false });

    const at = parseInstant('2026-11-20T12:00:00Z');
    expect(found.unlockedCodes).toContain('NoLockHere');
    expect(measuredProvider({ name: 'blind', at, found }, GENERIC).unlockedCodes).toStrictEqual(
      GENERIC.unlockedCodes,
    );
  });

  it('does not learn a code that could mean anything', async () => {
    bench = await Bench.open({ dialect: { none: { status: 400, code: 'InvalidArgument' } } });

    expect(await runProbe(bench.lab, { farDates: false }).catch((error: unknown) => error)).not.toMatchObject(
      {
        unlockedCodes: ['InvalidArgument'],
      },
    );
  });

  it('accuses no store where somebody else locks the scratch versions meanwhile', async () => {
    const locks: Promise<unknown>[] = [];
    bench = await Bench.open({
      notify: ({ name, bucket: Bucket, key: Key, versionId: VersionId, time }) => {
        if (!name.startsWith('ObjectCreated') || bench === undefined) return;
        const Retention = { Mode: 'GOVERNANCE' as const, RetainUntilDate: new Date(time + 86_400_000) };
        const lock = new PutObjectRetentionCommand({ Bucket, Key, VersionId, Retention });
        // Whether it comes before the probe's own lock or after it is a matter of luck, as with any rule.
        locks.push(bench.client.send(lock).catch(() => undefined));
      },
    });

    const found = await runProbe(bench.lab, { stranger: bench.stranger(), farDates: false }).catch(
      (error: unknown) => error,
    );
    await Promise.all(locks);

    if (found instanceof Error) expect(found.message).toContain('so that a refusal would prove nothing');
    else expect(found).toMatchObject({ exceptions: [] });
  });

  it('on a store that forgets locks, names the lock and the deletion', async () => {
    const { verdict, exceptions } = await onStoreWith(['forget']);

    expect(verdict).toContain('accepted a lock and let the object be deleted (');
    expect(exceptions).toStrictEqual(expect.arrayContaining(['retention', 'delete', 'shorten']));
  });

  describe('in a folder of a bucket that is not its own', () => {
    const inFolder = async (isBornLocked: boolean): Promise<Bench> => {
      bench = await Bench.open({}, STRANGER, undefined, {
        folder: 'scratch/holdfast-probe-1/',
        isBornLocked,
      });
      const { client, lab } = bench;
      if (isBornLocked) await lab.setDefault('one-day');
      const at = { Bucket: lab.bucket, Key: 'scratch/theirs' };
      await client.send(new PutObjectCommand({ ...at, Body: 'x' }));
      await client.send(new CreateMultipartUploadCommand(at));
      return bench;
    };
    const NOT_THERE = [
      'lock-bucket',
      'hold',
      'copy-hold',
      'delete-hold',
      'bypass-delete',
      'bypass-shorten',
      'clear-hold',
      'far-date',
      'default',
      'default-hold',
      'suspend',
      'unlock-bucket',
    ];

    it.each([
      [false, 'no default', NOT_THERE, []],
      [true, 'a default of a day', ['copy-plain', ...NOT_THERE], ['overwrite', 'tags', 'tags']],
    ])(
      'under a default rule (%s: %s) tries what it can, and touches nothing else',
      async (isBornLocked, _, skipped, left) => {
        const { client, lab } = await inFolder(isBornLocked);

        const found = await runProbe(lab, { farDates: false });
        const cleaned = await cleanUp(client, lab);

        expect(found).toMatchObject({
          enforces: true,
          exceptions: [],
          verdict: 'this store enforces Object Lock',
        });
        expect(
          found.checks
            .filter(({ tried }) => !tried)
            .map(({ id }) => id)
            .sort(),
        ).toStrictEqual([...skipped].sort());
        expect(cleaned.left.map(({ version }) => version.key)).toStrictEqual(
          left.map((key) => lab.folder + key),
        );
        const { Versions = [] } = await client.send(
          new ListObjectVersionsCommand({ Bucket: lab.bucket, Prefix: 'scratch/theirs' }),
        );
        const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: lab.bucket }));
        expect([Versions.length, Uploads.map(({ Key }) => Key)]).toStrictEqual([1, ['scratch/theirs']]);
      },
    );

    it('leaves what others hold meanwhile, and says so', async () => {
      const { client, lab } = await inFolder(false);
      const { versionId } = await lab.put('held');
      const at = { Bucket: lab.bucket, Key: `${lab.folder}held`, VersionId: versionId };
      await client.send(new PutObjectLegalHoldCommand({ ...at, LegalHold: { Status: 'ON' } }));

      const { left, isBucketGone } = await cleanUp(client, lab);

      expect(left).toMatchObject([{ version: { key: at.Key }, look: { lock: { hold: 'on' } } }]);
      expect(isBucketGone).toBe(false);
    });

    it('does not say that all is clean where it may not look', async () => {
      bench = await Bench.open({}, { ...STRANGER, blind: ['s3:ListBucketVersions'] }, 'blind', {
        folder: 'f/',
      });

      await expect(requireListing(bench.client, bench.lab)).rejects.toMatchObject({ code: 'no-permission' });
    });

    it('knows keys of any letters in its prefix', async () => {
      bench = await Bench.open({}, STRANGER, undefined, { folder: 'a%2Fb/büro 日本+/' });

      expect((await runProbe(bench.lab, { farDates: false })).exceptions).toStrictEqual([]);
    });

    it('still notices a store that lets locked versions be deleted', async () => {
      bench = await Bench.open({ lies: ['delete'] }, STRANGER, undefined, { folder: 'f/' });

      expect(await runProbe(bench.lab, { farDates: false })).toMatchObject({
        enforces: false,
        exceptions: ['delete', 'delete-compliance', 'delete-batch'],
      });
    });
  });

  it.each<[Lie, Partial<Provider>]>([
    ['headers', { keepsLockHeaders: { put: true, multipart: false, copy: true } }],
    ['copy', { keepsLockHeaders: { put: true, multipart: true, copy: false } }],
    ['shorten', { refusesWeakening: false }],
    ['far', { refusesWeakening: true, lastDate: parseInstant('2106-02-07T06:28:15Z') }],
  ])('on a store that lies about "%s", the record tells the adapters so', async (lie, told) => {
    const found = await onStoreWith([lie]);

    const record = measuredProvider(
      { name: 'liar', at: parseInstant('2026-11-20T12:00:00Z'), found },
      GENERIC,
    );

    expect(record).toMatchObject(told);
    expect(record.from).toMatchObject({ kind: 'probe', day: '2026-11-20', enforces: false });
    expect(parseProvider(formatProvider(record), 'liar.json')).toStrictEqual(record);
  });

  it('the record of the embedded store is what is measured there', async () => {
    const found = await onStoreWith([]);
    const known = providerNamed('embedded');
    const at = parseInstant('2026-11-20T12:00:00Z');

    const measured = measuredProvider({ name: known.name, at, found }, known);

    expect({ ...measured, from: known.from }).toStrictEqual(known);
  });

  it('on a store that enforces, the record leaves the refusals to the store', async () => {
    const found = await onStoreWith([]);

    const record = measuredProvider(
      { name: 'right', at: parseInstant('2026-11-20T12:00:00Z'), found },
      GENERIC,
    );

    expect(record).toStrictEqual({
      ...GENERIC,
      name: 'right',
      from: { kind: 'probe', day: '2026-11-20', enforces: true, exceptions: [] },
      refusesWeakening: true,
    });
  });

  it('cleans up what has ended, and tells what has not', async () => {
    bench = await Bench.open();
    await runProbe(bench.lab, { farDates: false });

    const first = await cleanUp(bench.client, bench.lab);
    await bench.lab.wait(86_400_000);
    const second = await cleanUp(bench.client, bench.lab);

    expect(first.left.map(({ version }) => version.key)).toStrictEqual(['default', 'default-hold']);
    expect(first.isBucketGone).toBe(false);
    expect(second).toStrictEqual({ left: [], isBucketGone: true });
  });

  it('says of what it was not given that it was not tried', async () => {
    bench = await Bench.open();

    const { enforces, checks } = await runProbe(bench.lab, { farDates: false });

    const skipped = checks.filter(({ tried }) => !tried).map(({ id }) => id);
    expect({ enforces, skipped }).toStrictEqual({
      enforces: true,
      skipped: ['bypass-delete', 'bypass-shorten', 'clear-hold', 'far-date'],
    });
  });

  it('counts no refusal of a stranger who may do nothing at all', async () => {
    bench = await Bench.open({}, { outsider: ['s3:*'] });

    const { checks } = await runProbe(bench.lab, { stranger: bench.stranger('outsider'), farDates: false });

    for (const id of ['bypass-delete', 'bypass-shorten']) {
      expect(checks.find((check) => check.id === id)).toMatchObject({
        tried: false,
        seen: expect.stringContaining('would prove nothing'),
      });
    }
  });

  it.each([
    ['s3:DeleteObjectVersion', 's3:DeleteObjectVersion'],
    ['s3:PutObjectRetention', 's3:PutObjectRetention'],
    // What may not be read back must not pass for unlocked, gone or weakened.
    ['s3:GetObjectRetention', 's3:GetObjectRetention'],
    ['s3:GetObjectLegalHold', 's3:GetObjectLegalHold'],
    ['s3:GetBucketVersioning', 's3:GetBucketVersioning'],
  ])('without %s gives no verdict', async (action, named) => {
    bench = await Bench.open({}, { poor: [action] }, 'poor');

    await expect(runProbe(bench.lab, { farDates: false })).rejects.toMatchObject({
      code: 'no-permission',
      message: expect.stringContaining(named),
    });
  });

  it('says of a bucket that turned out without Object Lock that the store has none', async () => {
    bench = await Bench.open({ lies: ['unlock'] });
    await bench.lab.unlock();

    const { enforces, verdict, checks } = await runProbe(bench.lab, { farDates: false });

    expect({ enforces, verdict }).toStrictEqual({
      enforces: false,
      verdict: 'this store does not offer Object Lock',
    });
    expect(checks).toHaveLength(1);
  });

  it('never lets the stranger into a bucket that the probe did not make', async () => {
    bench = await Bench.open();
    const { client } = bench;

    expect(() => new S3Stranger(client, 'acme-docs')).toThrow('not a bucket that the probe made');
  });
});

// A real server that nobody here wrote; the second user is radosgw-admin's, as HOLDFAST_TEST_RGW_UNPRIVILEGED=key:secret.
const rgw = process.env.HOLDFAST_TEST_RGW;
if (rgw !== undefined) {
  describe('the probe on Ceph RGW', () => {
    it('enforces, with the exceptions that were measured on release 16', async () => {
      const clientOf = (accessKeyId: string, secretAccessKey: string): S3Client =>
        s3Client({ endpoint: rgw, credentials: { accessKeyId, secretAccessKey } });
      const client = clientOf('testaccess', 'testsecret');
      const bucket = newScratchName();
      const [key, secret] = process.env.HOLDFAST_TEST_RGW_UNPRIVILEGED?.split(':') ?? [];
      const weak = key !== undefined && secret !== undefined ? clientOf(key, secret) : undefined;
      await makeScratch(client, bucket, false);
      const lab = new S3Lab({ client, bucket, clock: systemClock, offset: 0, span: 4_000, youngFor: 0 });

      const found = await runProbe(lab, {
        stranger: weak && new S3Stranger(weak, bucket),
        farDates: true,
      });
      await cleanUp(client, lab);
      client.destroy();
      weak?.destroy();

      expect(found.exceptions).toStrictEqual(
        expect.arrayContaining([
          'multipart-headers',
          'copy-headers',
          'copy-plain',
          'copy-hold',
          'far-date',
          ...(weak ? ['bypass-delete'] : []),
        ]),
      );
      expect(found.verdict).toContain('this store enforces Object Lock, with these exceptions: ');
      const { keepsLockHeaders, keepsTags, lastDate, refusesWeakening } = providerNamed('ceph-rgw');
      expect(measuredProvider({ name: 'rgw', at: instantOf(Date.now()), found }, GENERIC)).toMatchObject({
        ...{ keepsLockHeaders, keepsTags, lastDate, refusesWeakening },
        unlockedCodes: expect.arrayContaining(providerNamed('ceph-rgw').unlockedCodes),
      });
    }, 60_000);
  });
}
