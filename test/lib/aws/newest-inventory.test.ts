import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newestInventory } from '../../../lib/aws/newest-inventory.ts';
import { makeBucket } from '../../helpers/bucket.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';

let embedded: Embedded;
let client: S3Client;
let bucket: string;

beforeAll(async () => {
  embedded = await startEmbedded({ stranger: ['s3:ListBucket'] });
  client = embedded.clientFor();
});
afterAll(async () => {
  await embedded.close();
});
beforeEach(async () => {
  bucket = await makeBucket(client, 'plain');
});

const put = async (...keys: string[]): Promise<void> => {
  for (const Key of keys) await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }));
};
const PLACE = 'lists/acme-docs/holdfast';
const report = (time: string): string[] =>
  ['json', 'checksum'].map((end) => `${PLACE}/${time}/manifest.${end}`);

describe('the newest inventory of a configuration', () => {
  it('is that of the latest date, wherever else files lie', async () => {
    await put(...report('2026-11-18T01-00Z'), ...report('2026-11-19T01-00Z'), ...report('2025-12-31T23-59Z'));
    await put(
      `${PLACE}/data/1.csv.gz`,
      `${PLACE}/hive/dt=2026-11-20-01-00/symlink.txt`,
      `lists/acme-docs/holdfast-2/2026-11-20T01-00Z/manifest.checksum`,
    );

    expect(await newestInventory(client, `s3://${bucket}/${PLACE}`)).toStrictEqual({
      ...{ bucket, key: `${PLACE}/2026-11-19T01-00Z/manifest.json` },
    });
    expect(await newestInventory(client, `s3://${bucket}/${PLACE}/`)).toMatchObject({
      key: `${PLACE}/2026-11-19T01-00Z/manifest.json`,
    });
  });

  it('is whole: one without its checksum is still being written', async () => {
    await put(...report('2026-11-18T01-00Z'), `${PLACE}/2026-11-19T01-00Z/manifest.json`);

    expect(await newestInventory(client, `s3://${bucket}/${PLACE}`)).toMatchObject({
      key: `${PLACE}/2026-11-18T01-00Z/manifest.json`,
    });
  });

  it('is none where there is none', async () => {
    await put(`${PLACE}/2026-11-19T01-00Z/manifest.json`, `${PLACE}/data/1.csv.gz`);

    expect(await newestInventory(client, `s3://${bucket}/${PLACE}`)).toBeUndefined();
    expect(await newestInventory(client, `s3://${bucket}/elsewhere`)).toBeUndefined();
  });

  it.each(['acme-docs', 's3://bucket', 's3://bucket/', 'https://bucket/prefix', ''])(
    'is not looked for in %j',
    async (place) => {
      await expect(newestInventory(client, place)).rejects.toMatchObject({ code: 'bad-input' });
    },
  );

  it('is not none where nobody may look', async () => {
    await expect(
      newestInventory(embedded.clientFor('stranger'), `s3://${bucket}/${PLACE}`),
    ).rejects.toThrow();
  });
});
