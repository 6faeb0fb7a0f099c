import { bucketOf, queryOf, type Answer, type Call, type Operation } from '../call.ts';
import { readable } from '../lookup.ts';
import { S3Error } from '../errors.ts';
import { branch, leaf, xmlDocument } from '../xml.ts';
import { owner } from './buckets.ts';

// What a bucket answers about features that nobody configured: a refusal, or the document of a fresh bucket.
const absent =
  (code: string, message: string): Operation =>
  (call) => {
    throw new S3Error(404, code, message, { BucketName: bucketOf(call).name });
  };

const fresh =
  (root: string, ...content: readonly string[]): Operation =>
  (call) => {
    bucketOf(call);
    return { status: 200, body: xmlDocument(root, ...content) };
  };

const configurations =
  (root: string): Operation =>
  (call) => {
    bucketOf(call);
    if (queryOf(call, 'id') !== undefined)
      throw new S3Error(404, 'NoSuchConfiguration', 'The specified configuration does not exist.');
    return { status: 200, body: xmlDocument(root, leaf('IsTruncated', false)) };
  };

const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"';

const ownersAcl = (call: Call): Answer => ({
  status: 200,
  body: xmlDocument(
    'AccessControlPolicy',
    owner(call),
    branch(
      'AccessControlList',
      branch(
        'Grant',
        owner(call, 'Grantee').replace('<Grantee>', `<Grantee ${XSI}>`),
        leaf('Permission', 'FULL_CONTROL'),
      ),
    ),
  ),
});

/** The small reads clients make of a bucket on which nothing of the kind is configured. */
export const UNCONFIGURED: Readonly<Record<string, Operation>> = {
  GetBucketAcl: (call) => {
    bucketOf(call);
    return ownersAcl(call);
  },
  GetObjectAcl: (call) => {
    readable(call, bucketOf(call));
    return ownersAcl(call);
  },
  GetBucketCors: absent('NoSuchCORSConfiguration', 'The CORS configuration does not exist'),
  GetBucketWebsite: absent(
    'NoSuchWebsiteConfiguration',
    'The specified bucket does not have a website configuration',
  ),
  GetBucketEncryption: fresh(
    'ServerSideEncryptionConfiguration',
    branch(
      'Rule',
      branch('ApplyServerSideEncryptionByDefault', leaf('SSEAlgorithm', 'AES256')),
      leaf('BucketKeyEnabled', false),
    ),
  ),
  GetBucketOwnershipControls: fresh(
    'OwnershipControls',
    branch('Rule', leaf('ObjectOwnership', 'BucketOwnerEnforced')),
  ),
  GetPublicAccessBlock: fresh(
    'PublicAccessBlockConfiguration',
    ...['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'].map((name) =>
      leaf(name, true),
    ),
  ),
  GetBucketLogging: fresh('BucketLoggingStatus'),
  GetBucketAccelerateConfiguration: fresh('AccelerateConfiguration'),
  GetBucketRequestPayment: fresh('RequestPaymentConfiguration', leaf('Payer', 'BucketOwner')),
  ListBucketMetricsConfigurations: configurations('ListMetricsConfigurationsResult'),
  ListBucketAnalyticsConfigurations: configurations('ListBucketAnalyticsConfigurationsResult'),
};
