/** The pages of rolls as objects of the records bucket, changed by conditional writes. */
import { type S3Client } from '@aws-sdk/client-s3';
import { HoldfastError } from '../errors.ts';
import { type RollStore } from '../ports/roll-store.ts';
import { S3BulkStore } from './s3-bulk-store.ts';
import { S3Documents } from './s3-documents.ts';

const TRIES = 12;

export class S3RollStore implements RollStore {
  private readonly pages: S3BulkStore;
  private readonly documents: S3Documents;

  constructor(client: S3Client, bucket: string, expectedBucketOwner?: string) {
    this.pages = new S3BulkStore(client, bucket, expectedBucketOwner);
    this.documents = new S3Documents(client, bucket, expectedBucketOwner);
  }

  async putText(name: string, text: string): Promise<void> {
    await this.pages.putText(name, text);
  }

  async change(name: string, next: (before: string | undefined) => string | undefined): Promise<void> {
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const before = await this.documents.get(name);
      const text = next(before?.body);
      if (text === undefined || text === before?.body) return;
      const expected = before === undefined ? 'none' : { etag: before.etag };
      if ((await this.documents.put(name, text, expected)) !== undefined) return;
    }
    throw new HoldfastError('throttled', {
      what: `${name} could not be changed: others were faster ${TRIES} times`,
      next: 'nothing is lost: it is tried again',
    });
  }

  list(prefix: string): AsyncIterable<string> {
    return this.pages.list(prefix);
  }

  lines(name: string): AsyncIterable<string> {
    return this.pages.lines(name);
  }
}
