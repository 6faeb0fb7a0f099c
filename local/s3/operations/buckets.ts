import { Bucket } from '../bucket.ts';
import { bucketOf, demand, headerOf, queryOf, type Answer, type Call } from '../call.ts';
import { isoSeconds } from '../dates.ts';
import { accessDenied, invalidArgument, malformedXml, S3Error } from '../errors.ts';
import { branch, leaf, members, readXml, textOf, xmlDocument } from '../xml.ts';

const NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const RESERVED =
  /^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$|\.\.|^\d+\.\d+\.\d+\.\d+$/;
const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/;

/** CreateBucket; with Object Lock it starts with versioning on. */
export function createBucket(call: Call): Answer {
  const name = call.request.bucket ?? '';
  if (!NAME.test(name) || RESERVED.test(name))
    throw new S3Error(400, 'InvalidBucketName', 'The specified bucket is not valid.', { BucketName: name });
  const region = locationOf(call);
  const hasLock =
    headerOf(call, 'x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true' &&
    !call.service.lies.has('create');
  if (hasLock) {
    demand(call, 's3:PutBucketObjectLockConfiguration');
    demand(call, 's3:PutBucketVersioning');
  }
  if (call.service.buckets.has(name)) return recreated(call, name);
  const bucket = new Bucket(name, region, call.now);
  if (hasLock) {
    bucket.versioning = 'Enabled';
    bucket.objectLock = {};
  }
  call.service.buckets.set(name, bucket);
  return { status: 200, headers: { Location: `/${name}` } };
}

// us-east-1 lets an owner create a bucket again, for the sake of clients from before 2018.
function recreated(call: Call, name: string): Answer {
  if (call.service.region === 'us-east-1') return { status: 200, headers: { Location: `/${name}` } };
  throw new S3Error(
    409,
    'BucketAlreadyOwnedByYou',
    'Your previous request to create the named bucket succeeded and you already own it.',
    { BucketName: name },
  );
}

function locationOf(call: Call): string {
  const own = call.service.region;
  const document = call.body.length === 0 ? undefined : readXml(call.body, 'CreateBucketConfiguration');
  const asked = document && textOf(document, 'LocationConstraint');
  if (asked === undefined || asked === '') {
    if (own === 'us-east-1') return own;
    throw incompatible('unspecified');
  }
  if (asked === 'us-east-1' || !(REGION.test(asked) || asked === 'EU'))
    throw new S3Error(400, 'InvalidLocationConstraint', 'The specified location-constraint is not valid', {
      LocationConstraint: asked,
    });
  // The us-east-1 endpoint creates buckets anywhere; the others only at home.
  if (own !== 'us-east-1' && asked !== own) throw incompatible(asked);
  return asked === 'EU' ? 'eu-west-1' : asked;
}

const incompatible = (constraint: string): S3Error =>
  new S3Error(
    400,
    'IllegalLocationConstraintException',
    `The ${constraint} location constraint is incompatible for the region specific endpoint this request was sent to.`,
  );

/** HeadBucket. */
export function headBucket(call: Call): Answer {
  const bucket = bucketOf(call);
  return {
    status: 200,
    headers: { 'x-amz-bucket-region': bucket.region, 'x-amz-access-point-alias': 'false' },
  };
}

/** DeleteBucket; a bucket with any version in it, a marker even, stays. */
export function deleteBucket(call: Call): Answer {
  const bucket = bucketOf(call);
  if (!bucket.isEmpty)
    throw new S3Error(
      409,
      'BucketNotEmpty',
      bucket.versioning === 'Unversioned'
        ? 'The bucket you tried to delete is not empty'
        : 'The bucket you tried to delete is not empty. You must delete all versions in the bucket.',
      { BucketName: bucket.name },
    );
  call.service.buckets.delete(bucket.name);
  return { status: 204 };
}

/** GetBucketLocation; us-east-1 is an empty element. */
export function getBucketLocation(call: Call): Answer {
  const { region } = bucketOf(call);
  return { status: 200, body: xmlDocument('LocationConstraint', region === 'us-east-1' ? '' : region) };
}

const MOST_BUCKETS = 10_000;

/** ListBuckets, by name. */
export function listBuckets(call: Call): Answer {
  const prefix = queryOf(call, 'prefix') ?? '';
  const after = queryOf(call, 'continuation-token');
  const stated = queryOf(call, 'max-buckets');
  const max = stated === undefined ? MOST_BUCKETS : Number(stated);
  if (!Number.isInteger(max) || max < 1 || max > MOST_BUCKETS)
    throw invalidArgument(
      'Argument max-buckets must be an integer between 1 and 10000',
      'max-buckets',
      stated,
    );
  const start = after === undefined ? '' : Buffer.from(after, 'base64url').toString();
  const matching = [...call.service.buckets.values()]
    .filter((bucket) => bucket.name.startsWith(prefix) && bucket.name > start)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const page = matching.slice(0, max);
  const last = page.at(-1);
  return {
    status: 200,
    body: xmlDocument(
      'ListAllMyBucketsResult',
      owner(call),
      branch('Buckets', ...page.map((bucket) => bucketEntry(bucket, stated !== undefined))),
      matching.length > max && last
        ? leaf('ContinuationToken', Buffer.from(last.name).toString('base64url'))
        : '',
      prefix === '' ? '' : leaf('Prefix', prefix),
    ),
  };
}

const bucketEntry = (bucket: Bucket, withRegion: boolean): string =>
  branch(
    'Bucket',
    leaf('Name', bucket.name),
    leaf('CreationDate', isoSeconds(bucket.created)),
    withRegion ? leaf('BucketRegion', bucket.region) : '',
  );

/** The owner element of listings. */
export const owner = (call: Call, name = 'Owner'): string =>
  branch(name, leaf('ID', call.service.ownerId), leaf('DisplayName', 'holdfast'));

/** GetBucketVersioning; a bucket that never had it says nothing. */
export function getBucketVersioning(call: Call): Answer {
  const { versioning, mfaDelete } = bucketOf(call);
  const status = versioning === 'Unversioned' ? undefined : versioning;
  return {
    status: 200,
    body: xmlDocument(
      'VersioningConfiguration',
      leaf('Status', status),
      leaf('MfaDelete', mfaDelete ? 'Enabled' : undefined),
    ),
  };
}

/** PutBucketVersioning; under Object Lock it cannot be suspended. */
export function putBucketVersioning(call: Call): Answer {
  const bucket = bucketOf(call);
  const { Status: status, MfaDelete: mfa } = members(readXml(call.body, 'VersioningConfiguration'), [
    'Status',
    'MfaDelete',
  ]);
  if (!status && !mfa)
    throw new S3Error(
      400,
      'IllegalVersioningConfigurationException',
      'The Versioning element must be specified',
    );
  const wanted = status?.text.trim();
  if (wanted !== 'Enabled' && wanted !== 'Suspended') throw malformedXml();
  if (wanted === 'Suspended' && bucket.objectLock && !call.service.lies.has('suspend'))
    throw new S3Error(
      409,
      'InvalidBucketState',
      'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
    );
  const wantedMfa = mfa?.text.trim();
  if (wantedMfa !== undefined && wantedMfa !== 'Enabled' && wantedMfa !== 'Disabled') throw malformedXml();
  const changesMfa = bucket.mfaDelete || wantedMfa === 'Enabled';
  if (changesMfa && !/^\S+ \d{6}$/.test(headerOf(call, 'x-amz-mfa') ?? ''))
    throw accessDenied('Mfa Authentication must be used for this request');
  bucket.versioning = wanted;
  if (wantedMfa !== undefined) bucket.mfaDelete = wantedMfa === 'Enabled';
  return { status: 200 };
}
