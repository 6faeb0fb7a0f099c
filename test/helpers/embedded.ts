/** The embedded S3 with clients for it, for the length of one test file. */
import { S3Client } from '@aws-sdk/client-s3';
import { s3Client } from '../../lib/aws/s3-client.ts';
import { type RunningS3, type S3Options, startS3 } from '../../local/s3/index.ts';

export interface Embedded {
  readonly s3: RunningS3;
  /** A client as the adapter uses it, for a principal (the one that may do everything, if none is named). */
  clientFor(accessKeyId?: string): S3Client;
  close(): Promise<void>;
}

const OWNER = 'owner';

/** Starts an embedded S3 whose principals are `owner`, who may do everything, and those given. */
export async function startEmbedded(
  denied: Readonly<Record<string, readonly string[]>> = {},
  options: S3Options = {},
): Promise<Embedded> {
  const principals = [
    { accessKeyId: OWNER, secretAccessKey: 'secret' },
    ...Object.entries(denied).map(([accessKeyId, deny]) => ({
      accessKeyId,
      secretAccessKey: 'secret',
      deny,
    })),
  ];
  const s3 = await startS3({ ...options, principals });
  const clients: S3Client[] = [];
  return {
    s3,
    clientFor(accessKeyId = OWNER) {
      const client = s3Client({
        endpoint: s3.url,
        region: s3.region,
        credentials: { accessKeyId, secretAccessKey: 'secret' },
      });
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) client.destroy();
      await s3.close();
    },
  };
}
