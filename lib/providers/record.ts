/** What is known of one kind of store: as people wrote it down, or as `doctor --probe` measured it. */
import * as z from 'zod';
import { HoldfastError } from '../errors.ts';
import { dayExists, formatInstant, parseInstant } from '../lock/instant.ts';
import { parsePeriod } from '../policy/period.ts';
import { type Capabilities } from '../ports/lock-store.ts';

const parses = (parse: (text: string) => unknown) => (text: string) => {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
};

const providerSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/),
  /** Where the record comes from: documents and recordings, or an experiment on the store itself. */
  from: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('documents'), day: z.string().refine(dayExists) }),
    z.strictObject({
      kind: z.literal('probe'),
      day: z.string().refine(dayExists),
      enforces: z.boolean(),
      exceptions: z.array(z.string()),
    }),
  ]),
  refusesWeakening: z.boolean(),
  /** Never measured: whoever writes true here takes the store at its word. */
  confirmMayBeSkipped: z.boolean(),
  youngFor: z.number().int().min(0).max(60_000),
  /** The codes with which a 404, or a 400, says "no lock on this version". */
  unlockedCodes: z.array(z.string()).min(1),
  /** Which uploads keep the lock that their headers ask for; the others are locked after the upload. */
  keepsLockHeaders: z.strictObject({ put: z.boolean(), multipart: z.boolean(), copy: z.boolean() }),
  /** Tags are kept, and given back; else nothing can be said of them. */
  keepsTags: z.boolean(),
  /** Writes must carry Content-MD5, and a checksum of the newer kinds is not understood. */
  needsContentMd5: z.boolean(),
  /** The longest lock that the store takes. */
  maximum: z.string().refine(parses(parsePeriod)),
  /** The last date that the store keeps as it was written; left out where none is known to go wrong. */
  lastDate: z.string().refine(parses(parseInstant)).transform(parseInstant).optional(),
  /** Records written before there were event holds say nothing of them. */
  eventHolds: z.enum(['native', 'none']).default('none'),
});

/** What an S3-compatible store is known to do, and where it answers otherwise than AWS S3. */
export interface Provider extends Capabilities, Omit<z.infer<typeof providerSchema>, keyof Capabilities> {}

/** A record as a file holds it. */
export function formatProvider({ lastDate, ...record }: Provider): string {
  const written = lastDate === undefined ? record : { ...record, lastDate: formatInstant(lastDate) };
  return `${JSON.stringify(written, undefined, 2)}\n`;
}

/**
 * Reads the record that {@link formatProvider} wrote.
 *
 * @throws HoldfastError `bad-input` that names what is wrong with it.
 */
export function parseProvider(text: string, path: string): Provider {
  const next = 'write a new one with holdfast doctor --probe';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new HoldfastError('bad-input', { what: `${path} is not JSON`, next, cause });
  }
  const parsed = providerSchema.safeParse(value);
  if (!parsed.success) {
    const names = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.') || issue.message))];
    throw new HoldfastError('bad-input', {
      what: `${path} is not a capability record: ${names.join(', ')}`,
      next,
    });
  }
  // Zod writes an optional member as one that may be undefined.
  const { lastDate, ...record } = parsed.data;
  return lastDate === undefined ? record : { ...record, lastDate };
}
