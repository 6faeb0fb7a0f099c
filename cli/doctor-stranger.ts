/** Whoever may delete and lock, and may not bypass: the second user that the probe asks through. */
import { ListBucketsCommand, type S3Client } from '@aws-sdk/client-s3';
import { ask, BAD_CREDENTIALS, isRefused } from '../lib/aws/answers.ts';
import { type ProbeConnection, probeClient } from '../lib/aws/probe-greeting.ts';
import { HoldfastError } from '../lib/errors.ts';

const KEY_ID = 'HOLDFAST_PROBE_UNPRIVILEGED_ACCESS_KEY_ID';
const SECRET = 'HOLDFAST_PROBE_UNPRIVILEGED_SECRET_ACCESS_KEY';

/** Signs as the one who may not bypass; refused where that is the same user as the one who probes. */
export async function strangerClient(
  connection: ProbeConnection,
  own: S3Client,
  profile: string | undefined,
): Promise<S3Client | undefined> {
  const { [KEY_ID]: accessKeyId, [SECRET]: secretAccessKey } = process.env;
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    throw new HoldfastError('bad-input', {
      what: `only one of ${KEY_ID} and ${SECRET} is set`,
      next: 'set both, or name a profile with --unprivileged-profile',
    });
  }
  if (profile === undefined && accessKeyId === undefined) return undefined;
  const credentials =
    profile === undefined && accessKeyId !== undefined && secretAccessKey !== undefined
      ? { accessKeyId, secretAccessKey }
      : undefined;
  const weak = probeClient({
    ...connection,
    ...(credentials ? { credentials } : profile !== undefined && { profile }),
  });
  const keys = await Promise.all([own.config.credentials(), credentialsOf(weak, profile)]);
  if (keys[0].accessKeyId !== keys[1].accessKeyId) {
    await requireKnown(weak);
    return weak;
  }
  throw new HoldfastError('bad-input', {
    what: 'the unprivileged credentials are the ones that run the probe',
    next: 'name credentials of another user, who may delete and lock, and may not bypass',
  });
}

async function credentialsOf(client: S3Client, profile = ''): ReturnType<S3Client['config']['credentials']> {
  try {
    return await client.config.credentials();
  } catch (cause) {
    throw new HoldfastError('bad-input', {
      what: `the profile ${JSON.stringify(profile)} gives no credentials`,
      next: 'check --unprivileged-profile and the files of aws-cli',
      cause,
    });
  }
}

/** A refusal of somebody whom the store does not know proves nothing, and is no reason to go on. */
async function requireKnown(client: S3Client): Promise<void> {
  const answer = await ask('ask who the unprivileged user is', async () =>
    client.send(new ListBucketsCommand({})),
  );
  if (!isRefused(answer) || !BAD_CREDENTIALS.has(answer.refused.code)) return;
  throw new HoldfastError('bad-input', {
    what: `the store does not accept the unprivileged credentials (${answer.refused.code})`,
    next: 'check them, or leave them out',
  });
}
