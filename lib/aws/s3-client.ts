import { S3Client } from '@aws-sdk/client-s3';

/** Where the store is and who asks; all left out means AWS, by the machine's own configuration. */
export interface S3Connection {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/**
 * An S3 client that slows down when the store asks it to.
 * Adaptive retries keep a budget of tokens per client, so that a throttled store is not flooded with retries.
 */
export function s3Client({ endpoint, region, credentials }: S3Connection): S3Client {
  return new S3Client({
    retryMode: 'adaptive',
    maxAttempts: 6,
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    // Compatible stores seldom have regions, and the SDK insists on one.
    ...(region !== undefined ? { region } : endpoint !== undefined && { region: 'us-east-1' }),
    ...(credentials && { credentials }),
  });
}
