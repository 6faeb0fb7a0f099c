import { DeleteObjectCommand, PutObjectTaggingCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Pass, type PassOptions, type PassProgress, passOver } from '../../../lib/app/plan-changes.ts';
import { S3EntryListing } from '../../../lib/aws/s3-entry-listing.ts';
import { S3LockStore } from '../../../lib/aws/s3-lock-store.ts';
import { VersionRows } from '../../../lib/aws/version-rows.ts';
import { type Instant, instantOf } from '../../../lib/lock/instant.ts';
import { UNLOCKED } from '../../../lib/lock/state.ts';
import { type PlanRow } from '../../../lib/plan/row.ts';
import { type LockStore, type VersionRef } from '../../../lib/ports/lock-store.ts';
import { providerNamed } from '../../../lib/providers/index.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';
import { DAY, inDays, listingOf, locked, policyWith, rowWith } from '../../helpers/plan.ts';

const GOVERNED = { name: 'g', lock: { mode: 'GOVERNANCE', for: 'P30D' } };
const BY_TAG = {
  name: 'hr',
  settle: 'PT1M',
  match: { prefix: 'hr/', tags: { class: 'hr' } },
  lock: { mode: 'GOVERNANCE', for: 'P60D' },
};
const CURRENT = {
  name: 'roll',
  lock: { mode: 'GOVERNANCE', remaining: { atLeast: 'P30D', extendTo: 'P44D' }, versions: 'current' },
};
const UNSEEN = { retention: { state: 'absent' }, hold: 'absent' } as const;

const optionsFor = (more: Partial<PassOptions>): PassOptions => ({
  listing: listingOf([]),
  policy: policyWith([GOVERNED]),
  tolerance: 0,
  unreadableShare: 0.001,
  ...more,
});

/** The changes that a pass counted, as `rule to versions`. */
function counts({ tally }: Pass): string[] {
  return [...tally.series.values()].map(({ rule, kind, to, cells }) =>
    [rule, kind, to, [...cells.values()].reduce((sum, { versions }) => sum + versions, 0)].join(' '),
  );
}

describe('a pass over a listing that tells everything', () => {
  const rows = [
    rowWith({ key: 'a' }),
    rowWith({ key: 'b', lock: locked('GOVERNANCE', inDays(90)) }),
    rowWith({ key: 'hr/c', lock: locked('GOVERNANCE', inDays(9)) }),
  ];

  it('counts what changes, and reads nothing', async () => {
    const pass = await passOver(
      optionsFor({ listing: listingOf([{ rows, markers: 2 }, { rows: [rowWith({ key: 'd' })] }]) }),
    );

    expect(counts(pass).sort()).toStrictEqual(['g extend GOVERNANCE 1', 'g set GOVERNANCE 2']);
    expect(pass).toMatchObject({ reads: { locks: 0, tags: 0, current: 0 }, gone: 0, unreadable: [] });
    expect(pass.tally.totals).toMatchObject({ rows: 4, satisfied: 1, markers: 2 });
  });

  it('looks only at what lies under the prefix', async () => {
    const pass = await passOver(optionsFor({ listing: listingOf([{ rows }]), prefix: 'hr/' }));

    expect(pass.tally.totals.rows).toBe(1);
    expect(counts(pass)).toStrictEqual(['g extend GOVERNANCE 1']);
  });

  it('tells whoever writes manifests of each change and its place, and of none that is only observed', async () => {
    const told: string[] = [];
    const policy = policyWith([
      GOVERNED,
      { ...GOVERNED, name: 'o', enforce: 'observe', lock: { mode: 'GOVERNANCE', for: 'P99D' } },
    ]);

    const { tally } = await passOver(
      optionsFor({
        listing: listingOf([{ rows }]),
        policy,
        onChange: ({ key }, { rule }, { slot, to }) => told.push(`${key} ${rule} ${to} ${slot > 0}`),
      }),
    );

    expect(told).toStrictEqual(['a g GOVERNANCE true', 'hr/c g GOVERNANCE true']);
    expect([...tally.series.values()].some(({ observed }) => observed)).toBe(true);
  });

  it('takes the next batch only when whoever writes has kept up', async () => {
    const listing = listingOf([{ rows }, { rows }, { rows }]);
    let release = (): void => undefined;
    const pass = passOver(
      optionsFor({
        listing,
        drained: async () => {
          await new Promise<void>((done) => {
            release = done;
          });
        },
      }),
    );

    const seen: number[] = [];
    for (const batches of [1, 2, 3]) {
      while (listing.taken() < batches) await new Promise(setImmediate);
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      seen.push(listing.taken());
      release();
    }

    expect(seen).toStrictEqual([1, 2, 3]);
    expect((await pass).tally.totals.rows).toBe(9);
  });

  it('says how far it is', async () => {
    const progress: PassProgress[] = [];

    await passOver(
      optionsFor({
        listing: listingOf([{ rows, done: 0.5 }, { rows: [] }, { rows, done: 1 }]),
        onProgress: (each) => progress.push(each),
      }),
    );

    expect(progress).toStrictEqual([{ rows: 3, done: 0.5 }, { rows: 3 }, { rows: 6, done: 1 }]);
  });
});

describe('rows that cannot be read', () => {
  const bad = { where: 'data/1.csv.gz, line 7', why: 'its LastModifiedDate is no date' };
  const rows = Array.from({ length: 999 }, (_, at) => rowWith({ key: `k${at}` }));

  it('are counted and named up to a share', async () => {
    const pass = await passOver(optionsFor({ listing: listingOf([{ rows, unreadable: [bad] }]) }));

    expect(pass.tally.totals).toMatchObject({ rows: 999, unreadable: 1 });
    expect(pass.unreadable).toStrictEqual([bad]);
  });

  it('beyond it fail the plan, with the first of them by name', async () => {
    const listing = listingOf([{ rows: rows.slice(1), unreadable: [bad] }]);

    await expect(passOver(optionsFor({ listing }))).rejects.toMatchObject({
      code: 'bad-input',
      exitCode: 2,
      message: expect.stringMatching(
        /1 of 999 rows of a listing could not be read:\n {2}data\/1\.csv\.gz, line 7: its LastModifiedDate/,
      ),
    });
  });

  it('fail no plan where all may be unreadable', async () => {
    const listing = listingOf([{ unreadable: [bad] }]);

    expect((await passOver(optionsFor({ listing, unreadableShare: 1 }))).tally.totals.unreadable).toBe(1);
  });

  it('are a share of all that was listed, also while locks are still to be read', async () => {
    const unseen = rows.map((row) => ({ ...row, lock: UNSEEN }));
    const listing = listingOf([{ rows: unseen, unreadable: [bad] }], { tellsLocks: false });

    expect((await passOver(optionsFor({ listing }))).reads.locks).toBe(999);
  });

  it('are a share of all that was listed, also under a prefix', async () => {
    const listing = listingOf([{ rows, unreadable: [bad] }]);

    expect((await passOver(optionsFor({ listing, prefix: 'k1' }))).tally.totals.rows).toBe(111);
  });

  it('are named up to twenty, however many there are', async () => {
    const many = Array.from({ length: 15 }, () => bad);
    const listing = listingOf([{ unreadable: many }, { unreadable: many }]);

    const pass = await passOver(optionsFor({ listing, unreadableShare: 1 }));

    expect(pass.unreadable).toHaveLength(20);
    expect(pass.tally.totals.unreadable).toBe(30);
  });
});

describe('what a pass foresees to read', () => {
  it.each<[string, readonly object[], Partial<PlanRow>, object]>([
    [
      'nothing, where no rule matches',
      [{ ...GOVERNED, match: { prefix: 'x/' } }],
      { lock: UNSEEN },
      { locks: 0, tags: 0, current: 0 },
    ],
    ['a lock, where a rule wants one', [GOVERNED], { lock: UNSEEN }, { locks: 1, tags: 0, current: 0 }],
    [
      'tags, where they decide, and the lock that is known not',
      [BY_TAG],
      { key: 'hr/a' },
      { locks: 0, tags: 1, current: 0 },
    ],
    [
      'tags, and the lock that they may ask for',
      [BY_TAG],
      { key: 'hr/a', lock: UNSEEN },
      { locks: 1, tags: 1, current: 0 },
    ],
    ['no tags under another prefix', [BY_TAG], { key: 'a', lock: UNSEEN }, { locks: 0, tags: 0, current: 0 }],
    ['whether it is current', [CURRENT], { current: 'unknown' }, { locks: 0, tags: 0, current: 1 }],
  ])('is %s', async (_, rules, row, reads) => {
    const listing = listingOf([{ rows: [{ ...rowWith(), ...row }] }]);

    const pass = await passOver(optionsFor({ listing, policy: policyWith(rules) }));

    expect(pass.reads).toStrictEqual(reads);
  });
});

describe('a pass that reads', () => {
  let embedded: Embedded;
  let client: S3Client;
  let bucket: string;
  let asked: string[];

  beforeAll(async () => {
    embedded = await startEmbedded({
      'no-tags': ['s3:GetObjectTagging', 's3:GetObjectVersionTagging'],
      'no-locks': ['s3:GetObjectRetention'],
    });
    client = embedded.clientFor();
  });
  afterAll(async () => {
    await embedded.close();
  });
  beforeEach(async () => {
    bucket = await makeBucket(client);
    asked = [];
  });

  /** A store whose reads are counted. */
  const storeFor = (as: S3Client = client): Pick<LockStore, 'readLock' | 'readTags' | 'readCurrent'> => {
    const store = new S3LockStore({ client: as, provider: providerNamed('aws') });
    return {
      readLock: async (ref, part) => {
        asked.push(`${part} ${ref.key}`);
        return store.readLock(ref, part);
      },
      readTags: async (ref) => {
        asked.push(`tags ${ref.key}`);
        return store.readTags(ref);
      },
      readCurrent: async (ref) => {
        asked.push(`current ${ref.key}`);
        return store.readCurrent(ref);
      },
    };
  };
  const listed = (): VersionRows =>
    new VersionRows(new S3EntryListing(client), bucket, '', instantOf(Date.now()));
  const passes = async (rules: readonly object[], as?: S3Client): Promise<Pass> =>
    passOver(optionsFor({ listing: listed(), policy: policyWith(rules) }), storeFor(as));
  const tagged = async (ref: VersionRef): Promise<void> => {
    await client.send(
      new PutObjectTaggingCommand({
        Bucket: bucket,
        Key: ref.key,
        VersionId: ref.versionId,
        Tagging: { TagSet: [{ Key: 'class', Value: 'hr' }] },
      }),
    );
  };

  it('reads the locks that are missing, and counts what is found', async () => {
    const until = new Date(Date.now() + 90 * DAY);
    await upload(client, bucket, 'locked', {
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: until,
    });
    await upload(client, bucket, 'unlocked');

    const pass = await passes([GOVERNED]);

    expect(asked.sort()).toStrictEqual(['retention locked', 'retention unlocked']);
    expect(counts(pass)).toStrictEqual(['g set GOVERNANCE 1']);
    expect(pass.tally.totals).toMatchObject({ rows: 2, satisfied: 1 });
    expect(pass.reads).toStrictEqual({ locks: 0, tags: 0, current: 0 });
  });

  it('reads tags only where all else matched, and then only the locks that they ask for', async () => {
    await tagged(await upload(client, bucket, 'hr/one'));
    await upload(client, bucket, 'hr/two');
    await upload(client, bucket, 'other');

    const pass = await passes([{ ...BY_TAG, settle: 'PT0S' }]);

    expect(asked.sort()).toStrictEqual(['retention hr/one', 'tags hr/one', 'tags hr/two']);
    expect(counts(pass)).toStrictEqual(['hr set GOVERNANCE 1']);
    expect(pass.tally.totals).toMatchObject({ rows: 3, unmatched: 2 });
  });

  it('reads a hold only where one is wanted', async () => {
    await upload(client, bucket, 'held', { ObjectLockLegalHoldStatus: 'ON' });
    await upload(client, bucket, 'free');
    const held = {
      name: 'h',
      lock: { mode: 'GOVERNANCE', for: 'P30D', from: { tag: 'closed', untilThen: 'held' } },
    };

    const pass = await passes([held]);

    expect(asked.filter((each) => each.startsWith('hold')).sort()).toStrictEqual(['hold free', 'hold held']);
    expect(asked.filter((each) => each.startsWith('retention'))).toStrictEqual([]);
    expect(counts(pass)).toStrictEqual(['h hold-on hold 1']);
  });

  it('leaves out what is not there any more', async () => {
    const gone = await upload(client, bucket, 'gone');
    await upload(client, bucket, 'here');
    const rows = await (async () => {
      const all: PlanRow[] = [];
      for await (const batch of listed().batches()) all.push(...batch.rows);
      return all;
    })();
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: gone.key, VersionId: gone.versionId }));

    const pass = await passOver(optionsFor({ listing: listingOf([{ rows }]) }), storeFor());

    expect(pass.gone).toBe(1);
    expect(pass.tally.totals.rows).toBe(1);
    expect(counts(pass)).toStrictEqual(['g set GOVERNANCE 1']);
  });

  it('refuses a bucket without Object Lock by name', async () => {
    bucket = await makeBucket(client, 'versioned');
    await upload(client, bucket, 'a');

    await expect(passes([GOVERNED])).rejects.toMatchObject({
      code: 'no-lock-on-bucket',
      exitCode: 2,
      message: expect.stringContaining(`the bucket ${bucket} has no Object Lock`),
    });
  });

  it('writes nothing where the lock may not be read, and says so', async () => {
    await upload(client, bucket, 'a');

    const pass = await passes([GOVERNED], embedded.clientFor('no-locks'));

    expect(counts(pass)).toStrictEqual([]);
    expect([...pass.tally.wrong.values()]).toMatchObject([
      { reason: 'lock-not-seen', rule: 'g', versions: 1 },
    ]);
  });

  it('names the rule whose tags may not be read, and asks once for each version', async () => {
    await tagged(await upload(client, bucket, 'hr/one'));

    const pass = await passes([BY_TAG], embedded.clientFor('no-tags'));

    expect(asked).toStrictEqual(['tags hr/one']);
    expect([...pass.tally.wrong.values()]).toMatchObject([
      { reason: 'undecided', rule: 'hr', detail: 'tags' },
    ]);
  });

  it('tells of the changes that it learnt of, with what it learnt', async () => {
    await tagged(await upload(client, bucket, 'hr/one'));
    const told: [string, Instant | undefined, string][] = [];

    await passOver(
      optionsFor({
        listing: listed(),
        policy: policyWith([{ ...BY_TAG, settle: 'PT0S' }]),
        onChange: ({ key, lock }, { write, route }) =>
          told.push([
            `${key} ${lock.retention.state}`,
            write.kind === 'retention' ? write.until : undefined,
            route,
          ]),
      }),
      storeFor(),
    );

    expect(told).toStrictEqual([['hr/one none', expect.any(Number), 'plain']]);
  });

  it('reads no more versions at once than a connection pool can bear', async () => {
    let [underWay, most] = [0, 0];
    const rows = Array.from({ length: 200 }, (_, at) => rowWith({ key: `k${at}`, lock: UNSEEN }));
    const slow: Pick<LockStore, 'readLock' | 'readTags' | 'readCurrent'> = {
      ...storeFor(),
      readLock: async () => {
        underWay += 1;
        most = Math.max(most, underWay);
        await new Promise(setImmediate);
        underWay -= 1;
        return { kind: 'seen', lock: UNLOCKED };
      },
    };

    const pass = await passOver(optionsFor({ listing: listingOf([{ rows }]) }), slow);

    expect(pass.tally.totals.rows).toBe(200);
    expect(most).toBeGreaterThan(8);
    expect(most).toBeLessThanOrEqual(50);
  });
});
