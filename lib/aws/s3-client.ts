import { S3Client } from '@aws-sdk/client-s3';
import { sendContentMd5 } from './content-md5.ts';
import { refuseWebPages } from './no-web-page.ts';

/**
 * How long a client waits for a connection and for an answer (milliseconds): a silent service must not use up
 * the time of a whole batch.
 */
export const PATIENCE = { connectionTimeout: 2_000, requestTimeout: 8_000, throwOnRequestTimeout: true };

/** Where the store is and who asks; all left out means AWS, by the machine's own configuration. */
export interface S3Connection {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Whether the store wants Content-MD5 with what is written; its capability record tells. */
  readonly needsContentMd5?: boolean;
  /** Large uploads take their time, so only the connection is waited for no longer than usual. */
  readonly isSlow?: boolean;
  /** Nothing is sent a second time by itself. */
  readonly sendsOnce?: boolean;
}

/**
 * An S3 client that backs off when the store asks it to slow down.
 *
 * Retries wait longer each time and draw on a budget of tokens per client, so that a throttled store is not
 * flooded with them. The SDK's `adaptive` mode is not used: after one refusal it lets a client that sends
 * little, as a function does, send about one request in two seconds; twenty uploads then took eight seconds.
 */
export function s3Client({
  endpoint,
  region,
  credentials,
  needsContentMd5,
  isSlow,
  sendsOnce,
}: S3Connection): S3Client {
  const client = new S3Client({
    retryMode: 'standard',
    maxAttempts: sendsOnce === true ? 1 : 6,
    requestHandler: isSlow === true ? { connectionTimeout: PATIENCE.connectionTimeout } : PATIENCE,
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    // Compatible stores seldom have regions, and the SDK insists on one.
    ...(region !== undefined ? { region } : endpoint !== undefined && { region: 'us-east-1' }),
    ...(credentials && { credentials }),
  });
  refuseWebPages(client);
  if (needsContentMd5 === true) sendContentMd5(client);
  return client;
}
