/** Opens the listing that the options of a command name. */
import { basename } from 'node:path';
import { type S3Client } from '@aws-sdk/client-s3';
import { BucketSource, FolderSource } from '../lib/aws/byte-source.ts';
import { InventoryListing } from '../lib/aws/inventory-listing.ts';
import { readManifest, requirePast } from '../lib/aws/inventory-manifest.ts';
import { JoinedListing } from '../lib/aws/joined-listing.ts';
import { KeysListing } from '../lib/aws/keys-listing.ts';
import { systemClock } from '../lib/aws/system-clock.ts';
import { textFile } from '../lib/aws/text-file.ts';
import { VersionRows } from '../lib/aws/version-rows.ts';
import { HoldfastError } from '../lib/errors.ts';
import { formatInstant, type Instant } from '../lib/lock/instant.ts';
import { type Settings } from '../lib/policy/compile.ts';
import { addPeriod, parsePeriod } from '../lib/policy/period.ts';
import { type Listing } from '../lib/ports/listing.ts';
import { clientOf, ownerOf, requireBucket } from './control.ts';
import { eachInWords, inWords } from './store-failures.ts';
import { prefixTarget, storeOn, type OpenStore, type StoreOptions } from './store-options.ts';

export interface ListingOptions extends StoreOptions {
  readonly inventory?: string;
  readonly bucket?: readonly string[];
  readonly keys?: string;
  readonly prefix?: string;
  readonly maximum?: string;
  readonly maxAge?: string;
  readonly unreadable?: string;
}

export interface OpenListing extends OpenStore {
  readonly client: S3Client;
  readonly from: Listing;
}

/** @throws HoldfastError `bad-input` where not exactly one listing was named. */
export async function openListing(options: ListingOptions): Promise<OpenListing> {
  const { inventory, bucket, keys } = options;
  const named = [inventory, bucket, keys].filter((option) => option !== undefined).length;
  if (named !== 1) {
    throw new HoldfastError('bad-input', {
      what: named === 0 ? 'no listing was named' : 'a plan is made from one listing',
      next: 'give one of --inventory, --bucket and --keys',
    });
  }
  const client = clientOf(options);
  const open = storeOn(client, options);
  return { ...open, client, from: await listingOf(options, client, open) };
}

async function listingOf(
  options: ListingOptions,
  client: S3Client,
  { listing }: OpenStore,
): Promise<Listing> {
  const now = systemClock.now();
  if (options.inventory !== undefined)
    return inWordsListing(await inventoryOf(options.inventory, client, options));
  if (options.keys !== undefined) {
    const next = 'name a file with one bucket,key,versionId per line';
    return new KeysListing(options.keys, textFile(options.keys, next), listing, now);
  }
  const buckets = (options.bucket ?? []).map((name) =>
    prefixTarget(name.startsWith('s3://') ? name : `s3://${name}`),
  );
  const [twice] = buckets.filter(
    (one, at) => buckets.findIndex(({ bucket }) => bucket === one.bucket) !== at,
  );
  if (twice !== undefined) {
    throw new HoldfastError('bad-input', {
      what: `the bucket ${twice.bucket} was named twice, and would be counted twice`,
      next: 'name each bucket once',
    });
  }
  for (const { bucket } of buckets) await requireBucket(client, bucket, options);
  return new JoinedListing(
    buckets.map(
      ({ bucket, key }) => new VersionRows(listing, bucket, key === '' ? (options.prefix ?? '') : key, now),
    ),
  );
}

async function inventoryOf(manifest: string, client: S3Client, options: ListingOptions): Promise<Listing> {
  if (!manifest.startsWith('s3://')) {
    // Reading it says what is wrong with a path that names no file.
    textFile(manifest, 'name the manifest.json of an S3 Inventory');
    const source = new FolderSource(manifest);
    return new InventoryListing(source, manifest, await readManifest(source, basename(manifest), manifest));
  }
  const { bucket, key } = prefixTarget(manifest);
  await requireBucket(client, bucket, options);
  const source = new BucketSource(client, bucket, ownerOf(options));
  const read = async (): Promise<Listing> =>
    new InventoryListing(source, key, await readManifest(source, key));
  return inWords({ what: `read the inventory ${manifest}`, needs: `s3:GetObject on ${bucket}` }, read);
}

function inWordsListing(from: Listing): Listing {
  const asked = {
    what: `read the files of ${from.source}`,
    needs: 's3:GetObject on the bucket of the inventory',
  };
  return {
    kind: from.kind,
    source: from.source,
    asOf: from.asOf,
    tellsEventHolds: from.tellsEventHolds,
    tellsLocks: from.tellsLocks,
    batches: () => eachInWords(asked, from.batches()),
    ...(from.parts && {
      parts: from.parts.map(({ listing, weight }) => ({ listing: inWordsListing(listing), weight })),
    }),
    fingerprint: () => from.fingerprint(),
  };
}

/**
 * Until when a listing may be acted upon.
 *
 * @throws HoldfastError `moved` where that is over.
 */
export function goodUntil(
  { asOf, source, kind }: Listing,
  { horizon }: Settings,
  maxAge: string | undefined,
): Instant {
  if (kind === 'inventory') requirePast({ created: asOf }, systemClock.now(), source);
  const [, listingAge] = horizon;
  const age = maxAge === undefined ? listingAge : parsePeriod(maxAge);
  const until = addPeriod(asOf, age ?? parsePeriod('P2D'));
  if (until >= systemClock.now()) return until;
  throw new HoldfastError('moved', {
    what: `${source} speaks of ${formatInstant(asOf)}, which is longer ago than ${age?.text ?? 'P2D'}`,
    next: 'take a newer one, or allow an older one with --max-age or settings.passes.listingAge; nothing was planned',
  });
}

/** `0.1` in a hundred. */
export function unreadableShare(percent: string | undefined): number {
  const value = Number(percent ?? '0.1');
  if (value >= 0 && value <= 100) return value / 100;
  throw new HoldfastError('bad-input', {
    what: `--unreadable cannot be ${JSON.stringify(percent)}`,
    next: 'write a number from 0 to 100, such as 0.1',
  });
}
