/** What a request names: a selector that is looked at first, or versions that are looked up one by one. */
import { HoldfastError } from '../../errors.ts';
import { formatInstant, type Instant } from '../../lock/instant.ts';
import { type Preview, MOST_NAMED, type ScopeRequest } from '../../matters/messages.ts';
import { type Selector } from '../../matters/matter.ts';
import { type LockStore, type VersionRef, versionIdOf } from '../../ports/lock-store.ts';
import { type Marker, type VersionListing } from '../../ports/version-listing.ts';
import { atOnce } from './at-once.ts';
import { type Coverage } from './coverage.ts';
import { prefixOf } from './list-scope.ts';
import { type NamedVersion } from './pieces.ts';

export interface ScopeDeps {
  readonly listing: VersionListing;
  readonly coverage: Coverage;
  readonly store: Pick<LockStore, 'read' | 'readLock'>;
  readonly manages: (bucket: string) => boolean;
  readonly clock: { now(): Instant };
}

const SAMPLES = 20;
/** How long a preview looks (milliseconds): whoever asks waits. */
const PATIENCE = 15_000;
/** Requests for each version that is held: look at the bit, set it, read it back; and its claim in the ledger. */
const REQUESTS = 4;
/** Dollars of those: one at the price of a PUT, two of a GET, one write of a table. */
const USD = (5 + 2 * 0.4 + 1.25) / 1_000_000;

export function requireManaged(bucket: string, { manages }: Pick<ScopeDeps, 'manages'>): void {
  if (manages(bucket)) return;
  throw new HoldfastError('not-managed', {
    what: `the bucket ${bucket} is not managed by this Holdfast`,
    next: 'check its name, or add it to the buckets of the deployment',
  });
}

/** What a scope covers at present; looking stops after a while, or after so many versions. */
export async function previewOf(scope: ScopeRequest, deps: ScopeDeps): Promise<Preview> {
  const found =
    'versions' in scope ? summed(await namedVersions(scope, deps)) : await walk(scope.selector, deps);
  const { first, ...shown } = found;
  return { ...shown, requests: found.versions * REQUESTS, usd: Math.round(found.versions * USD * 100) / 100 };
}

type Found = Pick<Preview, 'versions' | 'bytes' | 'more' | 'samples'> & { readonly first?: VersionRef };

async function walk(selector: Selector, deps: ScopeDeps, atMost = Number.POSITIVE_INFINITY): Promise<Found> {
  requireManaged(selector.bucket, deps);
  const until = deps.clock.now() + PATIENCE;
  const found = { versions: 0, bytes: 0, more: false, samples: [] as string[] };
  let first: VersionRef | undefined;
  let marker: Marker | undefined;
  do {
    const page = await deps.listing.page(selector.bucket, marker, prefixOf(selector));
    const covered = await atOnce(
      page.versions,
      async (listed) => (await deps.coverage.covers(selector, listed)) && listed,
    );
    for (const listed of covered) {
      if (listed === false) continue;
      first ??= listed.ref;
      found.versions += 1;
      found.bytes += listed.size ?? 0;
      if (found.samples.length < SAMPLES) found.samples.push(listed.ref.key);
    }
    marker = page.next;
    found.more = marker !== undefined;
  } while (marker !== undefined && deps.clock.now() < until && found.versions < atMost);
  return { ...found, ...(first && { first }) };
}

function summed(versions: readonly NamedVersion[]): Found {
  return {
    versions: versions.length,
    bytes: versions.reduce((sum, { size = 0 }) => sum + size, 0),
    more: false,
    samples: versions.slice(0, SAMPLES).map(({ key }) => key),
  };
}

/**
 * The versions that were named, each once; a key without a version means all of its versions.
 *
 * @throws HoldfastError `no-such-version` where one is not there, `too-large` where they are too many.
 */
export async function namedVersions(
  scope: Extract<ScopeRequest, { versions: unknown }>,
  deps: ScopeDeps,
): Promise<NamedVersion[]> {
  for (const { bucket } of scope.versions) requireManaged(bucket, deps);
  const lists = await atOnce(scope.versions, async ({ bucket, key, versionId }): Promise<NamedVersion[]> => {
    if (versionId === undefined) return versionsOfKey(bucket, key, deps);
    const read = await deps.store.read({ bucket, key, versionId: versionIdOf(versionId) });
    if (read.kind === 'found') {
      const { size, created } = read.version;
      return [
        { bucket, key, versionId, created: formatInstant(created), ...(size !== 'unknown' && { size }) },
      ];
    }
    // What may not be read can be held all the same.
    if (read.kind === 'no-permission') return [{ bucket, key, versionId }];
    throw notThere(bucket, key, versionId, read.kind);
  });
  const versions = new Map(
    lists.flat().map((one) => [JSON.stringify([one.bucket, one.key, one.versionId]), one]),
  );
  const oneOfEach = new Map([...versions.values()].map((one) => [one.bucket, one]));
  for (const { bucket, key, versionId } of oneOfEach.values()) {
    const seen = await deps.store.readLock({ bucket, key, versionId: versionIdOf(versionId) }, 'hold');
    if (seen.kind === 'no-lock-on-bucket') throw notThere(bucket, key, versionId, seen.kind);
  }
  if (versions.size <= MOST_NAMED) return [...versions.values()];
  throw new HoldfastError('too-large', {
    what: `${versions.size} versions were named with all versions of their keys, and ${MOST_NAMED} are the most`,
    next: 'use a selector, such as a prefix',
  });
}

async function versionsOfKey(bucket: string, key: string, { listing }: ScopeDeps): Promise<NamedVersion[]> {
  const found: NamedVersion[] = [];
  let marker: Marker | undefined;
  do {
    const page = await listing.page(bucket, marker, key);
    for (const { ref, created, size, etag } of page.versions) {
      if (ref.key !== key) continue;
      const known = { bucket, key, versionId: ref.versionId, created: formatInstant(created) };
      found.push({ ...known, ...(size !== undefined && { size }), ...(etag !== undefined && { etag }) });
    }
    // The key itself sorts before every longer key that begins with it.
    marker = page.next?.key === key && found.length <= MOST_NAMED ? page.next : undefined;
  } while (marker !== undefined);
  if (found.length > 0) return found;
  throw notThere(bucket, key, undefined, 'gone');
}

function notThere(bucket: string, key: string, versionId: string | undefined, kind: string): HoldfastError {
  const version = versionId === undefined ? '' : ` version ${versionId}`;
  const what = `${bucket}/${JSON.stringify(key)}${version}`;
  const next = 'nothing was held: leave it out, or correct it';
  if (kind === 'marker')
    return new HoldfastError('delete-marker', {
      what: `${what} is a delete marker, which cannot be held`,
      next,
    });
  if (kind === 'no-lock-on-bucket')
    return new HoldfastError(kind, { what: `${what} is in a bucket without Object Lock`, next });
  return new HoldfastError('no-such-version', { what: `${what} is not there`, next });
}

/**
 * Looks at a selector before anything is begun.
 *
 * @throws HoldfastError `empty-scope` where it covers nothing, `no-lock-on-bucket` where nothing there can be held.
 */
export async function requireNotEmpty(
  selector: Selector,
  allowEmpty: boolean,
  deps: ScopeDeps,
): Promise<void> {
  const { versions, first, more } = await walk(selector, deps, 1);
  if (first !== undefined && (await deps.store.readLock(first, 'hold')).kind === 'no-lock-on-bucket') {
    throw new HoldfastError('no-lock-on-bucket', {
      what: `the bucket ${selector.bucket} has no Object Lock, so that nothing in it can be held`,
      next: 'enable it with holdfast bucket enable, then open the matter',
    });
  }
  // Where looking took too long, nobody can say that there is nothing.
  if (versions > 0 || more || allowEmpty) return;
  throw new HoldfastError('empty-scope', {
    what: 'the scope covers nothing at present, and nothing was opened',
    next: 'check the bucket, the prefix and the tags with a preview; or say allowEmpty for what will be uploaded',
  });
}
