import { GetObjectCommand, PutObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { type Document, type Documents, type Expected, type Written } from '../ports/documents.ts';

/** Small shared documents as objects of one versioned bucket, changed by conditional writes. */
export class S3Documents implements Documents {
  private readonly client: S3Client;
  private readonly bucket: { Bucket: string; ExpectedBucketOwner?: string };

  constructor(client: S3Client, bucket: string, expectedBucketOwner?: string) {
    this.client = client;
    this.bucket = {
      Bucket: bucket,
      ...(expectedBucketOwner !== undefined && { ExpectedBucketOwner: expectedBucketOwner }),
    };
  }

  async get(name: string, versionId?: string): Promise<Document | undefined> {
    try {
      const { Body, ETag, VersionId } = await this.client.send(
        new GetObjectCommand({
          ...this.bucket,
          Key: name,
          ...(versionId !== undefined && { VersionId: versionId }),
        }),
      );
      const body = (await Body?.transformToString()) ?? '';
      return { body, etag: ETag ?? '', ...(VersionId !== undefined && { versionId: VersionId }) };
    } catch (error) {
      // A bucket that is missing is no missing document: nobody may go on as if nothing had been configured.
      if (error instanceof S3ServiceException && MISSING.has(error.name)) return undefined;
      throw error;
    }
  }

  async put(name: string, body: string, expected: Expected): Promise<Written | undefined> {
    const condition =
      expected === 'any' ? {} : expected === 'none' ? { IfNoneMatch: '*' } : { IfMatch: expected.etag };
    try {
      const { ETag, VersionId } = await this.client.send(
        new PutObjectCommand({ ...this.bucket, Key: name, Body: body, ...condition }),
      );
      return { etag: ETag ?? '', ...(VersionId !== undefined && { versionId: VersionId }) };
    } catch (error) {
      const status = statusOf(error);
      // 409: somebody else's write of the same moment; 404: the document to be replaced is gone.
      const moved =
        status === 412 || status === 409 || (error instanceof S3ServiceException && MISSING.has(error.name));
      if (expected !== 'any' && moved) return undefined;
      throw error;
    }
  }
}

const MISSING = new Set(['NoSuchKey', 'NoSuchVersion']);

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}
