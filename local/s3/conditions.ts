import type { Bucket } from './bucket.ts';
import { headerOf, type Call } from './call.ts';
import { invalidArgument, noSuchKey, notImplemented, preconditionFailed, S3Error } from './errors.ts';
import type { ObjectVersion } from './version.ts';

const bare = (etag: string): string => etag.trim().replace(/^W\//, '').replace(/^"|"$/g, '');

const lists = (header: string, etag: string): boolean =>
  header.split(',').some((each) => bare(each) === '*' || bare(each) === etag);

const wholeSeconds = (time: number): number => Math.floor(time / 1000) * 1000;

/** What the If- headers of a read decide: to go on, or to answer that nothing changed. Throws when one does not hold. */
export function checkReadPreconditions(
  call: Call,
  version: ObjectVersion,
  prefix = '',
): 'proceed' | 'not modified' {
  const name = (condition: string): string => `${prefix}${condition}`;
  const read = (condition: string): string | undefined => headerOf(call, name(condition).toLowerCase());
  const dateOf = (condition: string): number | undefined => {
    const date = Date.parse(read(condition) ?? '');
    // A date to come, and one that is none, count as if they were not there.
    return Number.isNaN(date) ? undefined : date;
  };
  const modified = wholeSeconds(version.lastModified);
  const ifMatch = read('If-Match');
  if (ifMatch !== undefined && !lists(ifMatch, version.etag)) throw preconditionFailed(name('If-Match'));
  const unmodifiedSince = dateOf('If-Unmodified-Since');
  if (ifMatch === undefined && unmodifiedSince !== undefined && modified > unmodifiedSince)
    throw preconditionFailed(name('If-Unmodified-Since'));
  const refuse = (condition: string): 'not modified' => {
    if (prefix !== '') throw preconditionFailed(name(condition));
    return 'not modified';
  };
  const ifNoneMatch = read('If-None-Match');
  if (ifNoneMatch !== undefined)
    return lists(ifNoneMatch, version.etag) ? refuse('If-None-Match') : 'proceed';
  const modifiedSince = dateOf('If-Modified-Since');
  if (modifiedSince !== undefined && modifiedSince <= call.now && modified <= modifiedSince)
    return refuse('If-Modified-Since');
  return 'proceed';
}

/** Refuses a write whose If-None-Match or If-Match does not hold of the key's current version. */
export function checkWritePreconditions(call: Call, bucket: Bucket, key: string): void {
  const current = bucket.current(key);
  const object = current?.kind === 'object' ? current : undefined;
  const ifNoneMatch = headerOf(call, 'if-none-match');
  const ifMatch = headerOf(call, 'if-match');
  if (ifNoneMatch !== undefined && ifMatch !== undefined)
    throw notAccepted(
      'If-Match,If-None-Match',
      'Multiple conditional request headers present in the request',
    );
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch !== '*') throw notAccepted('If-None-Match');
    if (object) throw preconditionFailed('If-None-Match');
  }
  if (ifMatch === undefined) return;
  if (ifMatch === '*') throw notAccepted('If-Match');
  if (!object) throw noSuchKey(key);
  if (bare(ifMatch) !== object.etag) throw preconditionFailed('If-Match');
}

const notAccepted = (
  header: string,
  why = `We don't accept the provided value of ${header} header for this API`,
): S3Error =>
  notImplemented('A header you provided implies functionality that is not implemented', {
    Header: header,
    additionalMessage: why,
  });

/** Refuses a deletion whose If-Match, or etag in a multi-delete, does not hold of the current version. */
export function checkDeletePrecondition(etag: string | undefined, bucket: Bucket, key: string): void {
  if (etag === undefined) return;
  const current = bucket.current(key);
  if (current?.kind !== 'object') {
    if (etag === '*') throw preconditionFailed('If-Match');
    throw noSuchKey(key);
  }
  if (!lists(etag, current.etag)) throw preconditionFailed('If-Match');
}

const RANGE = /^bytes=(\d*)-(\d*)$/;

/** The first and last byte of a range. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** The single range a header asks for; undefined for one that S3 ignores; throws InvalidRange for one beyond the object. */
export function rangeOf(header: string | undefined, size: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  const [, from = '', to = ''] = RANGE.exec(header.trim()) ?? [];
  if (from === '' && to === '') return undefined;
  if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (first >= size)
    throw new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable', {
      RangeRequested: header,
      ActualObjectSize: String(size),
    });
  return { first, last };
}

const COPY_RANGE = /^bytes=(\d+)-(\d+)$/;

/** The range of a part copy, which must be complete and lie within the source. */
export function copyRangeOf(header: string | undefined, size: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  const [, from = '', to = ''] = COPY_RANGE.exec(header) ?? [];
  const first = Number(from);
  const last = Number(to);
  if (from === '' || last < first)
    throw invalidArgument(
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
      'x-amz-copy-source-range',
      header,
    );
  if (first >= size)
    throw new S3Error(
      400,
      'InvalidRequest',
      'The specified copy range is invalid for the source object size',
    );
  if (last >= size)
    throw invalidArgument(
      `Range specified is not valid for source object of size: ${size}`,
      'x-amz-copy-source-range',
      header,
    );
  return { first, last };
}
