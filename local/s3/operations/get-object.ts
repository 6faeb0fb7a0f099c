import { bucketOf, headerOf, may, queryOf, type Answer, type Call } from '../call.ts';
import { checkReadPreconditions, rangeOf, type ByteRange } from '../conditions.ts';
import { httpDate } from '../dates.ts';
import { checkCustomerKey, encryptionHeaders } from '../encryption.ts';
import { invalidArgument, invalidRequest, S3Error } from '../errors.ts';
import { lockAnswer } from '../lock-headers.ts';
import { readable, versionHeader } from '../lookup.ts';
import type { ObjectVersion } from '../version.ts';
import { checksumHeaders } from './put-object.ts';

type Headers = Record<string, string | number | undefined>;

/** GetObject and HeadObject: they differ in the body alone. */
export function getObject(call: Call): Answer {
  const bucket = bucketOf(call);
  const version = readable(call, bucket);
  checkCustomerKey(call, version.facts.encryption);
  const identity: Headers = {
    'Last-Modified': httpDate(version.lastModified),
    ETag: `"${version.etag}"`,
    'x-amz-version-id': versionHeader(bucket, version),
  };
  if (checkReadPreconditions(call, version) === 'not modified') return { status: 304, headers: identity };
  const size = version.data.length;
  const part = partOf(call, version);
  const range = part?.range ?? rangeOf(headerOf(call, 'range'), size);
  const { first, last } = range ?? { first: 0, last: size - 1 };
  const isWhole = first === 0 && last === size - 1;
  return {
    status: range || part ? 206 : 200,
    headers: {
      ...identity,
      'Accept-Ranges': 'bytes',
      'Content-Length': last - first + 1,
      'Content-Range': range ? `bytes ${first}-${last}/${size}` : undefined,
      ...describe(call, version),
      ...overrides(call),
      ...(isWhole && headerOf(call, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED'
        ? checksumHeaders(version.checksum)
        : {}),
      'x-amz-mp-parts-count': part && version.parts ? version.parts.length : undefined,
    },
    body: isWhole ? version.data : version.data.subarray(first, last + 1),
  };
}

function describe(call: Call, version: ObjectVersion): Headers {
  const { facts } = version;
  const metadata = Object.entries(facts.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
  return {
    'content-type': 'binary/octet-stream',
    ...facts.contentHeaders,
    ...(Object.fromEntries(metadata) as Headers),
    ...encryptionHeaders(facts.encryption),
    'x-amz-storage-class': facts.storageClass === 'STANDARD' ? undefined : facts.storageClass,
    'x-amz-tagging-count': tagCount(call, version),
    ...lockAnswer(call, version.lock),
  };
}

// Who may not read tags or locks gets the object all the same, without a word about them.
function tagCount(call: Call, version: ObjectVersion): number | undefined {
  const isNamed = queryOf(call, 'versionId') !== undefined;
  const isHidden = !may(call, 's3:GetObjectTagging') || (isNamed && !may(call, 's3:GetObjectVersionTagging'));
  return isHidden || version.tags.length === 0 ? undefined : version.tags.length;
}

const OVERRIDES = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

function overrides(call: Call): Headers {
  const found: Headers = {};
  for (const name of OVERRIDES) {
    const value = queryOf(call, `response-${name}`);
    if (value === undefined || value === '') continue;
    if (!/^[\t\x20-\x7e\xa0-\xff]*$/.test(value))
      throw invalidArgument(
        'Header value cannot be represented using ISO-8859-1.',
        `response-${name}`,
        value,
      );
    found[name] = value;
  }
  return found;
}

interface RequestedPart {
  readonly range: ByteRange | undefined;
}

function partOf(call: Call, version: ObjectVersion): RequestedPart | undefined {
  const stated = queryOf(call, 'partNumber');
  if (stated === undefined) return undefined;
  const number = Number(stated);
  if (!Number.isInteger(number) || number < 1 || number > 10_000)
    throw invalidArgument(
      'Part number must be an integer between 1 and 10000, inclusive',
      'partNumber',
      stated,
    );
  if (headerOf(call, 'range') !== undefined)
    throw invalidRequest('Cannot specify both Range header and partNumber query parameter');
  const size = version.data.length;
  const parts = version.parts ?? [{ number: 1, size }];
  if (number > parts.length)
    throw new S3Error(416, 'InvalidPartNumber', 'The requested partnumber is not satisfiable', {
      PartNumberRequested: stated,
      ActualPartCount: String(parts.length),
    });
  const first = parts.slice(0, number - 1).reduce((sum, part) => sum + part.size, 0);
  const length = parts[number - 1]?.size ?? 0;
  return { range: length === 0 ? undefined : { first, last: first + length - 1 } };
}
