import { createHmac } from 'node:crypto';
import { accessDenied, S3Error } from './errors.ts';
import type { S3Request } from './request.ts';
import type { Principal } from './types.ts';
import { sameText, signatureDoesNotMatch } from './secrets.ts';

// Parameters that are part of what Signature Version 2 signs.
const SIGNED_PARAMETERS = new Set([
  'accelerate',
  'acl',
  'analytics',
  'cors',
  'delete',
  'inventory',
  'lifecycle',
  'location',
  'logging',
  'metrics',
  'notification',
  'object-lock',
  'partNumber',
  'policy',
  'replication',
  'requestPayment',
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
  'restore',
  'select',
  'select-type',
  'storageClass',
  'tagging',
  'torrent',
  'uploadId',
  'uploads',
  'versionId',
  'versioning',
  'versions',
  'website',
]);

/** Whether a request is presigned the old way, as the AWS CLI still does for us-east-1. */
export const isOldPresigned = (request: S3Request): boolean =>
  request.query.has('AWSAccessKeyId') && request.query.has('Signature') && request.query.has('Expires');

/** Checks a presigned Signature Version 2. */
export function verifyOldPresigned(request: S3Request, principal: Principal, now: number | undefined): void {
  const expires = request.query.get('Expires') ?? '';
  if (!/^\d+$/.test(expires)) throw accessDenied(`Invalid date (should be seconds since epoch): ${expires}`);
  if (now !== undefined && now > Number(expires) * 1000)
    throw new S3Error(403, 'AccessDenied', 'Request has expired', {
      Expires: new Date(Number(expires) * 1000).toISOString(),
      ServerTime: new Date(now).toISOString(),
    });
  const { headers } = request;
  const text = [
    request.method,
    headers['content-md5']?.toString() ?? '',
    headers['content-type'] ?? '',
    expires,
    `${amzHeaders(request)}${resource(request)}`,
  ].join('\n');
  const computed = createHmac('sha1', principal.secretAccessKey).update(text).digest('base64');
  if (!sameText(computed, request.query.get('Signature') ?? ''))
    throw signatureDoesNotMatch({
      AWSAccessKeyId: principal.accessKeyId,
      SignatureProvided: request.query.get('Signature') ?? '',
      StringToSign: text,
    });
}

const amzHeaders = (request: S3Request): string =>
  Object.entries(request.headers)
    .filter(([name]) => name.startsWith('x-amz-'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${String(value).trim()}\n`)
    .join('');

function resource(request: S3Request): string {
  const signed = request.parameters
    .filter(([name]) => SIGNED_PARAMETERS.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`));
  const host = request.isVirtualHost ? `/${request.bucket ?? ''}` : '';
  return `${host}${request.rawPath}${signed.length > 0 ? `?${signed.join('&')}` : ''}`;
}
