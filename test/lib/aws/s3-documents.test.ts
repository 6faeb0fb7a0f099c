import { DeleteObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { S3Documents } from '../../../lib/aws/s3-documents.ts';
import { makeBucket } from '../../helpers/bucket.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';

const NAME = 'folder/a b.json';

let embedded: Embedded;
let client: S3Client;
let bucket: string;
let documents: S3Documents;
/** The code with which the store refuses writes, while it does. */
let conflict: string | undefined;

beforeAll(async () => {
  embedded = await startEmbedded(
    { 'no-read': ['s3:GetObject*'], 'no-write': ['s3:PutObject'] },
    {
      fault: ({ operation }) =>
        operation === 'PutObject' && conflict !== undefined
          ? { status: 409, code: conflict, message: 'A conflicting operation is in progress.' }
          : undefined,
    },
  );
  client = embedded.clientFor();
});
afterAll(async () => {
  await embedded.close();
});
beforeEach(async () => {
  conflict = undefined;
  bucket = await makeBucket(client, 'versioned');
  documents = new S3Documents(client, bucket);
});

const bodyNow = async (): Promise<string | undefined> => (await documents.get(NAME))?.body;

describe('reading a document', () => {
  it('that is not there answers so', async () => {
    expect(await documents.get(NAME)).toBeUndefined();
  });

  it('gives what was written, with the etag and the version of that writing', async () => {
    const body = 'größe: 1 €\n😀\r\n';

    const written = await documents.put(NAME, body, 'any');

    expect(written).toStrictEqual({
      etag: expect.stringMatching(/^"[0-9a-f]{32}"$/),
      versionId: expect.stringMatching(/.+/),
    });
    expect(await documents.get(NAME)).toStrictEqual({ body, ...written });
  });

  it('gives an earlier version when asked for it', async () => {
    const first = await documents.put(NAME, 'one', 'any');
    await documents.put(NAME, 'two', 'any');

    expect(await documents.get(NAME, first?.versionId)).toMatchObject({
      body: 'one',
      versionId: first?.versionId,
    });
    expect(await bodyNow()).toBe('two');
  });

  it('gives its earlier version even when it was deleted since', async () => {
    const first = await documents.put(NAME, 'one', 'any');
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: NAME }));

    expect(await documents.get(NAME)).toBeUndefined();
    expect(await documents.get(NAME, first?.versionId)).toMatchObject({ body: 'one' });
  });

  it('a version that is gone answers so', async () => {
    const first = await documents.put(NAME, 'one', 'any');
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: NAME, VersionId: first?.versionId }));

    expect(await documents.get(NAME, first?.versionId)).toBeUndefined();
  });

  it('an empty document is a document', async () => {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: NAME, Body: new Uint8Array() }));

    expect(await documents.get(NAME)).toMatchObject({ body: '' });
  });

  it('that may not be read is an error, not a missing document', async () => {
    const blind = new S3Documents(embedded.clientFor('no-read'), bucket);
    await documents.put(NAME, 'one', 'any');

    await expect(blind.get(NAME)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('in a bucket that is not there is an error, not a missing document', async () => {
    await expect(new S3Documents(client, 'no-such-bucket').get(NAME)).rejects.toMatchObject({
      name: 'NoSuchBucket',
    });
  });

  it('in a bucket of another account is an error', async () => {
    const foreign = new S3Documents(client, bucket, '999999999999');
    await documents.put(NAME, 'one', 'any');

    await expect(foreign.get(NAME)).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(foreign.put(NAME, 'two', 'any')).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(await bodyNow()).toBe('one');
  });
});

describe('writing a document', () => {
  it('names no version where the bucket keeps none', async () => {
    const plain = new S3Documents(client, await makeBucket(client, 'plain'));

    expect(await plain.put(NAME, 'one', 'any')).toStrictEqual({ etag: expect.stringMatching(/^"/) });
  });

  it('whatever was there: over it', async () => {
    await documents.put(NAME, 'one', 'any');

    expect(await documents.put(NAME, 'two', 'any')).toBeDefined();

    expect(await bodyNow()).toBe('two');
  });

  it('only where there is none', async () => {
    expect(await documents.put(NAME, 'one', 'none')).toBeDefined();
    expect(await documents.put(NAME, 'two', 'none')).toBeUndefined();

    expect(await bodyNow()).toBe('one');
  });

  it('where there is none since it was deleted', async () => {
    await documents.put(NAME, 'one', 'any');
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: NAME }));

    expect(await documents.put(NAME, 'two', 'none')).toBeDefined();
  });

  it('only over what was read', async () => {
    const first = await documents.put(NAME, 'one', 'any');
    const second = await documents.put(NAME, 'two', { etag: first?.etag ?? '' });

    expect(second).toBeDefined();
    expect(await documents.put(NAME, 'three', { etag: first?.etag ?? '' })).toBeUndefined();
    expect(await bodyNow()).toBe('two');
  });

  it('not over what is gone', async () => {
    const first = await documents.put(NAME, 'one', 'any');
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: NAME }));

    expect(await documents.put(NAME, 'two', { etag: first?.etag ?? '' })).toBeUndefined();
    expect(await bodyNow()).toBeUndefined();
  });

  it.each([
    ['the first document', 'none'],
    ['one over another', 'etag'],
  ])('of sixteen who write %s at once exactly one does', async (_, how) => {
    const before = how === 'etag' ? await documents.put(NAME, 'before', 'any') : undefined;
    const expected = before === undefined ? 'none' : { etag: before.etag };

    const answers = await Promise.all(
      Array.from({ length: 16 }, async (__, at) => documents.put(NAME, String(at), expected)),
    );

    const winners = answers.flatMap((answer, at) => (answer === undefined ? [] : [String(at)]));
    expect(winners).toHaveLength(1);
    expect(await bodyNow()).toBe(winners[0]);
  });

  it('in the same moment as somebody else is a lost race', async () => {
    conflict = 'ConditionalRequestConflict';

    expect(await documents.put(NAME, 'one', 'none')).toBeUndefined();
    expect(await documents.put(NAME, 'one', { etag: '"0"' })).toBeUndefined();
  });

  it('without a condition loses no race: a conflict is an error', async () => {
    conflict = 'OperationAborted';

    await expect(documents.put(NAME, 'one', 'any')).rejects.toMatchObject({ name: 'OperationAborted' });
  });

  it.each(['any', 'none', { etag: '"0"' }] as const)(
    'that is denied is an error, not a lost race (%j)',
    async (expected) => {
      const mute = new S3Documents(embedded.clientFor('no-write'), bucket);

      await expect(mute.put(NAME, 'one', expected)).rejects.toMatchObject({ name: 'AccessDenied' });
    },
  );

  it.each(['any', 'none', { etag: '"0"' }] as const)(
    'in a bucket that is not there is an error, not a lost race (%j)',
    async (expected) => {
      const lost = new S3Documents(client, 'no-such-bucket');

      await expect(lost.put(NAME, 'one', expected)).rejects.toMatchObject({ name: 'NoSuchBucket' });
    },
  );
});
