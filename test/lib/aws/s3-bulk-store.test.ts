import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { s3Client } from '../../../lib/aws/s3-client.ts';
import { S3BulkStore } from '../../../lib/aws/s3-bulk-store.ts';
import { makeBucket } from '../../helpers/bucket.ts';
import { fileOf } from '../../helpers/cli.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';
import { allOf } from '../../helpers/records.ts';

let embedded: Embedded;
let client: S3Client;
let bucket: string;
let store: S3BulkStore;

beforeAll(async () => {
  embedded = await startEmbedded({ stranger: ['s3:GetObject'] });
  client = embedded.clientFor();
});
afterAll(async () => {
  await embedded.close();
});
beforeEach(async () => {
  bucket = await makeBucket(client, 'versioned');
  store = new S3BulkStore(client, bucket);
});

describe('a list of names', () => {
  it('has all of them, however many there are, in their order', async () => {
    const names = Array.from({ length: 1_205 }, (_, at) => `ends/${String(at).padStart(5, '0')}`);
    for (let from = 0; from < names.length; from += 50)
      await Promise.all(names.slice(from, from + 50).map(async (name) => store.putText(name, 'x')));
    await store.putText('other', 'x');

    expect(await allOf(store.list('ends/'))).toStrictEqual(names);
    expect(await allOf(store.list('ends/012'))).toStrictEqual(names.slice(1_200));
  }, 30_000);

  it('is empty where there are none, and an error where there is no bucket', async () => {
    expect(await allOf(store.list('ends/'))).toStrictEqual([]);
    await expect(allOf(new S3BulkStore(client, 'no-such-bucket').list(''))).rejects.toThrow();
  });
});

describe('lines', () => {
  it.each([
    ['one\ntwo\n', ['one', 'two']],
    ['one\ntwo', ['one', 'two']],
    ['one\r\ntwo\r\n', ['one', 'two']],
    ['é😀\n"a,b"\n', ['é😀', '"a,b"']],
  ])('of %j are %j', async (text, lines) => {
    await store.putText('text', text);

    expect(await allOf(store.lines('text'))).toStrictEqual(lines);
  });

  it('are none where there is no such text', async () => {
    expect(await allOf(store.lines('missing'))).toStrictEqual([]);
  });

  it('are not none where nobody may read them, or there is no bucket', async () => {
    await store.putText('text', 'one\n');

    await expect(
      allOf(new S3BulkStore(embedded.clientFor('stranger'), bucket).lines('text')),
    ).rejects.toThrow();
    await expect(allOf(new S3BulkStore(client, 'no-such-bucket').lines('text'))).rejects.toThrow();
  });

  it('do not end well where the answer is cut off', async () => {
    const server: Server = createServer((_, answer) => {
      answer.writeHead(200, { 'content-length': '1000', etag: '"x"' });
      answer.write('one\ntwo\nthr');
      setImmediate(() => {
        answer.destroy();
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const cut = s3Client({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });

    await expect(allOf(new S3BulkStore(cut, 'bucket').lines('text'))).rejects.toThrow();

    cut.destroy();
    server.close();
  });
});

describe('a file', () => {
  it('is stored as jobs take it, and fetched again', async () => {
    const path = fileOf('groups.csv', 'a,b,c\n'.repeat(1_000));
    await store.putFile('groups/g001.csv', path);
    const copy = join(mkdtempSync(join(tmpdir(), 'holdfast-copy-')), 'copy.csv');

    await store.fetch('groups/g001.csv', copy);

    expect(readFileSync(copy, 'utf8')).toBe(readFileSync(path, 'utf8'));
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'groups/g001.csv' }));
    expect(head).toMatchObject({ ContentLength: 6_000 });
  });

  it('may be empty', async () => {
    await store.putFile('empty', fileOf('empty', ''));

    expect(await allOf(store.lines('empty'))).toStrictEqual([]);
  });

  it('says under which name it is missing', async () => {
    await expect(store.fetch('missing', '/tmp/never')).rejects.toThrow(
      `missing is not in the bucket ${bucket}`,
    );
  });
});

it('asks whose bucket it is', async () => {
  const foreign = new S3BulkStore(client, bucket, '000000000000');

  await expect(foreign.putText('text', 'x')).rejects.toThrow();
  await expect(allOf(foreign.list(''))).rejects.toThrow();
  await expect(allOf(foreign.lines('text'))).rejects.toThrow();
});
