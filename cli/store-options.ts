/** The options of commands that work on versions in a store, and the addresses they take. */
import { type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { Command } from 'commander';
import { ClockWatch } from '../lib/aws/clock-watch.ts';
import { S3EntryListing } from '../lib/aws/s3-entry-listing.ts';
import { S3LockStore } from '../lib/aws/s3-lock-store.ts';
import { systemClock } from '../lib/aws/system-clock.ts';
import { HoldfastError } from '../lib/errors.ts';
import { type EntryListing } from '../lib/ports/entry-listing.ts';
import { type LockStore } from '../lib/ports/lock-store.ts';
import { clientOf, ownerOf, requireBucket } from './control.ts';
import { type ConnectionOptions, endpointOf, withConnection } from './control-options.ts';
import { keyOption } from './options.ts';
import { providerOf } from './provider.ts';
import { inWords } from './store-failures.ts';

export interface StoreOptions extends ConnectionOptions {
  readonly json?: true;
}

/** What an address names: a key, or a prefix of keys. */
export interface Target {
  readonly bucket: string;
  readonly key: string;
  /** The region that the ARN of an access point names. */
  readonly region?: string;
}

export interface OpenStore {
  readonly store: LockStore;
  readonly listing: EntryListing;
}

export function withStore(command: Command): Command {
  return withConnection(command).option('--json', 'print one JSON document');
}

/** An access point in place of a bucket: the name after `accesspoint/` belongs to it. */
const BY_ARN = /^s3:\/\/(arn:aws[a-z-]*:s3:([a-z0-9-]+):\d{12}:accesspoint[/:][a-z0-9-]+)(?:\/([\s\S]*))?$/;
const BY_NAME = /^s3:\/\/([^/]+)(?:\/([\s\S]*))?$/;

/** `s3://bucket/key`: everything after the bucket's slash is the key, as it is. */
export function objectTarget(text: string): Target {
  const target = prefixTarget(text);
  if (target.key === '') throw badAddress(text, 'write it as s3://bucket/key');
  return { ...target, key: keyOption(target.key) };
}

/** `s3://bucket`, `s3://bucket/prefix`: the prefix may be empty. */
export function prefixTarget(text: string): Target {
  if (text.startsWith('s3://arn:')) return arnTarget(text);
  const [, bucket, key = ''] = BY_NAME.exec(text) ?? [];
  if (bucket === undefined) throw badAddress(text, 'write it as s3://bucket/key');
  if (bucket.endsWith('--op-s3')) throw withoutLocks(bucket, 'S3 on Outposts');
  if (/--xa?-s3$/.test(bucket)) throw withoutLocks(bucket, 'a directory bucket');
  return { bucket, key };
}

function arnTarget(text: string): Target {
  const [, bucket, region, key = ''] = BY_ARN.exec(text) ?? [];
  if (bucket !== undefined && region !== undefined) return { bucket, key, region };
  const [, , , service, where, , resource = ''] = text.split(':');
  if (service === 's3-outposts') throw withoutLocks(text, 'S3 on Outposts');
  if (service === 's3express') throw withoutLocks(text, 'a directory bucket');
  if (service === 's3' && where === '' && resource.startsWith('accesspoint')) {
    throw new HoldfastError('bad-input', {
      what: `${JSON.stringify(text)} is a multi-Region access point, whose signatures are not built in`,
      next: 'name one of the buckets behind it',
    });
  }
  throw badAddress(
    text,
    'write it as s3://bucket/key, or s3://arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME/key',
  );
}

/** Some kinds of bucket have no Object Lock at all: no request is needed to say so. */
function withoutLocks(name: string, kind: string): HoldfastError {
  return new HoldfastError('no-lock-on-bucket', {
    what: `${JSON.stringify(name)} is ${kind}, which has no Object Lock`,
    next: 'keep what must be locked in a general purpose bucket',
  });
}

/**
 * The store of a target.
 *
 * @throws HoldfastError in words when the bucket is not there, or in another region.
 */
export async function openStore({ bucket, region }: Target, options: StoreOptions): Promise<OpenStore> {
  const endpoint = endpointOf(options);
  if (region !== undefined && endpoint !== undefined)
    throw mismatch('an access point is reached without --endpoint', 'leave the endpoint out');
  if (region !== undefined && options.region !== undefined && options.region !== region)
    throw mismatch(`the access point is in ${region}, not in ${options.region}`, 'leave --region out');
  const connection = { ...options, ...(region !== undefined && { region }) };
  const client = clientOf(connection);
  // Opening looks whether the bucket is there: a missing bucket and a missing key look alike.
  await requireBucket(client, bucket, connection);
  return storeOn(client, options);
}

/** What commands on versions work with, by the capability record of the store. */
export function storeOn(client: S3Client, options: ConnectionOptions): OpenStore {
  const provider = providerOf(options);
  const owner = ownerOf(options);
  const watch = new ClockWatch(systemClock);
  watch.listenTo(client);
  const listing = new S3EntryListing(client, owner);
  return {
    store: new S3LockStore({
      client,
      provider,
      watch,
      ...(owner !== undefined && { expectedBucketOwner: owner }),
    }),
    listing: {
      entries: async (name, prefix, after) =>
        inWords(
          { what: `list the versions in ${JSON.stringify(name)}`, needs: 's3:ListBucketVersions' },
          async () => listing.entries(name, prefix, after),
        ),
    },
  };
}

/** Whether a listing was denied, rather than broken. */
export function isDenied(cause: unknown): boolean {
  return cause instanceof HoldfastError
    ? cause.code === 'no-permission'
    : cause instanceof S3ServiceException && cause.$metadata.httpStatusCode === 403;
}

function mismatch(what: string, next: string): HoldfastError {
  return new HoldfastError('bad-input', { what, next });
}

function badAddress(text: string, next: string): HoldfastError {
  return new HoldfastError('bad-input', { what: `the address cannot be ${JSON.stringify(text)}`, next });
}
