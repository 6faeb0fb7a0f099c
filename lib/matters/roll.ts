/** The roll of a matter: the versions that it has covered, page by page, with what was seen when placing. */
import * as z from 'zod';
import { parseInstant } from '../lock/instant.ts';
import { type ReleasedCounts, type ScopeCounts } from './matter.ts';

/** How placing a hold on a version ended. */
export const PLACED = [
  'on',
  'gone',
  'marker',
  'no-lock-on-bucket',
  'no-permission',
  'not-confirmed',
  'rejected',
  'no-verdict',
] as const;
export type Placed = (typeof PLACED)[number];

export const entrySchema = z.object({
  bucket: z.string(),
  key: z.string(),
  versionId: z.string(),
  size: z.number().optional(),
  created: z.string().optional(),
  etag: z.string().optional(),
  /** A checksum of the content as the store tells it, such as `SHA256 base64`. */
  checksum: z.string().optional(),
  /** The bit before we came: OFF, ON by somebody else, ON by us for another matter or rule, or not to be seen. */
  saw: z.enum(['off', 'on', 'on-ours', 'unclear']),
  outcome: z.enum(PLACED),
  /** When it was read back as ON, or when it was found that it cannot be. */
  at: z.string(),
  /** The store's id of the request that placed it; none where it was ON already. */
  requestId: z.string().optional(),
  detail: z.string().optional(),
  /** A clearing by an older release may land until then; only after it the bit counts. */
  settles: z.string().optional(),
  /** A request of ours that had no answer may still set the bit until then, even after a release. */
  lands: z.string().optional(),
  /** The page that has the version too, where that was not there yet: counted there, and listed here to be safe. */
  claimedOn: z.string().optional(),
});
export type RollEntry = Readonly<z.infer<typeof entrySchema>>;

/** How a version ended when its matter was released. */
export const RELEASED = [
  'off',
  'needed',
  'found-on',
  'unclear',
  'gone',
  'no-permission',
  'rejected',
  'not-confirmed',
  'no-verdict',
] as const;
export type Released = (typeof RELEASED)[number];

export const endSchema = z.object({
  bucket: z.string(),
  key: z.string(),
  versionId: z.string(),
  outcome: z.enum(RELEASED),
  at: z.string(),
  requestId: z.string().optional(),
  detail: z.string().optional(),
  claimedOn: z.string().optional(),
  /** What was sent and not answered may land until then: it is looked at again after it. */
  lands: z.string().optional(),
});
export type RollEnd = Readonly<z.infer<typeof endSchema>>;

/** What a page of a roll begins with. */
export const headSchema = z.object({
  matter: z.string(),
  scope: z.string(),
  at: z.string(),
  counts: z.record(z.string(), z.number()),
  settles: z.string().optional(),
  lands: z.string().optional(),
});
export type PageHead = Readonly<z.infer<typeof headSchema>>;

/** Where arrivals are noted, beside the scopes of a matter. */
export const ARRIVALS = 'arrivals';

export function placedPrefix(matter: string, scope = '', pass?: number): string {
  const within = pass === undefined ? '' : `${String(pass).padStart(6, '0')}-`;
  return `rolls/${matter}/placed/${scope === '' ? '' : `${scope}/${within}`}`;
}

export function placedName(matter: string, scope: string, pass: number, beat: number, piece: number): string {
  return `${placedPrefix(matter, scope, pass)}${String(beat).padStart(6, '0')}-${String(piece).padStart(8, '0')}.ndjson`;
}

/** Where the versions lie that a scope names one by one. */
export function namedName(matter: string, scope: string): string {
  return `rolls/${matter}/named/${scope}.ndjson`;
}

/** A page of one version that came by an event: by the hour, so that a listing is in order. */
export function arrivalName(matter: string, at: string, id: string): string {
  return `${placedPrefix(matter, ARRIVALS)}${at.slice(0, 13)}/${id}.ndjson`;
}

/** Where the ends of the versions of a page lie after a release. */
export function releasedName(page: string): string {
  return page.replace('/placed/', '/released/');
}

/** A version of a page as it was found later, where that was not as it had been. */
export const checkedSchema = z.object({
  bucket: z.string(),
  key: z.string(),
  versionId: z.string(),
  outcome: z.enum(PLACED),
  at: z.string(),
  /** It had been taken off by somebody else, and was set again. */
  setAgain: z.enum(['us', 'somebody']).optional(),
});

/** What the names of the pages begin with that tell how the versions of a page were found later. */
export function checkedPrefix(page: string): string {
  return page.replace('/placed/', '/checked/').replace(/\.ndjson$/, '.');
}

/** Where it is noted how the versions of a page were found later. */
export function checkedName(page: string, pass: number): string {
  return `${checkedPrefix(page)}${String(pass).padStart(6, '0')}.ndjson`;
}

/** The beat in which a page was sent. */
export function beatOfPage(page: string): number {
  return Number(/\/\d{6}-(\d{6})-\d{8}\.ndjson$/.exec(page)?.[1] ?? 0);
}

export function countsOf(entries: Iterable<RollEntry>): ScopeCounts {
  const counts = { versions: 0, bytes: 0, on: 0, exceptions: 0 };
  for (const { outcome, size = 0, claimedOn } of entries) {
    if (outcome === 'marker' || claimedOn !== undefined) continue;
    counts.versions += 1;
    counts.bytes += size;
    if (outcome === 'on') counts.on += 1;
    // Nobody can hold what is not there any more.
    else if (outcome !== 'gone') counts.exceptions += 1;
  }
  return counts;
}

export function plusCounts(one: ScopeCounts, other: ScopeCounts): ScopeCounts {
  return {
    versions: one.versions + other.versions,
    bytes: one.bytes + other.bytes,
    on: one.on + other.on,
    exceptions: one.exceptions + other.exceptions,
  };
}

/** How versions ended, as far as several who worked on the same page say: the last word counts, and in doubt the worse. */
export function mergedEnds(some: Iterable<RollEnd>, more: Iterable<RollEnd>): RollEnd[] {
  const ends = new Map<string, RollEnd>();
  for (const end of [...some, ...more]) {
    const name = JSON.stringify([end.bucket, end.key, end.versionId]);
    const known = ends.get(name);
    const isLater = known === undefined || parseInstant(end.at) > parseInstant(known.at);
    const isWorse = known?.at === end.at && known.outcome === 'off';
    if (isLater || isWorse) ends.set(name, end);
  }
  return [...ends.values()];
}

export function releasedCountsOf(ends: Iterable<RollEnd>): ReleasedCounts {
  const counts = { off: 0, needed: 0, notOurs: 0, gone: 0, failed: 0 };
  for (const { outcome, claimedOn } of ends) {
    if (claimedOn !== undefined) continue;
    if (outcome === 'off' || outcome === 'needed' || outcome === 'gone') counts[outcome] += 1;
    else if (outcome === 'found-on' || outcome === 'unclear') counts.notOurs += 1;
    else counts.failed += 1;
  }
  return counts;
}
