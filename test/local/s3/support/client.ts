import { S3Client } from '@aws-sdk/client-s3';
import type { RunningS3 } from '../../../../local/s3/index.ts';

/** An SDK client of a running server; one attempt, so that a refusal is seen as it came. */
export const clientOf = (
  server: RunningS3,
  credentials = { accessKeyId: 'holdfast', secretAccessKey: 'holdfast-secret' },
): S3Client =>
  new S3Client({
    endpoint: server.url,
    region: server.region,
    credentials,
    forcePathStyle: true,
    maxAttempts: 1,
  });

/** How a refusal looks: its code and status. */
export interface Refusal {
  readonly code: string;
  readonly status: number | undefined;
}

/** The refusal a call ends in; fails when it succeeds. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const metadata = '$metadata' in error ? (error.$metadata as { httpStatusCode?: number }) : {};
    return { code: error.name, status: metadata.httpStatusCode };
  }
  throw new Error('the call was expected to be refused');
}
