/** The first request to a store: whether it answers, what time it has, and whether it knows us. */
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { HoldfastError } from '../errors.ts';
import { type Instant } from '../lock/instant.ts';
import { type Clock } from '../ports/clock.ts';
import { type Greeting } from '../probe/clocks.ts';
import { isRefused, ask } from './answers.ts';
import { dateOf } from './clock-watch.ts';
import { sendContentMd5 } from './content-md5.ts';
import { refuseWebPages } from './no-web-page.ts';
import { refusedBy } from './probe-answers.ts';
import { PATIENCE, type S3Connection } from './s3-client.ts';

/** Who signs: the machine's own credentials, a profile of them, or a pair of keys. */
export interface ProbeConnection extends S3Connection {
  readonly profile?: string;
}

const nothing = (): void => undefined;
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** A client that asks few times, so that a verdict on the clock is seen and not mended by a retry. */
export function probeClient(
  { endpoint, region, credentials, profile, needsContentMd5 }: ProbeConnection,
  attempts = 3,
): S3Client {
  const client = new S3Client({
    maxAttempts: attempts,
    requestHandler: PATIENCE,
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(region !== undefined ? { region } : endpoint !== undefined && { region: 'us-east-1' }),
    ...(credentials && { credentials }),
    // A profile that was named wins over keys in the environment, as it should: no warning of the SDK is needed.
    ...(profile !== undefined && { profile, logger: SILENT }),
  });
  refuseWebPages(client);
  if (needsContentMd5 === true) sendContentMd5(client);
  return client;
}

/**
 * Sends one signed request and reads the clock in its answer.
 *
 * @throws HoldfastError `bad-input` when no region is known, `throttled` or `unreachable` when there was no verdict.
 */
export async function greet(connection: ProbeConnection, clock: Clock): Promise<Greeting> {
  const client = probeClient(connection, 1);
  let storeDate: Instant | undefined;
  // Below the deserializer, which throws an error's headers away.
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      storeDate = dateOf(result.response);
      return result;
    },
    { step: 'deserialize', priority: 'low' },
  );
  try {
    // Looked up first: that no credentials are found says nothing of the store.
    await client.config.credentials();
    await requireRegion(client);
    const sent = clock.now();
    const answer = await ask('reach the store', async () => {
      try {
        return await client.send(new ListBucketsCommand({}));
      } catch (error) {
        const skewed = skewOf(error);
        if (skewed === undefined) throw error;
        return { refused: skewed };
      }
    });
    const received = clock.now();
    return {
      sent,
      received,
      storeDate,
      answer: isRefused(answer) ? refusedBy(answer.refused) : { took: true },
    };
  } finally {
    client.destroy();
  }
}

async function requireRegion(client: S3Client): Promise<void> {
  try {
    await client.config.region();
  } catch (cause) {
    throw new HoldfastError('bad-input', {
      what: 'there is no region',
      next: 'name it with --region or AWS_REGION, or the store with --endpoint',
      cause,
    });
  }
}

/** To the adapters a clock out of time is a passing answer; to doctor it is the finding. */
function skewOf(error: unknown): { status: number; code: string } | undefined {
  const isSkewed =
    error instanceof Error && (error.name === 'RequestTimeTooSkewed' || error.name === 'RequestExpired');
  return isSkewed ? { status: 403, code: error.name } : undefined;
}
