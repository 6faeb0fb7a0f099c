/** The roll of a matter: the versions that it has covered, page by page, with what was seen when placing. */
import * as z from 'zod';
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
  /** The bit before we came: OFF, ON, or not to be seen. */
  saw: z.enum(['off', 'on', 'unclear']),
  outcome: z.enum(PLACED),
  /** When it was read back as ON, or when it was found that it cannot be. */
  at: z.string(),
  /** The store's id of the request that placed it; none where it was ON already. */
  requestId: z.string().optional(),
  detail: z.string().optional(),
  /** A clearing by an older release may land until then; only after it the bit counts. */
  settles: z.string().optional(),
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
});
export type RollEnd = Readonly<z.infer<typeof endSchema>>;

/** The names of pages: those of placing sort before those of arrivals, and both before those of the release. */
export const rollPrefix = (matter: string): string => `rolls/${matter}/`;
export const pagePrefix = (matter: string, scope: string, pass: number): string =>
  `rolls/${matter}/placed/${scope}/${String(pass).padStart(6, '0')}-`;
export const placedPrefix = (matter: string): string => `rolls/${matter}/placed/`;
export const releasedPrefix = (matter: string): string => `rolls/${matter}/released/`;
export const pageName = (matter: string, scope: string, pass: number, piece: number): string =>
  `${pagePrefix(matter, scope, pass)}${String(piece).padStart(8, '0')}.ndjson`;
/** Where the ends of the versions of a page lie. */
export const releasedName = (page: string): string => page.replace('/placed/', '/released/');

export function countsOf(entries: Iterable<RollEntry>): ScopeCounts {
  const counts = { versions: 0, bytes: 0, on: 0, exceptions: 0 };
  for (const { outcome, size = 0 } of entries) {
    if (outcome === 'marker') continue;
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

export function releasedCountsOf(ends: Iterable<RollEnd>): ReleasedCounts {
  const counts = { off: 0, needed: 0, notOurs: 0, gone: 0, failed: 0 };
  for (const { outcome } of ends) {
    if (outcome === 'off' || outcome === 'needed' || outcome === 'gone') counts[outcome] += 1;
    else if (outcome === 'found-on' || outcome === 'unclear') counts.notOurs += 1;
    else counts.failed += 1;
  }
  return counts;
}
