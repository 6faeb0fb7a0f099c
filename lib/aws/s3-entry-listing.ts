/** Lists versions together with delete markers, which the SDK hands out as two lists. */
import {
  type DeleteMarkerEntry,
  ListObjectVersionsCommand,
  type ObjectVersion,
  type S3Client,
} from '@aws-sdk/client-s3';
import { instantOf } from '../lock/instant.ts';
import { type EntryListing, type ListedEntry } from '../ports/entry-listing.ts';
import { versionIdOf } from '../ports/lock-store.ts';
import { type Marker } from '../ports/version-listing.ts';

type Decode = (key: string) => string;

export class S3EntryListing implements EntryListing {
  private readonly client: S3Client;
  private readonly owner: { ExpectedBucketOwner?: string };

  constructor(client: S3Client, expectedBucketOwner?: string) {
    this.client = client;
    this.owner = expectedBucketOwner === undefined ? {} : { ExpectedBucketOwner: expectedBucketOwner };
  }

  async entries(
    bucket: string,
    prefix: string,
    after?: Marker,
  ): Promise<{ entries: readonly ListedEntry[]; next?: Marker }> {
    const marker = after && {
      KeyMarker: after.key,
      ...(after.versionId !== undefined && { VersionIdMarker: after.versionId }),
    };
    const page = await this.client.send(
      new ListObjectVersionsCommand({
        ...{ Bucket: bucket, Prefix: prefix, EncodingType: 'url' },
        ...marker,
        ...this.owner,
      }),
    );
    // A store that does not know the encoding sends keys as they are.
    const decode: Decode = page.EncodingType === 'url' ? decoded : (key) => key;
    const versions = (page.Versions ?? []).flatMap((one) => entryOf('version', bucket, one, decode));
    const markers = (page.DeleteMarkers ?? []).flatMap((one) => entryOf('marker', bucket, one, decode));
    const entries = merged(versions, markers);
    if (page.IsTruncated !== true || page.NextKeyMarker === undefined) return { entries };
    const versionId = page.NextVersionIdMarker;
    const next = { key: decode(page.NextKeyMarker), ...(versionId !== undefined && { versionId }) };
    // A store that answers with the marker that it was given would be asked for ever.
    if (next.key === after?.key && versionId === after.versionId) return { entries };
    return { entries, next };
  }
}

function entryOf(
  kind: ListedEntry['kind'],
  bucket: string,
  { Key, VersionId, LastModified, IsLatest, ...more }: ObjectVersion | DeleteMarkerEntry,
  decode: Decode,
): ListedEntry[] {
  if (Key === undefined || VersionId === undefined || LastModified === undefined) return [];
  const ref = { bucket, key: decode(Key), versionId: versionIdOf(VersionId) };
  const size = 'Size' in more && more.Size !== undefined ? more.Size : 'unknown';
  return [{ kind, ref, created: instantOf(LastModified.getTime()), latest: IsLatest === true, size }];
}

/** Joins the two lists again; each of them is in order already. */
function merged(versions: readonly ListedEntry[], markers: readonly ListedEntry[]): ListedEntry[] {
  const entries: ListedEntry[] = [];
  let at = 0;
  for (const marker of markers) {
    for (let version = versions[at]; version !== undefined; version = versions[at]) {
      if (!comesFirst(version, marker, entries.at(-1))) break;
      entries.push(version);
      at += 1;
    }
    entries.push(marker);
  }
  return [...entries, ...versions.slice(at)];
}

function comesFirst(version: ListedEntry, marker: ListedEntry, last: ListedEntry | undefined): boolean {
  if (version.ref.key !== marker.ref.key)
    return Buffer.compare(Buffer.from(version.ref.key), Buffer.from(marker.ref.key)) < 0;
  if (version.latest !== marker.latest) return version.latest;
  if (version.created !== marker.created) return version.created > marker.created;
  // Listings tell whole seconds. Within one, a marker seldom follows another: it hides a version.
  return last?.kind === 'marker' && last.ref.key === version.ref.key;
}

/** Keys come encoded, since XML cannot hold every character that a key may; some stores write a space as `+`. */
function decoded(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '));
}
