import { accessDenied, invalidArgument, invalidRequest, S3Error } from './errors.ts';
import { header, type S3Request } from './request.ts';

/** What a request claims about its signature. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly timestamp: string;
  readonly time: number;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly payloadHash: string;
  /** Seconds; only a presigned request has them. */
  readonly expires?: number;
}

const SCHEME = 'AWS4-HMAC-SHA256';
const WEEK_SECONDS = 604_800;

/** Reads the signature's claims from the Authorization header or the query; throws when there are none or they are malformed. */
export function readCredentials(request: S3Request): Credentials {
  const authorization = header(request, 'authorization');
  const isPresigned = request.query.has('X-Amz-Algorithm') || request.query.has('X-Amz-Signature');
  if (authorization !== undefined && isPresigned)
    throw invalidArgument(
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
      'Authorization',
      authorization,
    );
  if (authorization !== undefined) return fromHeader(request, authorization);
  if (isPresigned) return fromQuery(request);
  if (request.query.has('AWSAccessKeyId')) throw oldScheme();
  throw accessDenied();
}

const oldScheme = (): S3Error =>
  invalidRequest(
    'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
  );

const malformedHeader = (why: string): S3Error =>
  new S3Error(400, 'AuthorizationHeaderMalformed', `The authorization header is malformed; ${why}`);

const malformedQuery = (why: string): S3Error => new S3Error(400, 'AuthorizationQueryParametersError', why);

function fromHeader(request: S3Request, authorization: string): Credentials {
  const space = authorization.indexOf(' ');
  const scheme = space < 0 ? authorization : authorization.slice(0, space);
  if (scheme === 'AWS') throw oldScheme();
  if (scheme !== SCHEME)
    throw invalidArgument('Unsupported Authorization Type', 'Authorization', authorization);
  const parts = new Map(
    authorization
      .slice(space + 1)
      .split(',')
      .map((part) => {
        const equals = part.indexOf('=');
        return [part.slice(0, Math.max(equals, 0)).trim(), part.slice(equals + 1).trim()] as const;
      }),
  );
  const part = (name: string): string => {
    const value = parts.get(name);
    if (!value)
      throw malformedHeader(
        `the authorization header requires three components: Credential, SignedHeaders, and Signature.`,
      );
    return value;
  };
  const payloadHash = header(request, 'x-amz-content-sha256');
  const claims = {
    ...readScope(part('Credential'), malformedHeader),
    signedHeaders: part('SignedHeaders').split(';'),
    signature: part('Signature'),
  };
  if (payloadHash === undefined)
    throw invalidRequest('Missing required header for this request: x-amz-content-sha256');
  return { ...claims, ...readTime(headerTime(request), claims.date, malformedHeader), payloadHash };
}

function headerTime(request: S3Request): string {
  const amz = header(request, 'x-amz-date');
  if (amz !== undefined) return amz;
  const date = Date.parse(header(request, 'date') ?? '');
  if (Number.isNaN(date)) throw accessDenied('AWS authentication requires a valid Date or x-amz-date header');
  return new Date(date).toISOString().replace(/[-:]|\.\d+/g, '');
}

function fromQuery(request: S3Request): Credentials {
  const names = ['Algorithm', 'Credential', 'Signature', 'Date', 'SignedHeaders', 'Expires'];
  const claims = Object.fromEntries(names.map((name) => [name, request.query.get(`X-Amz-${name}`) ?? '']));
  const claim = (name: string): string => claims[name] ?? '';
  if (names.some((name) => claim(name) === ''))
    throw malformedQuery(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    );
  if (claim('Algorithm') !== SCHEME)
    throw malformedQuery('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"');
  const expires = Number(claim('Expires'));
  if (!/^-?\d+$/.test(claim('Expires'))) throw malformedQuery('X-Amz-Expires should be a number');
  if (expires < 0) throw malformedQuery('X-Amz-Expires must be non-negative');
  if (expires > WEEK_SECONDS)
    throw malformedQuery(
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    );
  const scope = readScope(claim('Credential'), malformedQuery);
  return {
    ...scope,
    ...readTime(claim('Date'), scope.date, malformedQuery),
    signedHeaders: claim('SignedHeaders').split(';'),
    signature: claim('Signature'),
    payloadHash:
      request.query.get('X-Amz-Content-Sha256') ??
      header(request, 'x-amz-content-sha256') ??
      'UNSIGNED-PAYLOAD',
    expires,
  };
}

type Refuse = (why: string) => S3Error;

function readScope(
  credential: string,
  refuse: Refuse,
): { accessKeyId: string; date: string; region: string } {
  const pieces = credential.split('/');
  const [date = '', region = '', service, terminal] = pieces.slice(-4);
  const accessKeyId = pieces.slice(0, -4).join('/');
  if (accessKeyId === '' || terminal === undefined)
    throw refuse(
      'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
    );
  if (!/^\d{8}$/.test(date))
    throw refuse(
      `incorrect date format "${date}". This date in the credential must be in the format "yyyyMMdd".`,
    );
  if (service !== 's3') throw refuse(`incorrect service "${service ?? ''}". This endpoint belongs to "s3".`);
  if (terminal !== 'aws4_request')
    throw refuse(`incorrect terminal "${terminal}". This endpoint uses "aws4_request".`);
  return { accessKeyId, date, region };
}

function readTime(timestamp: string, date: string, refuse: Refuse): { timestamp: string; time: number } {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  const [, year, month, day, hour, minute, second] = match ?? [];
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (!match || Number.isNaN(time))
    throw accessDenied('AWS authentication requires a valid Date or x-amz-date header');
  if (!timestamp.startsWith(date))
    throw refuse(
      `Invalid credential date "${date}". This date is not the same as X-Amz-Date: "${timestamp.slice(0, 8)}".`,
    );
  return { timestamp, time };
}
