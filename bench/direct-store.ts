/** The stores on which the direct engine is raced: the embedded S3, and Ceph RGW where one runs. */
import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { s3Client } from '../lib/aws/s3-client.ts';
import { type VersionRef, versionIdOf } from '../lib/ports/lock-store.ts';
import { startServer } from './server-process.ts';

/** Connections of every contestant, and threads of the script. */
export const CONNECTIONS = 32;

export interface DirectStore {
  readonly name: string;
  readonly provider: string;
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly client: S3Client;
  readonly bucket: string;
  /** Versions that each of the faster contestants locks in a round. */
  readonly perRound: number;
  readonly stop: () => void;
}

export async function openStores(): Promise<DirectStore[]> {
  const server = await startServer('s3');
  const embedded = await storeAt({
    name: 'embedded S3',
    provider: 'embedded',
    endpoint: `http://127.0.0.1:${server.port}`,
    credentials: { accessKeyId: 'holdfast', secretAccessKey: 'holdfast-secret' },
    perRound: 1_000,
    stop: () => {
      server.stop();
    },
  });
  const rgw = process.env.HOLDFAST_TEST_RGW;
  if (rgw === undefined || rgw === '') return [embedded];
  const ceph = await storeAt({
    name: 'Ceph RGW',
    provider: 'ceph-rgw',
    endpoint: rgw,
    credentials: { accessKeyId: 'testaccess', secretAccessKey: 'testsecret' },
    perRound: 250,
    stop: () => undefined,
  });
  return [embedded, ceph];
}

async function storeAt(options: Omit<DirectStore, 'client' | 'bucket'>): Promise<DirectStore> {
  const { endpoint, credentials, stop } = options;
  const client = s3Client({ endpoint, credentials });
  const bucket = `bench-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
  return {
    ...options,
    client,
    bucket,
    stop: () => {
      client.destroy();
      stop();
    },
  };
}

/** New versions without a lock. */
export async function uploads({ client, bucket }: DirectStore, count: number): Promise<VersionRef[]> {
  const refs: VersionRef[] = [];
  await atOnce(Array.from({ length: count }).values(), async () => {
    const key = `invoices/${randomUUID()}.pdf`;
    const { VersionId } = await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'x' }));
    refs.push({ bucket, key, versionId: versionIdOf(VersionId ?? 'null') });
  });
  return refs;
}

/** Works on all items, with as many under way as there are connections. */
export async function atOnce<T>(items: Iterator<T>, work: (item: T) => Promise<void>): Promise<void> {
  const lane = async (): Promise<void> => {
    for (let next = items.next(); next.done !== true; next = items.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
}
