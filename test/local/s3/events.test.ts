import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
  type NotificationConfiguration,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startS3, type RunningS3, type S3Event } from '../../../local/s3/index.ts';
import { clientOf, refusalOf } from './support/client.ts';

const Bucket = 'told';
const Key = 'a key';
const events: S3Event[] = [];

let server: RunningS3;
let s3: S3Client;

beforeAll(async () => {
  server = await startS3({ notify: (event) => events.push(event) });
  s3 = clientOf(server);
  await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
});

beforeEach(() => {
  events.length = 0;
});

afterAll(async () => {
  s3.destroy();
  await server.close();
});

describe('events', () => {
  it('tell of an upload', async () => {
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'hello', Tagging: 'a=b' }));

    expect(events).toStrictEqual([
      {
        name: 'ObjectCreated:Put',
        time: expect.any(Number),
        bucket: Bucket,
        key: Key,
        versionId: VersionId,
        size: 5,
        eTag: '5d41402abc4b2a76b9719d911017c592',
        sequencer: expect.stringMatching(/^[0-9A-F]{18}$/),
        requestId: expect.stringMatching(/^[0-9A-F]{16}$/),
        principalId: 'AWS:holdfast',
        sourceIp: '127.0.0.1',
        notification: { targets: [], eventBridge: false },
      },
    ]);
  });

  it('tell of all that changes, in order', async () => {
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'x' }));
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'c', CopySource: `${Bucket}/b` }));
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'd' }));
    const { ETag } = await s3.send(
      new UploadPartCommand({ Bucket, Key: 'd', UploadId, PartNumber: 1, Body: 'x' }),
    );
    await s3.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key: 'd',
        UploadId,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
      }),
    );
    await s3.send(
      new PutObjectTaggingCommand({ Bucket, Key: 'b', Tagging: { TagSet: [{ Key: 'k', Value: 'v' }] } }),
    );
    await s3.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'b' }));
    await s3.send(new PutObjectLegalHoldCommand({ Bucket, Key: 'b', LegalHold: { Status: 'OFF' } }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'b' }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'b', VersionId }));

    expect(events.map((event) => event.name)).toStrictEqual([
      'ObjectCreated:Put',
      'ObjectCreated:Copy',
      'ObjectCreated:CompleteMultipartUpload',
      'ObjectTagging:Put',
      'ObjectTagging:Delete',
      'ObjectRemoved:DeleteMarkerCreated',
      'ObjectRemoved:Delete',
    ]);
    const [created, , , tagged, , hidden, removed] = events;
    expect([tagged?.size, tagged?.sequencer, tagged?.versionId]).toStrictEqual([
      undefined,
      undefined,
      VersionId,
    ]);
    expect([hidden?.eTag, removed?.eTag, removed?.size]).toStrictEqual([
      'd41d8cd98f00b204e9800998ecf8427e',
      undefined,
      undefined,
    ]);
    expect([created?.sequencer, hidden?.sequencer, removed?.sequencer]).toStrictEqual(
      [created?.sequencer, hidden?.sequencer, removed?.sequencer].sort(),
    );
  });

  it('tell of retention with its new values', async () => {
    const RetainUntilDate = new Date(Date.now() + 86_400_000);
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key: 'r', Body: 'x' }));

    await s3.send(
      new PutObjectRetentionCommand({
        Bucket,
        Key: 'r',
        VersionId,
        Retention: { Mode: 'GOVERNANCE', RetainUntilDate },
      }),
    );

    expect(events.at(-1)).toMatchObject({
      name: 'ObjectRetention:Put',
      versionId: VersionId,
      retention: { mode: 'GOVERNANCE', retainUntilDate: RetainUntilDate.toISOString() },
    });
  });

  it('name no version where there is none, and are silent where nothing happened', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'plain' }));

    await s3.send(new PutObjectCommand({ Bucket: 'plain', Key: 'k', Body: 'x' }));
    await s3.send(new DeleteObjectCommand({ Bucket: 'plain', Key: 'k' }));
    await s3.send(new DeleteObjectCommand({ Bucket: 'plain', Key: 'k' }));
    await s3.send(
      new PutBucketVersioningCommand({ Bucket: 'plain', VersioningConfiguration: { Status: 'Suspended' } }),
    );
    await s3.send(new PutObjectCommand({ Bucket: 'plain', Key: 'k', Body: 'x' }));

    expect(events.map((event) => [event.name, event.versionId])).toStrictEqual([
      ['ObjectCreated:Put', undefined],
      ['ObjectRemoved:Delete', undefined],
      ['ObjectCreated:Put', undefined],
    ]);
  });
});

describe('the notification configuration', () => {
  const configure = (NotificationConfiguration: NotificationConfiguration) =>
    s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
  const QueueArn = 'arn:aws:sqs:us-east-1:123456789012:uploads';

  it('is told as it was set, and goes along with every event', async () => {
    const wanted: NotificationConfiguration = {
      QueueConfigurations: [
        {
          Id: 'one',
          QueueArn,
          Events: ['s3:ObjectCreated:*', 's3:ObjectTagging:Put'],
          Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'in/' }] } },
        },
      ],
      EventBridgeConfiguration: {},
    };

    await configure(wanted);
    const read = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));

    expect(read).toMatchObject(wanted);
    expect(events[0]?.notification).toStrictEqual({
      eventBridge: true,
      targets: [
        {
          kind: 'queue',
          id: 'one',
          arn: QueueArn,
          events: ['s3:ObjectCreated:*', 's3:ObjectTagging:Put'],
          filters: [{ name: 'prefix', value: 'in/' }],
        },
      ],
    });
  });

  const queue = (change: object) => ({ QueueArn, Events: ['s3:ObjectCreated:Put' as const], ...change });

  it.each<[string, NotificationConfiguration]>([
    ['an unknown event', { QueueConfigurations: [queue({ Events: ['s3:ObjectCreated:Never'] })] }],
    ['an ARN that is none', { QueueConfigurations: [queue({ QueueArn: 'uploads' })] }],
    [
      'an unknown filter',
      { QueueConfigurations: [queue({ Filter: { Key: { FilterRules: [{ Name: 'infix', Value: 'x' }] } } })] },
    ],
    [
      'two destinations for one event',
      { QueueConfigurations: [queue({}), queue({ Events: ['s3:ObjectCreated:*'] })] },
    ],
  ])('refuses %s', async (_what, configuration) => {
    expect(await refusalOf(configure(configuration))).toStrictEqual({ code: 'InvalidArgument', status: 400 });
  });
});
