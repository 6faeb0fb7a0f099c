import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { type BulkStore } from '../ports/bulk-store.ts';

/** What the bulk functions share, as objects of the configuration bucket. */
export class S3BulkStore implements BulkStore {
  private readonly client: S3Client;
  private readonly bucket: { Bucket: string; ExpectedBucketOwner?: string };

  constructor(client: S3Client, bucket: string, expectedBucketOwner?: string) {
    this.client = client;
    this.bucket = {
      Bucket: bucket,
      ...(expectedBucketOwner !== undefined && { ExpectedBucketOwner: expectedBucketOwner }),
    };
  }

  async *list(prefix: string): AsyncGenerator<string> {
    let next: string | undefined;
    do {
      const page = await this.client.send(
        new ListObjectsV2Command({
          ...this.bucket,
          Prefix: prefix,
          ...(next !== undefined && { ContinuationToken: next }),
        }),
      );
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key;
      next = page.NextContinuationToken;
    } while (next !== undefined);
  }

  async *lines(name: string): AsyncGenerator<string> {
    const body = await this.open(name);
    if (body !== undefined) yield* createInterface({ input: body, crlfDelay: Infinity });
  }

  async digest(name: string): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of (await this.open(name)) ?? []) hash.update(chunk as Buffer);
    return hash.digest('hex');
  }

  async putText(name: string, text: string): Promise<void> {
    await this.client.send(new PutObjectCommand({ ...this.bucket, Key: name, Body: text }));
  }

  async putFile(name: string, path: string): Promise<void> {
    const { size } = await stat(path);
    await this.client.send(
      new PutObjectCommand({
        ...this.bucket,
        Key: name,
        Body: createReadStream(path),
        ContentLength: size,
        // Jobs refuse a list of our own under a KMS key, which the bucket may have by default.
        ServerSideEncryption: 'AES256',
      }),
    );
  }

  async fetch(name: string, path: string): Promise<void> {
    const body = await this.open(name);
    if (body === undefined) throw new Error(`${name} is not in the bucket ${this.bucket.Bucket}`);
    await pipeline(body, createWriteStream(path));
  }

  private async open(name: string): Promise<Readable | undefined> {
    try {
      const { Body } = await this.client.send(new GetObjectCommand({ ...this.bucket, Key: name }));
      return Body as Readable;
    } catch (cause) {
      if (cause instanceof S3ServiceException && cause.name === 'NoSuchKey') return undefined;
      throw cause;
    }
  }
}
