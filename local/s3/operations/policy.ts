import { readPolicy } from '../bucket-policy.ts';
import { bucketOf, type Answer, type Call } from '../call.ts';
import { S3Error } from '../errors.ts';
import { leaf, xmlDocument } from '../xml.ts';

/** PutBucketPolicy; what it denies is denied from the next request on. */
export function putBucketPolicy(call: Call): Answer {
  bucketOf(call).policy = readPolicy(call.body.toString('utf8'));
  return { status: 204 };
}

/** GetBucketPolicy: the text as it was put. */
export function getBucketPolicy(call: Call): Answer {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: policyOf(call) };
}

/** GetBucketPolicyStatus; nobody is let in by a policy here. */
export function getBucketPolicyStatus(call: Call): Answer {
  policyOf(call);
  return { status: 200, body: xmlDocument('PolicyStatus', leaf('IsPublic', false)) };
}

/** DeleteBucketPolicy. */
export function deleteBucketPolicy(call: Call): Answer {
  bucketOf(call).policy = undefined;
  return { status: 204 };
}

function policyOf(call: Call): string {
  const { name, policy } = bucketOf(call);
  if (policy) return policy.text;
  throw new S3Error(404, 'NoSuchBucketPolicy', 'The bucket policy does not exist', { BucketName: name });
}
