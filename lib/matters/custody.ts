/**
 * Custody of one version: who needs its legal hold, whose the bit is, and which clearing may still land.
 * One item of the ledger for each version; placing and clearing meet here, and nowhere else.
 */
import * as z from 'zod';
import { formatInstant, type Instant, instantOf, parseInstant } from '../lock/instant.ts';
import { type Hold } from '../lock/state.ts';

/** What was seen of the bit before a hold was placed for a claimant. */
const sawSchema = z.enum(['off', 'on', 'unclear']);
export type Saw = z.infer<typeof sawSchema>;

const claimSchema = z.object({
  at: z.string(),
  saw: sawSchema,
  /** The page of the roll that has the version. */
  page: z.string(),
});

export const custodySchema = z.object({
  bucket: z.string(),
  key: z.string(),
  versionId: z.string(),
  /** Whose the bit is: set by us, found ON and so somebody else's, or not to be told. */
  origin: z.enum(['ours', 'found-on', 'unclear']),
  /** By matter, or by `event:` and the name of a rule. */
  claims: z.record(z.string(), claimSchema),
  /** A clearing that was sent, or is about to be, and whose answer has not been noted. */
  clearing: z.object({ by: z.string(), landsBefore: z.string() }).optional(),
});

export type Custody = Readonly<z.infer<typeof custodySchema>>;
export type Claim = Readonly<z.infer<typeof claimSchema>>;

/**
 * S3 refuses a request 15 minutes after it was signed; a minute more for the signing itself and for clocks that
 * differ.
 */
export const LANDING = 16 * 60_000;

/** Claims of event holds count until they are withdrawn; those of matters while the docket has them. */
export const EVENT_CLAIM = 'event:';

export function sawOf(hold: Hold): Saw {
  return hold === 'none' ? 'off' : hold === 'on' ? 'on' : 'unclear';
}

/** Notes that a claimant needs the hold, before anything is written to the store. */
export function claim(
  before: Custody | undefined,
  ref: Pick<Custody, 'bucket' | 'key' | 'versionId'>,
  {
    claimant,
    saw,
    page,
    at,
  }: { readonly claimant: string; readonly saw: Saw; readonly page: string; readonly at: Instant },
): Custody {
  const { bucket, key, versionId } = ref;
  const known = before ?? { bucket, key, versionId, origin: originOf(saw), claims: {} };
  const claims =
    known.claims[claimant] === undefined
      ? { ...known.claims, [claimant]: { at: formatInstant(at), saw, page } }
      : known.claims;
  return { ...known, claims, origin: originAfter(before, saw) };
}

/** Whose the bit is, once somebody looked at it and is about to set it. */
function originAfter(before: Custody | undefined, saw: Saw): Custody['origin'] {
  // Set by us, and perhaps not cleared yet by a request of ours.
  if (before?.clearing !== undefined) return 'ours';
  const isClaimed = before !== undefined && Object.keys(before.claims).length > 0;
  // What was somebody else's hold is gone, so that the one set now is ours.
  if (!isClaimed || saw === 'off') return originOf(saw);
  return before.origin;
}

function originOf(saw: Saw): Custody['origin'] {
  return saw === 'off' ? 'ours' : saw === 'on' ? 'found-on' : 'unclear';
}

/** What releasing a version for one claimant leads to. */
export type Release =
  /** Nobody needs the hold any more, and it is ours. */
  | { readonly kind: 'clear' }
  /** It stays ON. */
  | { readonly kind: 'stays'; readonly because: 'needed' | 'found-on' | 'unclear' }
  /** It was released for this claimant before. */
  | { readonly kind: 'done' };

/**
 * Decides whether the hold goes when a claimant is released.
 *
 * @param open - the matters that are open now: a claim of any other matter counts no more.
 */
export function release(custody: Custody, claimant: string, open: ReadonlySet<string>): Release {
  const mayStillClear = custody.clearing?.by === claimant;
  if (custody.claims[claimant] === undefined && !mayStillClear) return { kind: 'done' };
  if (needersOf(custody, claimant, open).length > 0) return { kind: 'stays', because: 'needed' };
  return custody.origin === 'ours' ? { kind: 'clear' } : { kind: 'stays', because: custody.origin };
}

/** Who else needs the hold. */
export function needersOf({ claims }: Custody, but: string, open: ReadonlySet<string>): string[] {
  return Object.keys(claims).filter((one) => one !== but && (one.startsWith(EVENT_CLAIM) || open.has(one)));
}

export function withdraw(custody: Custody, claimant: string): Custody {
  const { [claimant]: _, ...claims } = custody.claims;
  return { ...custody, claims };
}

/** Notes, before it is sent, that a clearing may land from now until its signature is refused. */
export function markClearing(custody: Custody, claimant: string, now: Instant): Custody {
  const { clearing } = custody;
  const landsBefore = now + LANDING;
  const latest =
    clearing === undefined ? landsBefore : Math.max(landsBefore, parseInstant(clearing.landsBefore));
  return {
    ...withdraw(custody, claimant),
    clearing: { by: claimant, landsBefore: formatInstant(instantOf(latest)) },
  };
}

/**
 * Notes that the store answered our clearing, so that nothing of it can land any more.
 *
 * @param earlier - the clearing of somebody else that had no answer when ours was marked: it may still land.
 */
export function settled(custody: Custody, earlier: Custody['clearing'], now: Instant): Custody {
  const { clearing: _, ...rest } = custody;
  const isOpen = earlier !== undefined && parseInstant(earlier.landsBefore) > now;
  return isOpen ? { ...rest, clearing: earlier } : rest;
}

/** Until when a clearing may still land; undefined where none can. */
export function landsBefore({ clearing }: Custody, now: Instant): Instant | undefined {
  if (clearing === undefined) return undefined;
  const moment = parseInstant(clearing.landsBefore);
  return moment > now ? moment : undefined;
}
