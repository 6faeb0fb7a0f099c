import { createHmac, timingSafeEqual } from 'node:crypto';
import { S3Error } from './errors.ts';

/** The hex HMAC that every signature of version 4 is. */
export const hmacHex = (key: Buffer, text: string): string =>
  createHmac('sha256', key).update(text).digest('hex');

/** Compares secrets without telling by time where they differ. */
export function sameText(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The refusal of a wrong signature, with what was signed so that a client's author can compare. */
export const signatureDoesNotMatch = (members: Readonly<Record<string, string>> = {}): S3Error =>
  new S3Error(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    members,
  );
