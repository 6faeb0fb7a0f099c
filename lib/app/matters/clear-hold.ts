/** Releases one version for one claimant: the only use case that takes a legal hold off (law 6). */
import { type OutcomeCode, OUTCOMES } from '../../audit/outcome.ts';
import { HoldfastError } from '../../errors.ts';
import { recordId, type VersionRecord } from '../../audit/record.ts';
import { formatInstant, type Instant, parseInstant } from '../../lock/instant.ts';
import {
  type Custody,
  markClearing,
  needersOf,
  release,
  settled,
  unmarked,
  withdraw,
} from '../../matters/custody.ts';
import { type Docket } from '../../matters/docket.ts';
import { type Released, type RollEnd } from '../../matters/roll.ts';
import { type VersionRef } from '../../ports/lock-store.ts';
import { type HoldDeps } from './deps.ts';
import { busy, type Held, putCustody, readCustody, readDocket, TRIES } from './ledger-items.ts';

export interface ClearDeps
  extends Pick<HoldDeps, 'ledger' | 'store' | 'clock' | 'audit' | 'actor' | 'newId' | 'hash' | 'clearer'> {
  /** The hash of the policy in force: records name it. */
  readonly policyHash: string;
  /**
   * Who needs the hold without having claimed it yet: an open matter whose selector covers the version, and which is
   * put on its roll by this; or a rule. Undefined where nobody does.
   */
  readonly neededBy: (
    ref: VersionRef,
    docket: Docket,
    but: string,
    custody: Custody,
  ) => Promise<string | undefined>;
  /**
   * Whoever claimed a version outside of a listing may not have lived to put it on the roll of its matter: then it is
   * put there, and true is answered.
   */
  readonly ensureOnRoll: (ref: VersionRef, matter: string, page: string) => Promise<boolean>;
}

type End = Pick<RollEnd, 'requestId' | 'detail' | 'lands'> & { readonly outcome: Released };

/**
 * Releases a version for a claimant: takes its hold off where it is ours and nobody else needs it.
 *
 * 1. Read the custody and the docket as they are now; somebody else needs it, or the bit is not ours: withdraw the
 *    claim, and leave it ON.
 * 2. Read the version; it may be OFF or gone already.
 * 3. Store the intent.
 * 4. Mark the clearing in the custody, and look at the docket once more: a matter that opened meanwhile finds the mark.
 * 5. Send once, and wait; a request that the store could take later than the mark says is not sent.
 * 6. Read back, and note that it was answered.
 *
 * Doing it twice does it once.
 *
 * @param known - the docket as it was read a moment ago, for many versions together.
 * @throws HoldfastError `throttled` or `unreachable` when there was no verdict: the mark stays until nothing can land.
 */
export async function clearHold(
  ref: VersionRef,
  claimant: string,
  deps: ClearDeps,
  known?: Docket,
): Promise<RollEnd> {
  const scribe = scribeOf(ref, claimant, deps);
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const custody = await readCustody(ref, deps);
    if (custody.value === undefined)
      return endOf(ref, { outcome: 'unclear', detail: 'the ledger does not know it' }, deps.clock.now());
    // What others opened since it was read is found when the mark is there.
    const docket = (attempt === 0 ? known : undefined) ?? (await readDocket(deps)).value;
    const end = await tryClear(ref, claimant, { ...custody, value: custody.value }, docket, deps, scribe);
    if (end !== undefined) return endOf(ref, end, deps.clock.now());
  }
  throw busy(`the custody of ${ref.bucket}/${JSON.stringify(ref.key)}`);
}

/** @returns undefined where something moved meanwhile: look again. */
async function tryClear(
  ref: VersionRef,
  claimant: string,
  { value: custody, expected }: Held<Custody>,
  docket: Docket,
  deps: ClearDeps,
  scribe: Scribe,
): Promise<End | undefined> {
  const open = docket.open.filter((one) => one !== claimant);
  const answer = release(custody, claimant, new Set(open));
  if (answer.kind === 'done') return foundAs(ref, custody, claimant, new Set(open), deps);
  const leave = async (end: End, outcome: OutcomeCode): Promise<End | undefined> => {
    await scribe.ended(outcome, end);
    return (await putCustody(withdraw(custody, claimant), expected, deps)) && end;
  };
  if (answer.kind === 'unanswered') {
    const end = await foundLater(ref, custody, expected, deps);
    if (end !== undefined && end.lands === undefined) await scribe.ended(outcomeOf(end.outcome), end);
    return end;
  }
  if (answer.kind === 'stays') {
    if (answer.because === 'needed') {
      let isAdded = false;
      for (const needer of needersOf(custody, claimant, new Set(open)))
        isAdded = (await deps.ensureOnRoll(ref, needer, custody.claims[needer]?.page ?? '')) || isAdded;
      if (isAdded) return undefined;
    }
    const outcome = answer.because === 'needed' ? 'still-needed' : 'not-ours';
    return leave({ outcome: answer.because }, outcome);
  }
  const needer = await deps.neededBy(ref, docket, claimant, custody);
  // A matter that covers it by its selector has claimed it now, so that the custody is another one.
  if (needer !== undefined && open.includes(needer)) return undefined;
  if (needer !== undefined) return leave({ outcome: 'needed', detail: needer }, 'still-needed');

  const seen = await deps.store.readLock(ref, 'hold');
  if (seen.kind === 'no-lock-on-bucket') return leave({ outcome: 'rejected', detail: seen.kind }, seen.kind);
  if (seen.kind !== 'seen') return leave({ outcome: 'gone' }, 'gone');
  if (seen.lock.hold === 'none')
    return leave({ outcome: 'off', detail: 'found OFF', ...laterOf(custody, deps.clock.now()) }, 'cleared');

  await scribe.intend();
  const now = deps.clock.now();
  // No other mark is put upon the same state for the same claimant at the same moment.
  const id = deps.hash(JSON.stringify([custody, claimant, now]));
  const marked = await putCustody(markClearing(custody, claimant, id, now), expected, deps);
  if (marked === undefined) return undefined;
  const { value: since } = await readDocket(deps);
  if (since.generation !== docket.generation) {
    // Nothing was sent under this mark.
    await takeBack(ref, marked, custody, claimant, deps);
    return undefined;
  }
  return send(ref, marked, custody, claimant, deps, scribe);
}

async function send(
  ref: VersionRef,
  marked: Held<Custody>,
  before: Custody,
  claimant: string,
  deps: ClearDeps,
  scribe: Scribe,
): Promise<End | undefined> {
  const landsBefore = marked.value.clearing?.landsBefore ?? '';
  const answer = await deps.clearer.clear(ref, parseInstant(landsBefore)).catch((cause: unknown) => {
    if (cause instanceof HoldfastError) return cause;
    throw cause;
  });
  if (answer instanceof HoldfastError) {
    // The store answered that it would not: nothing of it can land, and it is asked again.
    if (answer.code === 'throttled') await takeBack(ref, marked, before, claimant, deps);
    if (answer.code !== 'unreachable') throw answer;
    const end: End = { outcome: 'no-verdict', detail: answer.message, lands: landsBefore };
    await scribe.ended('not-confirmed', end);
    return end;
  }
  if (answer.kind === 'too-late') {
    await takeBack(ref, marked, before, claimant, deps);
    return undefined;
  }
  const id = 'requestId' in answer ? { requestId: answer.requestId } : {};
  const later = laterOf(before, deps.clock.now());
  const end: End = { ...(await readBack(ref, answer.kind, deps)), ...id, ...later };
  await scribe.ended(outcomeOf(end.outcome), end);
  await noteAnswered(ref, marked, before.clearing, deps);
  return end;
}

/** Until when something that was sent earlier may still set the bit. */
function laterOf({ setting }: Custody, now: Instant): Pick<End, 'lands'> {
  return setting !== undefined && parseInstant(setting) > now ? { lands: setting } : {};
}

/**
 * A clearing had no answer: nobody sends another one, since what is ON by now may be somebody else's. When nothing of
 * it can land any more, the bit tells how it ended.
 */
async function foundLater(
  ref: VersionRef,
  custody: Custody,
  expected: Held<Custody>['expected'],
  deps: ClearDeps,
): Promise<End | undefined> {
  const now = deps.clock.now();
  const lands = custody.clearing?.landsBefore ?? formatInstant(now);
  if (parseInstant(lands) > now) return { outcome: 'no-verdict', detail: 'no answer came', lands };
  const seen = await deps.store.readLock(ref, 'hold');
  if ((await putCustody(unmarked(custody, undefined, now), expected, deps)) === undefined) return undefined;
  if (seen.kind !== 'seen') return { outcome: 'gone' };
  if (seen.lock.hold === 'none') return { outcome: 'off', detail: 'found OFF' };
  return { outcome: 'unclear', detail: 'a clearing had no answer, and it is ON' };
}

/** Undoes a mark under which nothing was sent, so that the version is released anew. */
async function takeBack(
  ref: VersionRef,
  marked: Held<Custody>,
  before: Custody,
  claimant: string,
  deps: ClearDeps,
): Promise<void> {
  const mine = before.claims[claimant];
  await whileMarked(ref, marked, deps, (value) => {
    const claims = mine === undefined ? value.claims : { ...value.claims, [claimant]: mine };
    return { ...unmarked(value, before.clearing, deps.clock.now()), claims };
  });
}

/** The store has answered, so that nothing can land: whoever changed the custody meanwhile need not wait. */
async function noteAnswered(
  ref: VersionRef,
  marked: Held<Custody>,
  earlier: Custody['clearing'],
  deps: ClearDeps,
): Promise<void> {
  await whileMarked(ref, marked, deps, (value) => settled(value, earlier, deps.clock.now()));
}

/** Changes the custody as long as it bears our mark: another clearing that was marked after ours is not answered. */
async function whileMarked(
  ref: VersionRef,
  marked: Held<Custody>,
  deps: ClearDeps,
  change: (custody: Custody) => Custody,
): Promise<void> {
  let held: Held<Custody | undefined> = marked;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const { value, expected } = held;
    if (value?.clearing === undefined || value.clearing.id !== marked.value.clearing?.id) return;
    if ((await putCustody(change(value), expected, deps)) !== undefined) return;
    held = await readCustody(ref, deps);
  }
}

async function readBack(ref: VersionRef, kind: string, deps: ClearDeps): Promise<End> {
  if (kind === 'gone' || kind === 'marker') return { outcome: 'gone' };
  const seen = await deps.store.readLock(ref, 'hold');
  if (seen.kind === 'gone' || seen.kind === 'marker') return { outcome: 'gone' };
  const hold = seen.kind === 'seen' ? seen.lock.hold : 'absent';
  if (hold === 'none') return { outcome: 'off' };
  if (kind === 'denied') return { outcome: 'no-permission', detail: 's3:PutObjectLegalHold was denied' };
  if (kind === 'accepted')
    return { outcome: 'not-confirmed', detail: 'the store took it off and shows another bit' };
  return { outcome: 'rejected', detail: `the store answered ${kind}` };
}

/** How a version stands for which nothing is left to do. */
async function foundAs(
  ref: VersionRef,
  custody: Custody,
  claimant: string,
  open: ReadonlySet<string>,
  deps: ClearDeps,
): Promise<End> {
  if (needersOf(custody, claimant, open).length > 0) return { outcome: 'needed' };
  const seen = await deps.store.readLock(ref, 'hold');
  if (seen.kind === 'gone' || seen.kind === 'marker') return { outcome: 'gone' };
  const hold = seen.kind === 'seen' ? seen.lock.hold : 'absent';
  if (hold === 'none') return { outcome: 'off', ...laterOf(custody, deps.clock.now()) };
  // It was cleared and is ON again, or was never ours: in doubt it stays, and is listed.
  return { outcome: custody.origin === 'found-on' ? 'found-on' : 'unclear' };
}

function outcomeOf(outcome: Released): OutcomeCode {
  switch (outcome) {
    case 'off':
      return 'cleared';
    case 'gone':
    case 'no-permission':
    case 'not-confirmed':
    case 'rejected':
      return outcome;
    default:
      return 'not-ours';
  }
}

function endOf({ bucket, key, versionId }: VersionRef, end: End, at: Instant): RollEnd {
  return { bucket, key, versionId, ...end, at: formatInstant(at) };
}

interface Scribe {
  intend(): Promise<void>;
  ended(outcome: OutcomeCode, end: End): Promise<void>;
}

function scribeOf({ bucket, key, versionId }: VersionRef, claimant: string, deps: ClearDeps): Scribe {
  const write = async (part: Pick<VersionRecord, 'phase'> & Partial<VersionRecord>): Promise<void> => {
    const now = deps.clock.now();
    await deps.audit.append({
      id: recordId(now, deps.newId()),
      time: formatInstant(now),
      actor: deps.actor,
      cause: claimant,
      bucket,
      key,
      versionId,
      rules: [],
      policy: deps.policyHash,
      wanted: [{ kind: 'no-hold' }],
      ...part,
    });
  };
  return {
    intend: async () => write({ phase: 'intent' }),
    ended: async (outcome, { requestId, detail }) => {
      const { next } = OUTCOMES[outcome];
      await write({
        phase: 'outcome',
        outcome,
        ...(next !== '' && { next }),
        ...(requestId !== undefined && { requestId }),
        ...(detail !== undefined && { detail }),
      });
    },
  };
}
