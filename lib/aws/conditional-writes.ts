/** Whether a store knows conditional writes at all, found out by trying. */
import { HeadObjectCommand, type PutObjectCommandInput, type S3Client } from '@aws-sdk/client-s3';
import { HoldfastError } from '../errors.ts';
import { ask, isRefused } from './answers.ts';
import { type EtagForm, inForm, putIf, refusedLedger, requireEtag } from './conditional-put.ts';
import { LEDGER_PREFIX } from './ledger-object-keys.ts';

const SCRATCH = `${LEDGER_PREFIX}_check/conditional-writes`;
const NEVER_AN_ETAG = '"00000000000000000000000000000000"';
const BUDGET = 10_000;
const FORMS: readonly EtagForm[] = ['quoted', 'bare'];
/** Somebody else's check may replace the scratch object between our two steps. */
const ROUNDS = 3;
const WHAT = 'try a conditional write for the ledger';

/**
 * Tries, before a ledger is kept in a bucket, whether the store refuses to write over what is there and over what is
 * not as it was read, and takes what replaces what was read. Stores that do not know the conditions ignore them, and
 * writers would overwrite each other. It writes one small object each time.
 *
 * Ceph RGW 16 ignores If-None-Match where a bucket has versions, and wants ETags without quotes in the others.
 *
 * @returns how the ledger must write ETags.
 * @throws HoldfastError `bad-input` where no ledger is safe.
 */
export async function requireConditionalWrites(
  client: S3Client,
  bucket: string,
  expectedBucketOwner?: string,
): Promise<EtagForm> {
  const scratch = {
    ...{ Bucket: bucket, Key: SCRATCH },
    ...(expectedBucketOwner !== undefined && { ExpectedBucketOwner: expectedBucketOwner }),
  };
  const isTaken = async (
    condition: Pick<PutObjectCommandInput, 'IfMatch' | 'IfNoneMatch'>,
  ): Promise<boolean> => {
    const input = { ...scratch, Body: '{}', ...condition };
    return (await putIf(client, { what: WHAT, input, budget: BUDGET })) !== 'conflict';
  };
  // The first may be taken, as nothing is there yet.
  if ((await isTaken({ IfNoneMatch: '*' })) && (await isTaken({ IfNoneMatch: '*' })))
    throw unsafe(bucket, 'writes over what is there in spite of If-None-Match');
  for (const form of FORMS) {
    if (await isTaken({ IfMatch: inForm(NEVER_AN_ETAG, form) }))
      throw unsafe(bucket, 'writes over what is not as it was read in spite of If-Match');
  }
  for (let round = 1; round <= ROUNDS; round += 1) {
    const etag = await etagOf(client, scratch);
    for (const form of FORMS) if (await isTaken({ IfMatch: inForm(etag, form) })) return form;
  }
  throw unsafe(bucket, 'refuses to replace with If-Match even what is as it was read');
}

async function etagOf(client: S3Client, scratch: { Bucket: string; Key: string }): Promise<string> {
  const answer = await ask(WHAT, () =>
    client.send(new HeadObjectCommand(scratch), { abortSignal: AbortSignal.timeout(BUDGET) }),
  );
  if (isRefused(answer)) throw refusedLedger(WHAT, scratch.Bucket, answer.refused);
  return requireEtag(WHAT, answer.ETag);
}

function unsafe(bucket: string, fault: string): HoldfastError {
  return new HoldfastError('bad-input', {
    what: `no ledger is safe in the bucket ${bucket}: its store ${fault}`,
    next: 'keep the ledger in a DynamoDB table, or in a bucket of a store that knows conditional writes',
  });
}
