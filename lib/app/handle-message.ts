/** One message of the upload queue: every object it names ends locked, or with a recorded reason. */
import { OUTCOMES } from '../audit/outcome.ts';
import { type AuditRecord } from '../audit/record.ts';
import { HoldfastError } from '../errors.ts';
import { type ObjectEvent, parseMessage } from '../events/object-events.ts';
import { versionIdOf } from '../ports/lock-store.ts';
import { type MessageDeps } from './deps.ts';
import { lockVersion } from './lock-version.ts';

export type MessageResult =
  | { readonly kind: 'handled'; readonly records: readonly AuditRecord[] }
  | { readonly kind: 'skipped'; readonly reason: string };

/** The longest that a queue can delay a message. */
const LONGEST_DELAY = 900;

/**
 * Handles the body of one queue message.
 *
 * @throws HoldfastError `bad-event` when the message is not S3's; or when an object did not end as it must and
 * the same message may end better later (`throttled`, `unreachable`, `partly-failed`): let it be redelivered.
 */
export async function handleMessage(body: string, deps: MessageDeps): Promise<MessageResult> {
  const message = parseMessage(body);
  switch (message.kind) {
    case 'test':
      return { kind: 'skipped', reason: "S3's test event" };
    case 'ignored':
      return { kind: 'skipped', reason: message.reason };
    case 'malformed':
      throw new HoldfastError('bad-event', {
        what: `a message is no S3 event: ${message.reason}`,
        next: 'look at it in the dead-letter queue, and at who may send to the queue',
      });
    case 'objects':
      break;
  }
  const records: AuditRecord[] = [];
  for (const event of message.events) {
    if (!deps.manages(event.bucket)) continue;
    records.push(...(await handleEvent(event, body, deps)));
  }
  if (records.length === 0) return { kind: 'skipped', reason: 'its bucket is not on the list of buckets' };
  const unfinished = records.find(({ outcome }) => outcome !== undefined && OUTCOMES[outcome].retry);
  if (unfinished?.outcome !== undefined) {
    throw new HoldfastError('partly-failed', {
      what: `${unfinished.bucket}/${unfinished.key}: ${OUTCOMES[unfinished.outcome].meaning}`,
      next: OUTCOMES[unfinished.outcome].next,
    });
  }
  return { kind: 'handled', records };
}

async function handleEvent(
  event: ObjectEvent,
  body: string,
  deps: MessageDeps,
): Promise<readonly AuditRecord[]> {
  const { bucket, key, versionId, cause } = event;
  const ref = versionId === undefined ? { bucket, key } : { bucket, key, versionId: versionIdOf(versionId) };
  const { records, settleUntil } = await lockVersion(ref, cause, deps);
  if (settleUntil !== undefined) {
    const seconds = Math.ceil((settleUntil - deps.clock.now()) / 1_000);
    await deps.queue.sendLater(body, Math.min(Math.max(seconds, 0), LONGEST_DELAY));
  }
  return records;
}
