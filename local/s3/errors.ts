/** An answer S3 gives when it refuses: its code, HTTP status, message and the members S3 adds to the body. */
export class S3Error extends Error {
  readonly code: string;
  readonly status: number;
  readonly members: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    members: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'S3Error';
    this.code = code;
    this.status = status;
    this.members = members;
    this.headers = headers;
  }
}

/** A permission or ownership refusal. */
export const accessDenied = (message = 'Access Denied'): S3Error => new S3Error(403, 'AccessDenied', message);

/** The refusal that protects a locked version; only its message differs from a missing permission. */
export const protectedByLock = (): S3Error =>
  accessDenied('Access Denied because object protected by object lock.');

/** A parameter with an unacceptable value. */
export const invalidArgument = (message: string, name: string, value?: string): S3Error =>
  new S3Error(400, 'InvalidArgument', message, {
    ArgumentName: name,
    ...(value === undefined ? {} : { ArgumentValue: value }),
  });

/** A request that makes no sense as a whole. */
export const invalidRequest = (message: string): S3Error => new S3Error(400, 'InvalidRequest', message);

/** A body that is not the XML document the operation wants. */
export const malformedXml = (): S3Error =>
  new S3Error(
    400,
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );

/** A bucket that does not exist. */
export const noSuchBucket = (bucket: string): S3Error =>
  new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist', { BucketName: bucket });

/** A key with no current version. */
export const noSuchKey = (key: string, headers: Readonly<Record<string, string>> = {}): S3Error =>
  new S3Error(404, 'NoSuchKey', 'The specified key does not exist.', { Key: key }, headers);

/** A version id that was real and is gone, or belongs elsewhere. */
export const noSuchVersion = (key: string, versionId: string): S3Error =>
  new S3Error(404, 'NoSuchVersion', 'The specified version does not exist.', {
    Key: key,
    VersionId: versionId,
  });

/** A multipart upload that does not exist. */
export const noSuchUpload = (uploadId: string): S3Error =>
  new S3Error(
    404,
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    { UploadId: uploadId },
  );

/** A method that the resource does not take; delete markers answer most of them so. */
export const methodNotAllowed = (
  method: string,
  resource: string,
  headers: Readonly<Record<string, string>> = {},
): S3Error =>
  new S3Error(
    405,
    'MethodNotAllowed',
    'The specified method is not allowed against this resource.',
    { Method: method, ResourceType: resource },
    headers,
  );

/** A precondition header that did not hold. */
export const preconditionFailed = (condition: string): S3Error =>
  new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    Condition: condition,
  });

/** Something S3 knows and this server does not. */
export const notImplemented = (message: string, members: Readonly<Record<string, string>> = {}): S3Error =>
  new S3Error(501, 'NotImplemented', message, members);

/** A header that asks for what is not offered. */
export const headerNotImplemented = (header: string): S3Error =>
  notImplemented('A header you provided implies functionality that is not implemented', { Header: header });

/** A digest that does not match the bytes received. */
export const badDigest = (message: string, members: Readonly<Record<string, string>> = {}): S3Error =>
  new S3Error(400, 'BadDigest', message, members);
