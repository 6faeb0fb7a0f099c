import { bucketOf, queryOf, type Answer, type Call } from '../call.ts';
import { checksumElement } from '../checksums.ts';
import { isoSeconds } from '../dates.ts';
import { compareKeys } from '../key-order.ts';
import type { Upload } from '../upload.ts';
import { branch, leaf, xmlDocument } from '../xml.ts';
import { owner } from './buckets.ts';
import { commonPrefixes, encoded, listQueryOf, maxOf, pageOf, type Start } from './list-page.ts';
import { uploadOf } from './multipart.ts';

/** ListMultipartUploads: by key, the uploads of a key in the order they began. */
export function listMultipartUploads(call: Call): Answer {
  const bucket = bucketOf(call);
  const query = listQueryOf(call, 'max-uploads');
  const keyMarker = queryOf(call, 'key-marker') ?? '';
  // S3 ignores the upload marker without a key.
  const idMarker = keyMarker === '' ? '' : (queryOf(call, 'upload-id-marker') ?? '');
  const byKey = Map.groupBy(bucket.uploads.values(), (upload) => upload.key);
  const keys = [...byKey.keys()].sort(compareKeys);
  const page = pageOf(keys, query, startOf(byKey, keyMarker, idMarker), (key) => byKey.get(key) ?? []);
  const last = page.entries.at(-1);
  const prefixes = page.entries.filter((entry) => entry.kind === 'prefix').map((entry) => entry.key);
  return {
    status: 200,
    body: xmlDocument(
      'ListMultipartUploadsResult',
      leaf('Bucket', bucket.name),
      leaf('KeyMarker', encoded(query, keyMarker)),
      leaf('UploadIdMarker', idMarker),
      leaf('NextKeyMarker', last ? encoded(query, last.key) : ''),
      leaf('NextUploadIdMarker', last?.kind === 'item' ? last.item.id : ''),
      query.delimiter === '' ? '' : leaf('Delimiter', encoded(query, query.delimiter)),
      leaf('Prefix', encoded(query, query.prefix)),
      query.encodes ? leaf('EncodingType', 'url') : '',
      leaf('MaxUploads', query.max),
      leaf('IsTruncated', page.isTruncated),
      ...page.entries.map((entry) =>
        entry.kind === 'item'
          ? branch(
              'Upload',
              leaf('Key', encoded(query, entry.key)),
              leaf('UploadId', entry.item.id),
              owner(call, 'Initiator'),
              owner(call),
              leaf('StorageClass', entry.item.facts.storageClass),
              leaf('Initiated', isoSeconds(entry.item.initiated)),
              ...checksumLeaves(entry.item),
            )
          : '',
      ),
      commonPrefixes(query, prefixes),
    ),
  };
}

function startOf(byKey: ReadonlyMap<string, readonly Upload[]>, key: string, id: string): Start<Upload> {
  if (id === '') return { after: key };
  const uploads = byKey.get(key) ?? [];
  const index = uploads.findIndex((upload) => upload.id === id);
  return { after: key, rest: index < 0 ? [] : uploads.slice(index + 1) };
}

const checksumLeaves = (upload: Upload): string[] =>
  upload.algorithm
    ? [leaf('ChecksumAlgorithm', upload.algorithm), leaf('ChecksumType', upload.checksumType)]
    : [];

/** ListParts. */
export function listParts(call: Call): Answer {
  const bucket = bucketOf(call);
  const upload = uploadOf(call, bucket);
  const max = maxOf(queryOf(call, 'max-parts'), 'max-parts');
  const marker = partMarkerOf(queryOf(call, 'part-number-marker'));
  const following = [...upload.parts.values()]
    .filter((part) => part.number > marker)
    .sort((a, b) => a.number - b.number);
  const parts = following.slice(0, max);
  return {
    status: 200,
    body: xmlDocument(
      'ListPartsResult',
      leaf('Bucket', bucket.name),
      leaf('Key', upload.key),
      leaf('UploadId', upload.id),
      owner(call, 'Initiator'),
      owner(call),
      leaf('StorageClass', upload.facts.storageClass),
      leaf('PartNumberMarker', marker),
      leaf('NextPartNumberMarker', parts.at(-1)?.number ?? 0),
      leaf('MaxParts', max),
      leaf('IsTruncated', following.length > parts.length),
      ...checksumLeaves(upload),
      ...parts.map((part) =>
        branch(
          'Part',
          leaf('PartNumber', part.number),
          leaf('LastModified', isoSeconds(part.lastModified)),
          leaf('ETag', `"${part.etag}"`),
          part.checksum ? leaf(checksumElement(part.checksum.algorithm), part.checksum.value) : '',
          leaf('Size', part.data.length),
        ),
      ),
    ),
  };
}

const partMarkerOf = (text: string | undefined): number => {
  const number = Number(text ?? 0);
  return Number.isInteger(number) && number > 0 ? number : 0;
};
