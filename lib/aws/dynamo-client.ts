import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PATIENCE } from './s3-client.ts';

/** Where the tables are and who asks; all left out means AWS, by the machine's own configuration. */
export interface DynamoConnection {
  /** An endpoint of one's own; AWS when left out. */
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/**
 * DynamoDB answers within milliseconds: who waits for longer has lost the answer, and shall have time to ask again
 * (milliseconds).
 */
const ANSWER = 3_000;

/** A DynamoDB client that backs off when it is asked to slow down. */
export function dynamoClient({ endpoint, region, credentials }: DynamoConnection): DynamoDBClient {
  return new DynamoDBClient({
    retryMode: 'standard',
    maxAttempts: 6,
    requestHandler: { ...PATIENCE, requestTimeout: ANSWER },
    ...(endpoint !== undefined && { endpoint }),
    // Whoever brings an endpoint of their own seldom has regions, and the SDK insists on one.
    ...(region !== undefined ? { region } : endpoint !== undefined && { region: 'us-east-1' }),
    ...(credentials && { credentials }),
  });
}
