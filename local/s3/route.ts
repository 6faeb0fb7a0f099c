import { methodNotAllowed, notImplemented } from './errors.ts';
import type { S3Request } from './request.ts';

/** Which operation a request asks for, and the IAM action it needs. */
export interface Route {
  readonly operation: string;
  readonly action: string;
  /** The action when the request names a version. */
  readonly versionAction?: string;
  /** Whether the body is an object's bytes rather than a document. */
  readonly upload?: true;
}

type Table = Readonly<Record<string, Route>>;

const route = (operation: string, action: string, versionAction?: string): Route => ({
  operation,
  action: `s3:${action}`,
  ...(versionAction === undefined ? {} : { versionAction: `s3:${versionAction}` }),
});

const upload = (operation: string): Route => ({ operation, action: 's3:PutObject', upload: true });

// `METHOD subresource`; the empty subresource comes last. The order of SUBRESOURCES decides between several.
const SERVICE: Table = { 'GET ': route('ListBuckets', 'ListAllMyBuckets') };

const BUCKET: Table = {
  'PUT ': route('CreateBucket', 'CreateBucket'),
  'HEAD ': route('HeadBucket', 'ListBucket'),
  'DELETE ': route('DeleteBucket', 'DeleteBucket'),
  'GET ': route('ListObjects', 'ListBucket'),
  'GET list-type': route('ListObjectsV2', 'ListBucket'),
  'GET versions': route('ListObjectVersions', 'ListBucketVersions'),
  'GET uploads': route('ListMultipartUploads', 'ListBucketMultipartUploads'),
  'POST delete': route('DeleteObjects', ''),
  'GET location': route('GetBucketLocation', 'GetBucketLocation'),
  'GET versioning': route('GetBucketVersioning', 'GetBucketVersioning'),
  'PUT versioning': route('PutBucketVersioning', 'PutBucketVersioning'),
  'GET object-lock': route('GetObjectLockConfiguration', 'GetBucketObjectLockConfiguration'),
  'PUT object-lock': route('PutObjectLockConfiguration', 'PutBucketObjectLockConfiguration'),
  'GET notification': route('GetBucketNotificationConfiguration', 'GetBucketNotification'),
  'PUT notification': route('PutBucketNotificationConfiguration', 'PutBucketNotification'),
  'GET acl': route('GetBucketAcl', 'GetBucketAcl'),
  'GET policy': route('GetBucketPolicy', 'GetBucketPolicy'),
  'PUT policy': route('PutBucketPolicy', 'PutBucketPolicy'),
  'DELETE policy': route('DeleteBucketPolicy', 'DeleteBucketPolicy'),
  'GET policyStatus': route('GetBucketPolicyStatus', 'GetBucketPolicyStatus'),
  'GET encryption': route('GetBucketEncryption', 'GetEncryptionConfiguration'),
  'PUT lifecycle': route('PutBucketLifecycleConfiguration', 'PutLifecycleConfiguration'),
  'DELETE lifecycle': route('DeleteBucketLifecycle', 'PutLifecycleConfiguration'),
  'PUT inventory': route('PutBucketInventoryConfiguration', 'PutInventoryConfiguration'),
  'DELETE inventory': route('DeleteBucketInventoryConfiguration', 'PutInventoryConfiguration'),
  'PUT tagging': route('PutBucketTagging', 'PutBucketTagging'),
  'DELETE tagging': route('DeleteBucketTagging', 'PutBucketTagging'),
  'GET lifecycle': route('GetBucketLifecycleConfiguration', 'GetLifecycleConfiguration'),
  'GET tagging': route('GetBucketTagging', 'GetBucketTagging'),
  'GET ownershipControls': route('GetBucketOwnershipControls', 'GetBucketOwnershipControls'),
  'GET publicAccessBlock': route('GetPublicAccessBlock', 'GetBucketPublicAccessBlock'),
  'GET cors': route('GetBucketCors', 'GetBucketCORS'),
  'GET replication': route('GetBucketReplication', 'GetReplicationConfiguration'),
  'PUT replication': route('PutBucketReplication', 'PutReplicationConfiguration'),
  'DELETE replication': route('DeleteBucketReplication', 'PutReplicationConfiguration'),
  'GET website': route('GetBucketWebsite', 'GetBucketWebsite'),
  'GET logging': route('GetBucketLogging', 'GetBucketLogging'),
  'GET accelerate': route('GetBucketAccelerateConfiguration', 'GetAccelerateConfiguration'),
  'GET requestPayment': route('GetBucketRequestPayment', 'GetBucketRequestPayment'),
  'GET inventory': route('ListBucketInventoryConfigurations', 'GetInventoryConfiguration'),
  'GET metrics': route('ListBucketMetricsConfigurations', 'GetMetricsConfiguration'),
  'GET analytics': route('ListBucketAnalyticsConfigurations', 'GetAnalyticsConfiguration'),
};

const OBJECT: Table = {
  'PUT ': upload('PutObject'),
  'PUT copy': route('CopyObject', 'PutObject'),
  'PUT uploadId': upload('UploadPart'),
  'PUT uploadId copy': route('UploadPartCopy', 'PutObject'),
  'GET ': route('GetObject', 'GetObject', 'GetObjectVersion'),
  'HEAD ': route('HeadObject', 'GetObject', 'GetObjectVersion'),
  'DELETE ': route('DeleteObject', 'DeleteObject', 'DeleteObjectVersion'),
  'GET acl': route('GetObjectAcl', 'GetObjectAcl', 'GetObjectVersionAcl'),
  'GET attributes': route('GetObjectAttributes', 'GetObjectAttributes', 'GetObjectVersionAttributes'),
  'GET tagging': route('GetObjectTagging', 'GetObjectTagging', 'GetObjectVersionTagging'),
  'PUT tagging': route('PutObjectTagging', 'PutObjectTagging', 'PutObjectVersionTagging'),
  'DELETE tagging': route('DeleteObjectTagging', 'DeleteObjectTagging', 'DeleteObjectVersionTagging'),
  'GET retention': route('GetObjectRetention', 'GetObjectRetention'),
  'PUT retention': route('PutObjectRetention', 'PutObjectRetention'),
  'GET legal-hold': route('GetObjectLegalHold', 'GetObjectLegalHold'),
  'PUT legal-hold': route('PutObjectLegalHold', 'PutObjectLegalHold'),
  'POST uploads': route('CreateMultipartUpload', 'PutObject'),
  'POST uploadId': route('CompleteMultipartUpload', 'PutObject'),
  'GET uploadId': route('ListParts', 'ListMultipartUploadParts'),
  'DELETE uploadId': route('AbortMultipartUpload', 'AbortMultipartUpload'),
};

const SUBRESOURCES = [
  ...new Set([...Object.keys(BUCKET), ...Object.keys(OBJECT)].map((name) => name.split(' ')[1] ?? '')),
].filter((name) => name !== '' && name !== 'copy');

/** Subresources S3 knows and this server does not. */
const UNSERVED = [
  'restore',
  'select',
  'torrent',
  'intelligent-tiering',
  'metadataTable',
  'metadataConfiguration',
  'session',
  'append',
  'rename',
  'annotation',
  'metadataInventoryTable',
  'metadataJournalTable',
  'abac',
  'renameObject',
];
const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'];

/** Finds the operation a request asks for; throws NotImplemented for what S3 has and this server lacks. */
export function findRoute(request: S3Request): Route {
  const { method, bucket, key, query, headers } = request;
  const resource = key !== undefined ? 'OBJECT' : bucket !== undefined ? 'BUCKET' : 'SERVICE';
  if (!METHODS.includes(method)) throw methodNotAllowed(method, resource);
  const table = { OBJECT, BUCKET, SERVICE }[resource];
  const subresource = [...SUBRESOURCES, ...UNSERVED].find(
    (name) => query.has(name) && isMeant(name, resource),
  );
  const isCopy = resource === 'OBJECT' && method === 'PUT' && headers['x-amz-copy-source'] !== undefined;
  const name = [method, subresource ?? ''].join(' ');
  const found = table[isCopy && subresource !== undefined ? `${name} copy` : isCopy ? 'PUT copy' : name];
  if (found) return found;
  if (subresource === undefined) throw methodNotAllowed(method, resource);
  throw notImplemented('This embedded S3 does not implement the functionality you asked for.', {
    Header: `${method} ?${subresource}`,
  });
}

// `tagging` and `acl` belong to both; `versions` on an object, say, is a parameter S3 ignores.
function isMeant(name: string, resource: 'OBJECT' | 'BUCKET' | 'SERVICE'): boolean {
  if (UNSERVED.includes(name)) return true;
  const table = resource === 'OBJECT' ? OBJECT : resource === 'BUCKET' ? BUCKET : SERVICE;
  return METHODS.some((method) => table[`${method} ${name}`] !== undefined);
}
