/** Releases one version for one claimant: the only use case that takes a legal hold off (law 6). */
import { type OutcomeCode, OUTCOMES } from '../../audit/outcome.ts';
import { recordId, type VersionRecord } from '../../audit/record.ts';
import { formatInstant, type Instant, parseInstant } from '../../lock/instant.ts';
import { type Custody, markClearing, needersOf, release, settled, withdraw } from '../../matters/custody.ts';
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
}

type End = Pick<RollEnd, 'requestId' | 'detail'> & { readonly outcome: Released };

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
 * @throws HoldfastError `throttled` or `unreachable` when there was no verdict: the mark stays until nothing can land.
 */
export async function clearHold(ref: VersionRef, claimant: string, deps: ClearDeps): Promise<RollEnd> {
  const scribe = scribeOf(ref, claimant, deps);
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const custody = await readCustody(ref, deps);
    if (custody.value === undefined)
      return endOf(ref, { outcome: 'unclear', detail: 'the ledger does not know it' }, deps.clock.now());
    const end = await tryClear(ref, claimant, { ...custody, value: custody.value }, deps, scribe);
    if (end !== undefined) return endOf(ref, end, deps.clock.now());
  }
  throw busy(`the custody of ${ref.bucket}/${JSON.stringify(ref.key)}`);
}

/** @returns undefined where something moved meanwhile: look again. */
async function tryClear(
  ref: VersionRef,
  claimant: string,
  { value: custody, expected }: Held<Custody>,
  deps: ClearDeps,
  scribe: Scribe,
): Promise<End | undefined> {
  const { value: docket } = await readDocket(deps);
  const open = docket.open.filter((one) => one !== claimant);
  const answer = release(custody, claimant, new Set(open));
  if (answer.kind === 'done') return foundAs(ref, custody, claimant, new Set(open), deps);
  const leave = async (end: End, outcome: OutcomeCode): Promise<End | undefined> => {
    await scribe.ended(outcome, end);
    return (await putCustody(withdraw(custody, claimant), expected, deps)) && end;
  };
  if (answer.kind === 'stays') {
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
  if (seen.lock.hold === 'none') return leave({ outcome: 'off', detail: 'found OFF' }, 'cleared');

  await scribe.intend();
  const marked = await putCustody(markClearing(custody, claimant, deps.clock.now()), expected, deps);
  if (marked === undefined) return undefined;
  const earlier = custody.clearing;
  const { value: since } = await readDocket(deps);
  if (since.generation !== docket.generation) {
    // Nothing was sent under this mark.
    await putCustody(
      settled(restored(marked.value, custody, claimant), earlier, deps.clock.now()),
      marked.expected,
      deps,
    );
    return undefined;
  }
  return send(ref, marked, earlier, deps, scribe);
}

async function send(
  ref: VersionRef,
  marked: Held<Custody>,
  earlier: Custody['clearing'],
  deps: ClearDeps,
  scribe: Scribe,
): Promise<End | undefined> {
  const landsBefore = parseInstant(marked.value.clearing?.landsBefore ?? '');
  const answer = await deps.clearer.clear(ref, landsBefore);
  // The mark is old: another one is made.
  if (answer.kind === 'too-late') return undefined;
  const id = 'requestId' in answer ? { requestId: answer.requestId } : {};
  const end: End = { ...(await readBack(ref, answer.kind, deps)), ...id };
  await scribe.ended(outcomeOf(end.outcome), end);
  await noteAnswered(ref, marked, earlier, deps);
  return end;
}

/** The store has answered, so that nothing can land: whoever changed the custody meanwhile need not wait. */
async function noteAnswered(
  ref: VersionRef,
  marked: Held<Custody>,
  earlier: Custody['clearing'],
  deps: ClearDeps,
): Promise<void> {
  let held: Held<Custody | undefined> = marked;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const { value, expected } = held;
    // Another clearing was marked after ours: it is not answered by this.
    if (value?.clearing === undefined || value.clearing.landsBefore !== marked.value.clearing?.landsBefore)
      return;
    if ((await putCustody(settled(value, earlier, deps.clock.now()), expected, deps)) !== undefined) return;
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
  if (hold === 'none') return { outcome: 'off' };
  // It was cleared and is ON again, or was never ours: in doubt it stays, and is listed.
  return { outcome: custody.origin === 'found-on' ? 'found-on' : 'unclear' };
}

/** The custody as it was before the mark, so that the claim is released anew. */
function restored(marked: Custody, before: Custody, claimant: string): Custody {
  const mine = before.claims[claimant];
  return mine === undefined ? marked : { ...marked, claims: { ...marked.claims, [claimant]: mine } };
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
