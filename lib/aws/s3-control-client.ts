/** A client for S3 Batch Operations. */
import { S3ControlClient } from '@aws-sdk/client-s3-control';

export interface ControlConnection {
  /** An endpoint of one's own; AWS when left out. */
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export function s3ControlClient({ endpoint, region, credentials }: ControlConnection): S3ControlClient {
  return new S3ControlClient({
    retryMode: 'standard',
    maxAttempts: 6,
    ...(credentials && { credentials }),
    ...(region !== undefined ? { region } : endpoint !== undefined && { region: 'us-east-1' }),
    // Given as `endpoint`, the account would be put in front of its host, and no such host is there.
    ...(endpoint !== undefined && { endpointProvider: () => ({ url: new URL(endpoint) }) }),
  });
}
