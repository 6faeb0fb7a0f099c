/** Reads a version whose HEAD needs a key that we do not have (SSE-C): by listing the versions of its key. */
import {
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type ObjectRef } from '../ports/lock-store.ts';
import { ask, isRefused, type Refusal } from './answers.ts';

export interface ListedVersion {
  readonly versionId: string;
  readonly modified: Date;
  readonly size: number | undefined;
  readonly latest: boolean;
}

/** Finds a version, or the current one, among the versions of its key; `undefined` when it is not there. */
export async function findByListing(
  client: S3Client,
  ref: ObjectRef,
  owner: { ExpectedBucketOwner?: string },
  signal: AbortSignal,
): Promise<ListedVersion | undefined | { readonly refused: Refusal }> {
  let KeyMarker: string | undefined;
  let VersionIdMarker: string | undefined;
  for (;;) {
    const marker = {
      ...(KeyMarker !== undefined && { KeyMarker }),
      ...(VersionIdMarker !== undefined && { VersionIdMarker }),
    };
    const input = { Bucket: ref.bucket, Prefix: ref.key, ...marker, ...owner };
    const page: ListObjectVersionsCommandOutput | { refused: Refusal } = await ask(
      `list the versions of ${ref.bucket}/${JSON.stringify(ref.key)}`,
      () => client.send(new ListObjectVersionsCommand(input), { abortSignal: signal }),
    );
    if (isRefused(page)) return page;
    const versions = page.Versions ?? [];
    for (const { Key, VersionId, LastModified, Size, IsLatest } of versions) {
      if (Key !== ref.key || VersionId === undefined || LastModified === undefined) continue;
      if (ref.versionId === undefined ? IsLatest === true : VersionId === ref.versionId) {
        return { versionId: VersionId, modified: LastModified, size: Size, latest: IsLatest === true };
      }
    }
    // The key itself sorts before every longer key that begins with it.
    const past = versions.some(({ Key }) => Key !== ref.key);
    if (past || page.IsTruncated !== true || page.NextKeyMarker === undefined) return undefined;
    // A store that answers with the marker that it was given would be asked for ever.
    if (page.NextKeyMarker === KeyMarker && page.NextVersionIdMarker === VersionIdMarker) return undefined;
    KeyMarker = page.NextKeyMarker;
    VersionIdMarker = page.NextVersionIdMarker;
  }
}
