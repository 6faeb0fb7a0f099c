import {
  ListBucketsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { HoldfastError } from '../errors.ts';
import { instantOf } from '../lock/instant.ts';
import { versionIdOf } from '../ports/lock-store.ts';
import { type ListedVersion, type Marker, type VersionListing } from '../ports/version-listing.ts';

/** Lists versions by ListObjectVersions, which every store has. */
export class S3VersionListing implements VersionListing {
  private readonly client: S3Client;
  private readonly owner: { ExpectedBucketOwner?: string };

  constructor(client: S3Client, expectedBucketOwner?: string) {
    this.client = client;
    this.owner = expectedBucketOwner === undefined ? {} : { ExpectedBucketOwner: expectedBucketOwner };
  }

  async page(
    bucket: string,
    after?: Marker,
    prefix?: string,
  ): Promise<{ versions: readonly ListedVersion[]; next?: Marker }> {
    const marker = after && {
      KeyMarker: after.key,
      ...(after.versionId !== undefined && { VersionIdMarker: after.versionId }),
    };
    const page = await this.send(
      new ListObjectVersionsCommand({
        ...{ Bucket: bucket, EncodingType: 'url' },
        ...(prefix !== undefined && { Prefix: prefix }),
        ...marker,
        ...this.owner,
      }),
    );
    const versions = (page.Versions ?? []).flatMap(
      ({ Key, VersionId, LastModified, ETag, Size }): ListedVersion[] =>
        Key === undefined || VersionId === undefined || LastModified === undefined
          ? []
          : [
              {
                ref: { bucket, key: decoded(Key, page.EncodingType), versionId: versionIdOf(VersionId) },
                created: instantOf(LastModified.getTime()),
                multipart: /-\d+"?$/.test(ETag ?? ''),
                ...(Size !== undefined && { size: Size }),
                ...(ETag !== undefined && { etag: ETag.replaceAll('"', '') }),
              },
            ],
    );
    const versionId = page.NextVersionIdMarker;
    if (page.IsTruncated !== true || page.NextKeyMarker === undefined) return { versions };
    // A store that answers with the marker that it was given would be asked for ever.
    if (decoded(page.NextKeyMarker, page.EncodingType) === after?.key && versionId === after.versionId)
      return { versions };
    return {
      versions,
      next: {
        key: decoded(page.NextKeyMarker, page.EncodingType),
        ...(versionId !== undefined && { versionId }),
      },
    };
  }

  private async send(command: ListObjectVersionsCommand): Promise<ListObjectVersionsCommandOutput> {
    try {
      return await this.client.send(command);
    } catch (cause) {
      if (!(cause instanceof S3ServiceException && cause.name === 'NoSuchBucket')) throw cause;
      throw new HoldfastError('bad-input', {
        what: `there is no bucket ${command.input.Bucket ?? ''}`,
        next: 'check its name, the endpoint and the account',
        cause,
      });
    }
  }

  /** The names of all buckets that the credentials may see. */
  async buckets(): Promise<string[]> {
    const { Buckets = [] } = await this.client.send(new ListBucketsCommand({}));
    return Buckets.flatMap(({ Name }) => (Name === undefined ? [] : [Name]));
  }
}

/** Keys come encoded, since XML cannot hold every character that a key may; not every store does as it is asked. */
function decoded(key: string, encoding: string | undefined): string {
  return encoding === 'url' ? decodeURIComponent(key.replaceAll('+', ' ')) : key;
}
