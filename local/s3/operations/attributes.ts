import { bucketOf, demand, headerOf, queryOf, type Answer, type Call } from '../call.ts';
import { checksumElement } from '../checksums.ts';
import { httpDate } from '../dates.ts';
import { checkCustomerKey } from '../encryption.ts';
import { invalidArgument, invalidRequest } from '../errors.ts';
import { readable, versionHeader } from '../lookup.ts';
import type { ObjectVersion } from '../version.ts';
import { branch, leaf, xmlDocument } from '../xml.ts';
import { maxOf } from './list-page.ts';

const KNOWN = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'];

/** GetObjectAttributes. */
export function getObjectAttributes(call: Call): Answer {
  demand(call, queryOf(call, 'versionId') === undefined ? 's3:GetObject' : 's3:GetObjectVersion');
  const asked = (headerOf(call, 'x-amz-object-attributes') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (asked.length === 0)
    throw invalidRequest(
      'The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty',
    );
  if (asked.some((name) => !KNOWN.includes(name)))
    throw invalidArgument('Invalid attribute name specified.', 'x-amz-object-attributes', asked.join(','));
  const bucket = bucketOf(call);
  const version = readable(call, bucket);
  checkCustomerKey(call, version.facts.encryption);
  const printed: Readonly<Record<string, () => string>> = {
    ETag: () => leaf('ETag', version.etag),
    Checksum: () => checksum(version),
    ObjectParts: () => objectParts(call, version),
    StorageClass: () => leaf('StorageClass', version.facts.storageClass),
    ObjectSize: () => leaf('ObjectSize', version.data.length),
  };
  return {
    status: 200,
    headers: {
      'Last-Modified': httpDate(version.lastModified),
      'x-amz-version-id': versionHeader(bucket, version),
    },
    body: xmlDocument(
      'GetObjectAttributesResponse',
      ...KNOWN.filter((name) => asked.includes(name)).map((name) => printed[name]?.() ?? ''),
    ),
  };
}

// Here S3 leaves out the number of parts that ends a composite value elsewhere.
const checksum = ({ checksum: { algorithm, value, type } }: ObjectVersion): string =>
  branch(
    'Checksum',
    leaf(checksumElement(algorithm), value.replace(/-\d+$/, '')),
    leaf('ChecksumType', type),
  );

function objectParts(call: Call, version: ObjectVersion): string {
  if (!version.parts) return '';
  // Parts are listed one by one only where each has a checksum of its own.
  if (version.checksum.type !== 'COMPOSITE')
    return branch('ObjectParts', leaf('PartsCount', version.parts.length));
  const max = maxOf(headerOf(call, 'x-amz-max-parts'), 'x-amz-max-parts');
  const marker = Number(headerOf(call, 'x-amz-part-number-marker') ?? 0);
  const following = version.parts.filter((part) => part.number > marker);
  const parts = following.slice(0, max);
  return branch(
    'ObjectParts',
    leaf('PartsCount', version.parts.length),
    leaf('PartNumberMarker', marker),
    leaf('NextPartNumberMarker', parts.at(-1)?.number ?? 0),
    leaf('MaxParts', max),
    leaf('IsTruncated', following.length > parts.length),
    ...parts.map((part) =>
      branch(
        'Part',
        leaf('PartNumber', part.number),
        leaf('Size', part.size),
        part.checksum ? leaf(checksumElement(part.checksum.algorithm), part.checksum.value) : '',
      ),
    ),
  );
}
