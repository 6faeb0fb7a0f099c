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
  /** A clearing that was sent, or is about to be, and whose answer has not been noted; every one has its own id. */
  clearing: z.object({ id: z.string(), by: z.string(), landsBefore: z.string() }).optional(),
  /** Who had claimed it already when a clearing was answered: it may have been taken off for them. */
  cleared: z.array(z.string()).optional(),
  /** A setting after the placing may land until then. */
  setting: z.string().optional(),
});

export type Custody = Readonly<z.infer<typeof custodySchema>>;

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
  const known = before?.claims ?? {};
  const mine = known[claimant] ?? { at: formatInstant(at), saw, page };
  const claims = { ...known, [claimant]: mine };
  return { ...before, bucket, key, versionId, claims, origin: originAfter(before, saw) };
}

/** Whose the bit is, once somebody looked at it and is about to set it. */
function originAfter(before: Custody | undefined, saw: Saw): Custody['origin'] {
  const isClaimed = before !== undefined && Object.keys(before.claims).length > 0;
  // What was somebody else's hold is gone, so that the one set now is ours.
  if (saw === 'off') return 'ours';
  if (isClaimed) return before.origin;
  // Ours, if the clearing never took effect; or set by somebody else after it did.
  return saw === 'on' && before?.clearing === undefined ? 'found-on' : 'unclear';
}

/** What releasing a version for one claimant leads to. */
export type Release =
  | { readonly kind: 'clear' }
  /** It stays ON. */
  | { readonly kind: 'stays'; readonly because: 'needed' | 'found-on' | 'unclear' }
  /** A clearing was sent, or was about to be, and nobody heard an answer: nobody sends another one. */
  | { readonly kind: 'unanswered' }
  /** It was released for this claimant before. */
  | { readonly kind: 'done' };

/**
 * Decides whether the hold goes when a claimant is released.
 *
 * @param open - the matters that are open now: a claim of any other matter counts no more.
 */
export function release(custody: Custody, claimant: string, open: ReadonlySet<string>): Release {
  const isClaimed = custody.claims[claimant] !== undefined;
  const isUnanswered = custody.clearing?.by === claimant;
  if (!isClaimed && !isUnanswered) return { kind: 'done' };
  if (needersOf(custody, claimant, open).length > 0) return { kind: 'stays', because: 'needed' };
  if (!isClaimed) return { kind: 'unanswered' };
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

/**
 * Notes, before it is sent, that a clearing may land from now until its signature is refused.
 *
 * @param id - another one for every mark: an answer is an answer to one of them.
 */
export function markClearing(custody: Custody, claimant: string, id: string, now: Instant): Custody {
  const { clearing } = custody;
  const landsBefore = now + LANDING;
  const latest =
    clearing === undefined ? landsBefore : Math.max(landsBefore, parseInstant(clearing.landsBefore));
  return {
    ...withdraw(custody, claimant),
    clearing: { id, by: claimant, landsBefore: formatInstant(instantOf(latest)) },
  };
}

/** The custody without the clearing that was marked last; an earlier one that was not answered may still land. */
export function unmarked(custody: Custody, earlier: Custody['clearing'], now: Instant): Custody {
  const { clearing: _, ...rest } = custody;
  const isOpen = earlier !== undefined && parseInstant(earlier.landsBefore) > now;
  return isOpen ? { ...rest, clearing: earlier } : rest;
}

/** Notes that the store answered our clearing, so that nothing of it can land any more. */
export function settled(custody: Custody, earlier: Custody['clearing'], now: Instant): Custody {
  const claimants = Object.keys(custody.claims);
  const rest = unmarked(custody, earlier, now);
  return claimants.length === 0 ? rest : { ...rest, cleared: claimants };
}

/**
 * Notes that a bit which was not seen ON is about to be set again, and may be until then.
 *
 * @param saw - a bit that was seen OFF is ours from now on: whoever's it was is gone. One that was not seen may still
 * be ON, and somebody else's.
 */
export function markSetting(custody: Custody, saw: Saw, now: Instant): Custody {
  const setting = formatInstant(instantOf(now + LANDING));
  if (saw !== 'off') return { ...custody, setting };
  const { cleared: _, ...rest } = unmarked(custody, custody.clearing, now);
  return { ...rest, origin: 'ours', setting };
}

/** Notes that the bit was seen ON when nothing of ours could land any more: whoever takes it off now is somebody else. */
export function seenOn(custody: Custody, now: Instant): Custody {
  const { cleared: _, ...rest } = unmarked(custody, custody.clearing, now);
  return rest;
}

/** Whether a bit that was found OFF may have been cleared by us since it was claimed. */
export function mayBeOurClearing(custody: Custody, claimant: string): boolean {
  return custody.clearing !== undefined || custody.cleared?.includes(claimant) === true;
}

/** Until when a clearing may still land; undefined where none can. */
export function landsBefore({ clearing }: Custody, now: Instant): Instant | undefined {
  if (clearing === undefined) return undefined;
  const moment = parseInstant(clearing.landsBefore);
  return moment > now ? moment : undefined;
}
