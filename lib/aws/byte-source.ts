/** Files of a listing, wherever they lie: in a bucket, or in a folder to which they were copied. */
import { createReadStream, existsSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Readable } from 'node:stream';
import { GetObjectCommand, type GetObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';

export interface ByteSource {
  /** As an error names it. */
  nameOf(key: string): string;
  /** Everything at once: for small files. */
  bytes(key: string): Promise<Uint8Array>;
  stream(key: string): Promise<Readable>;
  /** The bytes from `start` up to `end`, which does not belong to it. */
  range(key: string, start: number, end: number): Promise<Uint8Array>;
}

export class BucketSource implements ByteSource {
  private readonly client: S3Client;
  private readonly bucket: string;
  private readonly owner: { ExpectedBucketOwner?: string };

  constructor(client: S3Client, bucket: string, expectedBucketOwner?: string) {
    this.client = client;
    this.bucket = bucket;
    this.owner = expectedBucketOwner === undefined ? {} : { ExpectedBucketOwner: expectedBucketOwner };
  }

  nameOf(key: string): string {
    return `s3://${this.bucket}/${key}`;
  }

  async bytes(key: string): Promise<Uint8Array> {
    const { Body } = await this.get(key);
    return (await Body?.transformToByteArray()) ?? new Uint8Array();
  }

  async stream(key: string): Promise<Readable> {
    const { Body } = await this.get(key);
    // In Node the SDK hands out the stream of the socket.
    return Body as Readable;
  }

  async range(key: string, start: number, end: number): Promise<Uint8Array> {
    const { Body } = await this.get(key, `bytes=${start}-${end - 1}`);
    return (await Body?.transformToByteArray()) ?? new Uint8Array();
  }

  private async get(key: string, range?: string): Promise<GetObjectCommandOutput> {
    const input = { Bucket: this.bucket, Key: key, ...this.owner };
    return this.client.send(new GetObjectCommand(range === undefined ? input : { ...input, Range: range }));
  }
}

/** An inventory that was copied to a folder: `manifest.json`, and its files beside it or where S3 puts them. */
export class FolderSource implements ByteSource {
  private readonly folder: string;

  /** @param manifest - the path of manifest.json. */
  constructor(manifest: string) {
    this.folder = dirname(manifest);
  }

  nameOf(key: string): string {
    return this.pathOf(key);
  }

  async bytes(key: string): Promise<Uint8Array> {
    return readFile(this.pathOf(key));
  }

  async stream(key: string): Promise<Readable> {
    return Promise.resolve(createReadStream(this.pathOf(key), { highWaterMark: 1 << 20 }));
  }

  async range(key: string, start: number, end: number): Promise<Uint8Array> {
    const file = await open(this.pathOf(key));
    try {
      const bytes = new Uint8Array(end - start);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  /** A manifest names its files by their keys in the bucket; copies keep the last part of the name at least. */
  private pathOf(key: string): string {
    const name = basename(key);
    const places = [
      join(this.folder, name),
      join(this.folder, 'data', name),
      join(this.folder, '..', 'data', name),
    ];
    return places.find((path) => existsSync(path)) ?? join(this.folder, name);
  }
}
