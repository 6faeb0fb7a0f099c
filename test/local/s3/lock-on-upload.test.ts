import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startS3, type RunningS3 } from '../../../local/s3/index.ts';
import { clientOf, refusalOf } from './support/client.ts';
import { md5, send, type RawAnswer } from './support/raw.ts';

const NOW = Date.parse('2026-11-20T08:00:00Z');
const UNTIL = new Date('2030-01-01T00:00:00.500Z');
const BY_DEFAULT = new Date('2026-11-22T08:00:00Z');

let server: RunningS3;
let s3: S3Client;

beforeAll(async () => {
  server = await startS3({ clock: () => NOW });
  s3 = clientOf(server);
  for (const Bucket of ['locked', 'default', 'defended'])
    await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  await s3.send(new CreateBucketCommand({ Bucket: 'plain' }));
  await s3.send(
    new PutObjectLockConfigurationCommand({
      Bucket: 'default',
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 2 } },
      },
    }),
  );
});

afterAll(async () => {
  s3.destroy();
  await server.close();
});

interface Seen {
  readonly mode: string | undefined;
  readonly until: Date | undefined;
  readonly hold: string | undefined;
}

async function seen(Bucket: string, Key: string): Promise<Seen> {
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
  return {
    mode: head.ObjectLockMode,
    until: head.ObjectLockRetainUntilDate,
    hold: head.ObjectLockLegalHoldStatus,
  };
}

const LOCK = {
  ObjectLockMode: 'COMPLIANCE',
  ObjectLockRetainUntilDate: UNTIL,
  ObjectLockLegalHoldStatus: 'ON',
} as const;
const LOCKED: Seen = { mode: 'COMPLIANCE', until: UNTIL, hold: 'ON' };
const UNLOCKED: Seen = { mode: undefined, until: undefined, hold: undefined };

async function uploadInParts(Bucket: string, Key: string, lock: Partial<typeof LOCK>): Promise<void> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...lock }));
  const part = { Bucket, Key, UploadId, PartNumber: 1 };
  const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body: 'x' }));
  await s3.send(
    new CompleteMultipartUploadCommand({
      Bucket,
      Key,
      UploadId,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
    }),
  );
}

async function copy(Bucket: string, Key: string, lock: Partial<typeof LOCK>): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: 'locked', Key: 'source', Body: 'x', ...LOCK }));
  await s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: 'locked/source', ...lock }));
}

const put = async (Bucket: string, Key: string, lock: Partial<typeof LOCK>): Promise<void> => {
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ...lock }));
};

describe.each([
  ['an upload', put],
  ['an upload in parts', uploadInParts],
  ['a copy, which leaves the lock of its source behind', copy],
])('%s', (_what, create) => {
  it.each<[string, string, Partial<typeof LOCK>, Seen]>([
    ['is unlocked where nothing is said', 'locked', {}, UNLOCKED],
    ['carries the lock it brings', 'locked', LOCK, LOCKED],
    [
      'gets the default of its bucket',
      'default',
      {},
      { mode: 'GOVERNANCE', until: BY_DEFAULT, hold: undefined },
    ],
    ['overrides the default', 'default', LOCK, LOCKED],
    [
      'keeps the default when it brings a legal hold alone',
      'default',
      { ObjectLockLegalHoldStatus: 'ON' },
      { mode: 'GOVERNANCE', until: BY_DEFAULT, hold: 'ON' },
    ],
  ])('%s', async (_case, bucket, lock, expected) => {
    const key = `${create.name}-${Math.random()}`;

    await create(bucket, key, lock);

    expect(await seen(bucket, key)).toStrictEqual(expected);
  });

  it('with a lock is refused where there is no Object Lock', async () => {
    expect(await refusalOf(create('plain', 'k', LOCK))).toStrictEqual({
      code: 'InvalidRequest',
      status: 400,
    });
  });
});

describe('lock headers', () => {
  const MODE = 'x-amz-object-lock-mode';
  const DATE = 'x-amz-object-lock-retain-until-date';
  const HOLD = 'x-amz-object-lock-legal-hold';
  const upload = (headers: Record<string, string>, bucket = 'locked'): Promise<RawAnswer> =>
    send(server.url, { method: 'PUT', path: `/${bucket}/k`, body: 'x', headers });

  it.each([
    ['a mode alone', { [MODE]: 'GOVERNANCE' }, DATE],
    ['a date alone', { [DATE]: UNTIL.toISOString() }, MODE],
    ['an unknown mode', { [MODE]: 'governance', [DATE]: UNTIL.toISOString() }, MODE],
    ['a date that is none', { [MODE]: 'GOVERNANCE', [DATE]: 'soon' }, DATE],
    ['a date in the past', { [MODE]: 'GOVERNANCE', [DATE]: '2026-11-20T07:59:59Z' }, DATE],
    ['a date too far away', { [MODE]: 'GOVERNANCE', [DATE]: '2127-11-20T00:00:00Z' }, DATE],
    ['an unknown hold', { [HOLD]: 'on' }, HOLD],
  ])(
    'refused before the bucket is looked at: %s',
    async (_what, headers: Record<string, string>, argument) => {
      const answers = await Promise.all([upload(headers), upload(headers, 'plain')]);

      for (const answer of answers) {
        expect([answer.status, answer.code]).toStrictEqual([400, 'InvalidArgument']);
        expect(answer.text).toContain(`<ArgumentName>${argument}</ArgumentName>`);
      }
    },
  );

  it.each([
    ['explicit retention', { [MODE]: 'GOVERNANCE', [DATE]: UNTIL.toISOString() }, 'locked'],
    ['a legal hold', { [HOLD]: 'ON' }, 'locked'],
    ['the bucket default', {}, 'default'],
  ])('want proof of the body: %s', async (_what, headers: Record<string, string>, bucket) => {
    const bare = await upload(headers, bucket);
    const proven = await upload({ ...headers, 'content-md5': md5('x') }, bucket);

    expect([bare.status, bare.code, proven.status]).toStrictEqual([400, 'InvalidRequest', 200]);
  });

  it('want it of every part as well', async () => {
    const started = await send(server.url, {
      method: 'POST',
      path: '/locked/parts',
      query: { uploads: '' },
      headers: { [HOLD]: 'ON' },
    });
    const uploadId = /<UploadId>(.*?)</.exec(started.text)?.[1] ?? '';

    const part = await send(server.url, {
      method: 'PUT',
      path: '/locked/parts',
      query: { uploadId, partNumber: '1' },
      body: 'x',
    });

    expect([part.status, part.code]).toStrictEqual([400, 'InvalidRequest']);
  });
});

describe('the configuration of a bucket', () => {
  const configure = (body: string, bucket = 'defended'): Promise<RawAnswer> =>
    send(server.url, {
      method: 'PUT',
      path: `/${bucket}`,
      query: { 'object-lock': '' },
      body,
      headers: { 'content-md5': md5(body) },
    });
  const rule = (content: string): string =>
    `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>${content}</DefaultRetention></Rule></ObjectLockConfiguration>`;

  it.each([
    ['no body', '', 'MalformedXML'],
    ['nothing enabled', '<ObjectLockConfiguration/>', 'MalformedXML'],
    [
      'disabled',
      '<ObjectLockConfiguration><ObjectLockEnabled>Disabled</ObjectLockEnabled></ObjectLockConfiguration>',
      'MalformedXML',
    ],
    [
      'an empty rule',
      '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule/></ObjectLockConfiguration>',
      'MalformedXML',
    ],
    ['an empty retention', rule(''), 'MalformedXML'],
    ['a mode alone', rule('<Mode>GOVERNANCE</Mode>'), 'MalformedXML'],
    ['a period alone', rule('<Days>1</Days>'), 'MalformedXML'],
    ['an unknown mode', rule('<Mode>governance</Mode><Days>1</Days>'), 'MalformedXML'],
    ['days and years', rule('<Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years>'), 'MalformedXML'],
    ['half a day', rule('<Mode>GOVERNANCE</Mode><Days>0.5</Days>'), 'MalformedXML'],
    ['no days', rule('<Mode>GOVERNANCE</Mode><Days>0</Days>'), 'InvalidArgument'],
    ['less than no years', rule('<Mode>GOVERNANCE</Mode><Years>-1</Years>'), 'InvalidArgument'],
    ['more than 36,500 days', rule('<Mode>GOVERNANCE</Mode><Days>36501</Days>'), 'InvalidArgument'],
    ['more than 100 years', rule('<Mode>GOVERNANCE</Mode><Years>101</Years>'), 'InvalidArgument'],
  ])('refused: %s', async (_what, body, code) => {
    const answer = await configure(body);

    expect([answer.status, answer.code]).toStrictEqual([400, code]);
  });

  it('is told as it was set, and cleared by leaving the rule out', async () => {
    const read = async () =>
      (await s3.send(new GetObjectLockConfigurationCommand({ Bucket: 'defended' }))).ObjectLockConfiguration;

    await configure(rule('<Mode>COMPLIANCE</Mode><Years>7</Years>'));
    const set = await read();
    await configure(
      '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>',
    );
    const cleared = await read();

    expect(set).toStrictEqual({
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Years: 7 } },
    });
    expect(cleared).toStrictEqual({ ObjectLockEnabled: 'Enabled' });
  });

  it('needs versioning, and then forbids to suspend it', async () => {
    const Bucket = 'late';
    const version = (Status: 'Enabled' | 'Suspended') =>
      s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
    const lock = () =>
      s3.send(
        new PutObjectLockConfigurationCommand({
          Bucket,
          ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' },
        }),
      );
    await s3.send(new CreateBucketCommand({ Bucket }));

    const none = await refusalOf(s3.send(new GetObjectLockConfigurationCommand({ Bucket })));
    const unversioned = await refusalOf(lock());
    await version('Suspended');
    const suspended = await refusalOf(lock());
    await version('Enabled');
    await lock();
    const suspending = await refusalOf(version('Suspended'));

    const badState = { code: 'InvalidBucketState', status: 409 };
    expect(none).toStrictEqual({ code: 'ObjectLockConfigurationNotFoundError', status: 404 });
    expect([unversioned, suspended, suspending]).toStrictEqual([badState, badState, badState]);
  });
});
