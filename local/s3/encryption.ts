import { createHash } from 'node:crypto';
import { headerOf, type Call } from './call.ts';
import { accessDenied, invalidArgument, invalidRequest, S3Error } from './errors.ts';
import type { Encryption } from './version.ts';

const CUSTOMER = 'x-amz-server-side-encryption-customer';
const SOURCE_CUSTOMER = 'x-amz-copy-source-server-side-encryption-customer';
const KEY_BYTES = 32;

/** The encryption an upload asks for; AES256 when it says nothing. Nothing is really encrypted. */
export function encryptionOf(call: Call): Encryption {
  const keyMd5 = customerKeyMd5(call, CUSTOMER);
  const kind = headerOf(call, 'x-amz-server-side-encryption');
  if (keyMd5 !== undefined) {
    if (kind !== undefined)
      throw invalidArgument(
        'Server Side Encryption with Customer provided key is incompatible with the encryption method specified',
        'x-amz-server-side-encryption',
        kind,
      );
    return { kind: 'customer', keyMd5 };
  }
  if (kind === undefined || kind === 'AES256') return { kind: 'AES256' };
  if (kind !== 'aws:kms')
    throw invalidArgument(
      'The encryption method specified is not supported',
      'x-amz-server-side-encryption',
      kind,
    );
  const { region, accountId } = call.service;
  const keyId = headerOf(call, 'x-amz-server-side-encryption-aws-kms-key-id') ?? 'alias/aws/s3';
  return {
    kind,
    keyId: keyId.startsWith('arn:') ? keyId : `arn:aws:kms:${region}:${accountId}:key/${keyId}`,
  };
}

function customerKeyMd5(call: Call, prefix: string): string | undefined {
  const algorithm = headerOf(call, `${prefix}-algorithm`);
  const key = headerOf(call, `${prefix}-key`);
  const md5 = headerOf(call, `${prefix}-key-md5`);
  if (algorithm === undefined && key === undefined && md5 === undefined) return undefined;
  if (algorithm === undefined)
    throw invalidArgument(
      'Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm.',
      `${prefix}-algorithm`,
    );
  if (key === undefined || md5 === undefined)
    throw invalidArgument(
      'Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key.',
      `${prefix}-key`,
    );
  if (algorithm !== 'AES256')
    throw new S3Error(
      400,
      'InvalidEncryptionAlgorithmError',
      'The Encryption request you specified is not valid. Supported value: AES256.',
      { ArgumentName: `${prefix}-algorithm`, ArgumentValue: algorithm },
    );
  const bytes = Buffer.from(key, 'base64');
  if (bytes.length !== KEY_BYTES)
    throw invalidArgument('The secret key was invalid for the specified algorithm.', `${prefix}-key`);
  if (createHash('md5').update(bytes).digest('base64') !== md5)
    throw invalidArgument(
      'The calculated MD5 hash of the key did not match the hash that was provided.',
      `${prefix}-key-MD5`,
      md5,
    );
  return md5;
}

/** Refuses a read of a customer-encrypted object without its key, or of another object with one. */
export function checkCustomerKey(call: Call, encryption: Encryption, source = false): void {
  const offered = customerKeyMd5(call, source ? SOURCE_CUSTOMER : CUSTOMER);
  if (encryption.kind !== 'customer') {
    if (offered !== undefined)
      throw invalidRequest('The encryption parameters are not applicable to this object.');
    return;
  }
  if (offered === undefined)
    throw invalidRequest(
      'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
    );
  if (offered !== encryption.keyMd5) throw accessDenied();
}

/** The headers that tell how an object is encrypted. */
export function encryptionHeaders(encryption: Encryption): Record<string, string> {
  switch (encryption.kind) {
    case 'AES256':
      return { 'x-amz-server-side-encryption': 'AES256' };
    case 'aws:kms':
      return {
        'x-amz-server-side-encryption': 'aws:kms',
        'x-amz-server-side-encryption-aws-kms-key-id': encryption.keyId,
      };
    case 'customer':
      return {
        'x-amz-server-side-encryption-customer-algorithm': 'AES256',
        'x-amz-server-side-encryption-customer-key-MD5': encryption.keyMd5,
      };
  }
}
