/** One message of the upload queue: every object it names ends locked, recorded with its reason, or parked. */
import { OUTCOMES } from '../audit/outcome.ts';
import { type VersionRecord } from '../audit/record.ts';
import { HoldfastError } from '../errors.ts';
import { type ObjectEvent, parseMessage } from '../events/object-events.ts';
import { type Policy } from '../policy/compile.ts';
import { type ObjectRef, versionIdOf } from '../ports/lock-store.ts';
import { type MessageDeps } from './deps.ts';
import { lockVersion } from './lock-version.ts';
import { parkMessage } from './park.ts';

/** A message as the queue delivers it. */
export interface Message {
  readonly body: string;
  readonly messageId: string;
  /** How often it was delivered, this time included. */
  readonly receives: number;
  /** How often it was sent back to wait. */
  readonly waits: number;
}

export type MessageResult =
  | {
      readonly kind: 'handled';
      readonly records: readonly VersionRecord[];
      readonly foreign: number;
      /** Holdfast is paused, and the message was sent back to wait. */
      readonly paused: boolean;
    }
  | { readonly kind: 'skipped'; readonly reason: string; readonly foreign: number }
  | { readonly kind: 'parked'; readonly reason: string };

/** A message that could not be handled so often is parked: its queue would drop it in the end. */
const PATIENCE = 4;
/** After so many waits tags count as settled: a clock ahead of ours must not hold a version back for ever. */
const SETTLED = 2;
/** The longest that a queue can delay a message. */
const LONGEST_DELAY = 900;

/**
 * Handles one queue message.
 *
 * A message that is no S3 event is parked at once; one whose object could not be locked is thrown back to the
 * queue, and parked when that has happened {@link PATIENCE} times.
 *
 * @throws HoldfastError when the message may end better on its next delivery.
 */
export async function handleMessage(message: Message, deps: MessageDeps): Promise<MessageResult> {
  const parsed = parseMessage(message.body);
  switch (parsed.kind) {
    case 'test':
      return { kind: 'skipped', reason: "S3's test event", foreign: 0 };
    case 'ignored':
      return { kind: 'skipped', reason: parsed.reason, foreign: 0 };
    case 'malformed':
      return park(message, `it is no S3 event: ${parsed.reason}`, deps);
    case 'objects':
      break;
  }
  try {
    return await handleEvents(parsed.events, message, deps);
  } catch (error) {
    if (message.receives < PATIENCE) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return park(message, `it could not be handled in ${message.receives} deliveries: ${reason}`, deps);
  }
}

async function handleEvents(
  events: readonly ObjectEvent[],
  message: Message,
  deps: MessageDeps,
): Promise<MessageResult> {
  const ours = events.filter(({ bucket }) => deps.manages(bucket));
  const foreign = events.length - ours.length;
  if (ours.length === 0)
    return { kind: 'skipped', reason: 'its bucket is not on the list of buckets', foreign };

  const policy = await deps.policies.current();
  const records: VersionRecord[] = [];
  const failures: unknown[] = [];
  let delay = 0;
  let paused = false;
  for (const event of ours) {
    try {
      const result = await handleEvent(event, policy, message, deps);
      records.push(...result.records);
      delay = Math.max(delay, result.delay);
      paused ||= result.paused;
    } catch (error) {
      // The other objects of the message are not to wait for this one.
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  const unfinished = records.find(({ outcome }) => outcome !== undefined && OUTCOMES[outcome].retry);
  if (unfinished?.outcome !== undefined) {
    const { meaning, next } = OUTCOMES[unfinished.outcome];
    const why = unfinished.detail === undefined ? meaning : `${meaning} (${unfinished.detail})`;
    throw new HoldfastError('partly-failed', {
      what: `${unfinished.bucket}/${unfinished.key}: ${why}`,
      next,
    });
  }
  if (delay > 0) await deps.queue.sendLater(message.body, delay, message.waits + 1);
  return { kind: 'handled', records, foreign, paused };
}

/** Locks what one event names; answers after how many seconds it must be looked at again, 0 for never. */
async function handleEvent(
  event: ObjectEvent,
  policy: Policy,
  { waits, receives }: Message,
  deps: MessageDeps,
): Promise<{ records: readonly VersionRecord[]; delay: number; paused: boolean }> {
  const { what, cause, time } = event;
  const circumstances = {
    again: waits > 0,
    settled: waits >= SETTLED,
    lastChance: receives >= PATIENCE,
    ...(what === 'tags-changed' && time !== undefined && { tagsChanged: time }),
  };
  const records: VersionRecord[] = [];
  let delay = 0;
  let paused = false;
  for (const ref of versionsOf(event)) {
    // Before anything that may wait or fail: a matter needs it whatever the rules say.
    await deps.arrivals?.(ref, waits > 0 || receives > 1);
    const result = await lockVersion(ref, cause, { ...deps, policy }, circumstances);
    records.push(...result.records);
    paused ||= result.paused;
    const seconds =
      result.settleUntil === undefined ? 0 : Math.ceil((result.settleUntil - deps.clock.now()) / 1_000);
    const wait = result.paused ? LONGEST_DELAY : result.settleUntil === undefined ? 0 : Math.max(seconds, 1);
    delay = Math.max(delay, Math.min(wait, LONGEST_DELAY));
  }
  return { records, delay, paused };
}

/**
 * The versions that an event may mean. Where it names none, that is the current one; a change of tags may also
 * mean the version without an id that is older than the versioning of its bucket.
 */
function versionsOf({ what, bucket, key, versionId }: ObjectEvent): ObjectRef[] {
  if (versionId !== undefined) return [{ bucket, key, versionId: versionIdOf(versionId) }];
  const current = { bucket, key };
  return what === 'tags-changed' ? [current, { bucket, key, versionId: versionIdOf('null') }] : [current];
}

async function park({ body, messageId }: Message, reason: string, deps: MessageDeps): Promise<MessageResult> {
  await parkMessage({ body, messageId, reason }, deps);
  return { kind: 'parked', reason };
}
