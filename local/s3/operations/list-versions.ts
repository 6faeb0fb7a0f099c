import type { Bucket } from '../bucket.ts';
import { bucketOf, queryOf, type Answer, type Call } from '../call.ts';
import { isoSeconds } from '../dates.ts';
import { invalidArgument } from '../errors.ts';
import { invalidVersionId } from '../lookup.ts';
import { NULL_VERSION } from '../version-id.ts';
import type { Version } from '../version.ts';
import { branch, leaf, xmlDocument } from '../xml.ts';
import { owner } from './buckets.ts';
import {
  commonPrefixes,
  encoded,
  listQueryOf,
  pageFacts,
  pageOf,
  type ListQuery,
  type Start,
} from './list-page.ts';
import { objectDetails } from './list-objects.ts';

/** ListObjectVersions: keys in order, the versions of each newest first. */
export function listObjectVersions(call: Call): Answer {
  const bucket = bucketOf(call);
  const query = listQueryOf(call);
  const keyMarker = queryOf(call, 'key-marker') ?? '';
  const versionMarker = queryOf(call, 'version-id-marker') ?? '';
  const start = startOf(call, bucket, keyMarker, versionMarker);
  const page = pageOf(bucket.keys(), query, start, (key) => bucket.history(key)?.newestFirst() ?? []);
  const last = page.entries.at(-1);
  const prefixes = page.entries.filter((entry) => entry.kind === 'prefix').map((entry) => entry.key);
  return {
    status: 200,
    headers: { 'x-amz-bucket-region': bucket.region },
    body: xmlDocument(
      'ListVersionsResult',
      leaf('Name', bucket.name),
      leaf('Prefix', encoded(query, query.prefix)),
      leaf('KeyMarker', encoded(query, keyMarker)),
      leaf('VersionIdMarker', versionMarker),
      page.isTruncated && last ? leaf('NextKeyMarker', encoded(query, last.key)) : '',
      page.isTruncated && last?.kind === 'item' ? leaf('NextVersionIdMarker', last.item.versionId) : '',
      pageFacts(query, page),
      ...page.entries.map((entry) =>
        entry.kind === 'item' ? versionEntry(call, query, bucket, entry.item) : '',
      ),
      commonPrefixes(query, prefixes),
    ),
  };
}

function startOf(call: Call, bucket: Bucket, key: string, versionId: string): Start<Version> {
  if (versionId === '') return { after: key };
  if (key === '')
    throw invalidArgument(
      'A version-id marker cannot be specified without a key marker.',
      'version-id-marker',
      versionId,
    );
  const versions = bucket.history(key)?.newestFirst() ?? [];
  // Clients that empty a bucket delete a page before they ask for the next: the marker may be gone.
  const sequence =
    bucket.history(key)?.get(versionId)?.sequence ?? call.service.versionIds.sequenceOf(versionId);
  if (sequence === undefined) {
    if (versionId !== NULL_VERSION) throw invalidVersionId(versionId);
    return { after: key };
  }
  return { after: key, rest: versions.filter((version) => version.sequence < sequence) };
}

function versionEntry(call: Call, query: ListQuery, bucket: Bucket, version: Version): string {
  const identity = [
    leaf('Key', encoded(query, version.key)),
    leaf('VersionId', version.versionId),
    leaf('IsLatest', bucket.current(version.key) === version),
  ];
  return version.kind === 'marker'
    ? branch('DeleteMarker', ...identity, leaf('LastModified', isoSeconds(version.lastModified)), owner(call))
    : branch('Version', ...identity, ...objectDetails(version), owner(call));
}
