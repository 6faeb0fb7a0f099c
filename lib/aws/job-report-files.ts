/** The files of a completion report, as S3 Batch Operations writes them into a bucket. */
import { createHash } from 'node:crypto';
import { type Readable } from 'node:stream';
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { lineCutter } from './csv-lines.ts';
import { named } from './job-failures.ts';

/** Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage. */
const COLUMNS = 7;
const ALL = Array.from({ length: COLUMNS }, (_, at) => at);

export class JobReportFiles {
  private readonly s3: S3Client;
  private readonly bucket: string;

  constructor(s3: S3Client, bucket: string) {
    this.s3 = s3;
    this.bucket = bucket;
  }

  /** The lines of the report, cut into cells. */
  async *rows(id: string, prefix: string): AsyncGenerator<readonly string[]> {
    for (const key of await this.reportKeys(id, prefix)) {
      if (!key.endsWith('.csv')) continue;
      let lines: string[][] = [];
      const cutter = lineCutter(
        COLUMNS,
        ALL,
        (text, bounds) => {
          lines.push(ALL.map((at) => text.slice(bounds[at * 2] ?? 0, bounds[at * 2 + 1] ?? 0)));
        },
        // A line that is none makes the report tell of fewer versions, and then each of them is looked at.
        () => undefined,
      );
      for await (const chunk of await this.stream(key)) {
        cutter.take((chunk as Buffer).toString('latin1'));
        yield* lines;
        lines = [];
      }
      cutter.end();
      yield* lines;
    }
  }

  async evidence(id: string, prefix: string): Promise<{ name: string; sha256: string }[]> {
    const found: { name: string; sha256: string }[] = [];
    for (const key of await this.reportKeys(id, prefix)) {
      const hash = createHash('sha256');
      for await (const chunk of await this.stream(key)) hash.update(chunk as Buffer);
      found.push({ name: `s3://${this.bucket}/${key}`, sha256: hash.digest('hex') });
    }
    return found;
  }

  /** What lies under the name of the job, whatever the list of it is called: two pages of the guide disagree. */
  private async reportKeys(id: string, prefix: string): Promise<string[]> {
    const { s3, bucket } = this;
    const keys: string[] = [];
    let next: string | undefined;
    do {
      const list = new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: `${prefix}/job-${id}/`,
        ...(next !== undefined && { ContinuationToken: next }),
      });
      const page = await named(`look for the report of the bulk job ${id}`, 's3:ListBucket', async () =>
        s3.send(list),
      );
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key);
      next = page.NextContinuationToken;
    } while (next !== undefined);
    return keys.sort();
  }

  private async stream(key: string): Promise<Readable> {
    const { s3, bucket } = this;
    const { Body } = await named(`read the report s3://${bucket}/${key}`, 's3:GetObject', async () =>
      s3.send(new GetObjectCommand({ Bucket: bucket, Key: key })),
    );
    return Body as Readable;
  }
}
