import type { Bucket } from '../bucket.ts';
import { bucketOf, queryOf, type Answer, type Call } from '../call.ts';
import { isoSeconds } from '../dates.ts';
import { invalidArgument } from '../errors.ts';
import type { ObjectVersion } from '../version.ts';
import { branch, leaf, xmlDocument } from '../xml.ts';
import { owner } from './buckets.ts';
import {
  commonPrefixes,
  encoded,
  listQueryOf,
  pageFacts,
  pageOf,
  type ListQuery,
  type Page,
} from './list-page.ts';

const currentObjects = (bucket: Bucket, query: ListQuery, after: string): Page<ObjectVersion> =>
  pageOf(bucket.keys(), query, { after }, (key) => {
    const current = bucket.current(key);
    return current?.kind === 'object' ? [current] : [];
  });

/** ListObjects, the first version. */
export function listObjects(call: Call): Answer {
  const bucket = bucketOf(call);
  const query = listQueryOf(call);
  const marker = queryOf(call, 'marker') ?? '';
  const page = currentObjects(bucket, query, marker);
  const last = page.entries.at(-1)?.key ?? '';
  return {
    status: 200,
    headers: { 'x-amz-bucket-region': bucket.region },
    body: xmlDocument(
      'ListBucketResult',
      leaf('Name', bucket.name),
      leaf('Prefix', encoded(query, query.prefix)),
      leaf('Marker', encoded(query, marker)),
      // Without a delimiter the last key listed serves as the next marker, and S3 does not repeat it.
      page.isTruncated && query.delimiter !== '' ? leaf('NextMarker', encoded(query, last)) : '',
      pageFacts(query, page),
      contents(call, query, page, true),
    ),
  };
}

const TOKEN_PREFIX = '1';

/** ListObjectsV2. */
export function listObjectsV2(call: Call): Answer {
  const bucket = bucketOf(call);
  const type = queryOf(call, 'list-type');
  if (type !== '2') throw invalidArgument('Invalid List Type specified in Request', 'list-type', type);
  const query = listQueryOf(call);
  const token = queryOf(call, 'continuation-token');
  const startAfter = queryOf(call, 'start-after') ?? '';
  const page = currentObjects(bucket, query, token === undefined ? startAfter : keyOfToken(token));
  const last = page.entries.at(-1)?.key ?? '';
  return {
    status: 200,
    headers: { 'x-amz-bucket-region': bucket.region },
    body: xmlDocument(
      'ListBucketResult',
      leaf('Name', bucket.name),
      leaf('Prefix', encoded(query, query.prefix)),
      leaf('ContinuationToken', token),
      startAfter === '' ? '' : leaf('StartAfter', encoded(query, startAfter)),
      page.isTruncated ? leaf('NextContinuationToken', tokenOf(last)) : '',
      leaf('KeyCount', page.entries.length),
      pageFacts(query, page),
      contents(call, query, page, queryOf(call, 'fetch-owner')?.toLowerCase() === 'true'),
    ),
  };
}

const tokenOf = (key: string): string => TOKEN_PREFIX + Buffer.from(key).toString('base64url');

function keyOfToken(token: string): string {
  const key = Buffer.from(token.slice(TOKEN_PREFIX.length), 'base64url').toString();
  if (token === '' || tokenOf(key) !== token)
    throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
  return key;
}

function contents(call: Call, query: ListQuery, page: Page<ObjectVersion>, withOwner: boolean): string {
  const prefixes: string[] = [];
  const objects = page.entries.map((entry) => {
    if (entry.kind === 'item') return objectEntry(call, query, entry.item, withOwner);
    prefixes.push(entry.key);
    return '';
  });
  return objects.join('') + commonPrefixes(query, prefixes);
}

const objectEntry = (call: Call, query: ListQuery, version: ObjectVersion, withOwner: boolean): string =>
  branch(
    'Contents',
    leaf('Key', encoded(query, version.key)),
    ...objectDetails(version),
    withOwner ? owner(call) : '',
  );

/** What listings tell of an object beside its key. */
export const objectDetails = (version: ObjectVersion): string[] => [
  leaf('LastModified', isoSeconds(version.lastModified)),
  leaf('ETag', `"${version.etag}"`),
  leaf('ChecksumAlgorithm', version.checksum.algorithm),
  leaf('ChecksumType', version.checksum.type),
  leaf('Size', version.data.length),
  leaf('StorageClass', version.facts.storageClass),
];
