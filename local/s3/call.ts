import type { Bucket } from './bucket.ts';
import { accessDenied, noSuchBucket, S3Error } from './errors.ts';
import type { Integrity } from './integrity.ts';
import { isAllowed, requireAction } from './permissions.ts';
import { header, type S3Request } from './request.ts';
import type { Service } from './service.ts';
import type { Principal } from './types.ts';

/** One authenticated call of an operation: all an operation gets. */
export interface Call {
  readonly service: Service;
  readonly request: S3Request;
  readonly principal: Principal;
  readonly body: Buffer;
  readonly integrity: Integrity;
  readonly now: number;
  readonly requestId: string;
}

/** What an operation answers; undefined headers are left out. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: string | Buffer;
}

/** An operation of the S3 API. */
export type Operation = (call: Call) => Answer | Promise<Answer>;

/** A request header's value. */
export const headerOf = (call: Call, name: string): string | undefined => header(call.request, name);

/** A query parameter's value. */
export const queryOf = (call: Call, name: string): string | undefined => call.request.query.get(name);

/** The key of an object operation; the route guarantees there is one. */
export const keyOf = (call: Call): string => call.request.key ?? '';

/** Whether the caller may do an IAM action, on the key that the request names or on another. */
export const may = (call: Call, action: string, key = call.request.key): boolean =>
  isAllowed(call.service, call.principal, { action, bucket: call.request.bucket, key });

/** Throws AccessDenied unless the caller may do an IAM action. */
export function demand(call: Call, action: string): void {
  const { bucket, key } = call.request;
  requireAction(call.service, call.principal, { action, bucket, key });
}

/** The bucket a call names, owned by whom the caller expects. */
export function bucketOf(call: Call): Bucket {
  const name = call.request.bucket ?? '';
  const expected = headerOf(call, 'x-amz-expected-bucket-owner');
  return bucketNamed(call.service, name, expected);
}

/** A bucket by name, refused when its owner is not the expected account. */
export function bucketNamed(service: Service, name: string, expectedOwner: string | undefined): Bucket {
  if (expectedOwner !== undefined && !/^\d{12}$/.test(expectedOwner))
    throw new S3Error(
      400,
      'InvalidBucketOwnerAWSAccountID',
      'The value of the expected bucket owner parameter must be an AWS account ID',
      { BucketOwner: expectedOwner },
    );
  const bucket = service.buckets.get(name);
  if (!bucket) throw noSuchBucket(name);
  if (expectedOwner !== undefined && expectedOwner !== service.accountId) throw accessDenied();
  return bucket;
}
