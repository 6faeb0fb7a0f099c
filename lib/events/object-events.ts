/** S3's messages about objects, in every form in which they reach a queue. */
import * as z from 'zod';
import { type Instant, instantOf } from '../lock/instant.ts';

/** Something happened to an object that may call for a lock. */
export interface ObjectEvent {
  readonly what: 'created' | 'tags-changed';
  readonly bucket: string;
  readonly key: string;
  /** Missing where the store does not say: then the current version is looked up. */
  readonly versionId?: string;
  /** The id of the message, or of the request that caused it: records name it. */
  readonly cause: string;
  /** When it happened, where the message tells. */
  readonly time?: Instant;
}

export type ParsedMessage =
  | { readonly kind: 'objects'; readonly events: readonly ObjectEvent[] }
  /** S3 sends one when notifications are set up. */
  | { readonly kind: 'test' }
  /** A true event, of a kind that never calls for a lock. */
  | { readonly kind: 'ignored'; readonly reason: string }
  | { readonly kind: 'malformed'; readonly reason: string };

/** S3 keys hold 1,024 bytes of UTF-8 at most; in a direct notification each may take three characters. */
const LONGEST_KEY = 1_024;
/** SQS messages are 1 MiB at most. */
const LARGEST_BODY = 1_048_576;

const bucket = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/);
const versionId = z.string().min(1).max(1_024).optional();

const eventBridge = z.object({
  id: z.string().max(256),
  source: z.literal('aws.s3'),
  'detail-type': z.string(),
  time: z.string().optional(),
  detail: z.object({
    bucket: z.object({ name: bucket }),
    object: z.object({ key: z.string().min(1), 'version-id': versionId }),
  }),
});

const notification = z.object({
  Records: z
    .array(
      z.object({
        eventSource: z.enum(['aws:s3', 'ceph:s3', 'minio:s3']),
        eventName: z.string(),
        eventTime: z.string().optional(),
        responseElements: z.object({ 'x-amz-request-id': z.string().max(256).optional() }).optional(),
        s3: z.object({
          bucket: z.object({ name: bucket }),
          // Some stores leave the version empty rather than out.
          object: z.object({ key: z.string().min(1), versionId: z.union([z.literal(''), versionId]) }),
        }),
      }),
    )
    // S3 sends one; a forger may send thousands.
    .min(1)
    .max(100),
});

const testEvent = z.object({ Service: z.literal('Amazon S3'), Event: z.literal('s3:TestEvent') });
const sns = z.object({ Type: z.literal('Notification'), Message: z.string() });

const DETAIL_TYPES: Readonly<Record<string, ObjectEvent['what']>> = {
  'Object Created': 'created',
  'Object Tags Added': 'tags-changed',
  'Object Tags Deleted': 'tags-changed',
};

/**
 * Reads one queue message: an EventBridge event, a direct S3 notification, either of them wrapped by SNS,
 * or S3's test event. Never throws; what cannot be read is `malformed` with a reason.
 *
 * @example
 * const message = parseMessage(record.body);
 * if (message.kind === 'objects') for (const event of message.events) await lockVersion(event, deps);
 */
export function parseMessage(body: string): ParsedMessage {
  return Buffer.byteLength(body) > LARGEST_BODY
    ? malformed('it is larger than a queue message can be')
    : parseBody(body, true);
}

function parseBody(body: string, mayBeWrapped: boolean): ParsedMessage {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return malformed('it is not JSON');
  }
  const wrapped = sns.safeParse(value);
  if (wrapped.success)
    return mayBeWrapped ? parseBody(wrapped.data.Message, false) : malformed('it is wrapped twice');
  if (testEvent.safeParse(value).success) return { kind: 'test' };
  return isObject(value) && 'Records' in value ? fromNotification(value) : fromEventBridge(value);
}

function fromEventBridge(value: unknown): ParsedMessage {
  const parsed = eventBridge.safeParse(value);
  if (!parsed.success) return malformed(reasonOf(parsed.error));
  const { id, detail, time } = parsed.data;
  const type = parsed.data['detail-type'];
  const what = Object.hasOwn(DETAIL_TYPES, type) ? DETAIL_TYPES[type] : undefined;
  if (what === undefined) return { kind: 'ignored', reason: `${type} never calls for a lock` };
  const { key, 'version-id': version } = detail.object;
  if (Buffer.byteLength(key) > LONGEST_KEY) return malformed('its key is longer than 1,024 bytes');
  return {
    kind: 'objects',
    events: [eventOf({ what, bucket: detail.bucket.name, key, cause: id }, version, time)],
  };
}

function fromNotification(value: unknown): ParsedMessage {
  const parsed = notification.safeParse(value);
  if (!parsed.success) return malformed(reasonOf(parsed.error));
  const events: ObjectEvent[] = [];
  for (const { eventName, eventTime, responseElements, s3 } of parsed.data.Records) {
    const what = whatOf(eventName);
    if (what === undefined) continue;
    const key = decodeKey(s3.object.key);
    if (key === undefined) return malformed('its key is not encoded as S3 encodes keys');
    if (Buffer.byteLength(key) > LONGEST_KEY) return malformed('its key is longer than 1,024 bytes');
    const cause = responseElements?.['x-amz-request-id'] ?? 'notification';
    events.push(eventOf({ what, bucket: s3.bucket.name, key, cause }, s3.object.versionId, eventTime));
  }
  return events.length > 0
    ? { kind: 'objects', events }
    : { kind: 'ignored', reason: 'none of its events ever calls for a lock' };
}

/** Names come with or without `s3:` in front, depending on the store. */
function whatOf(eventName: string): ObjectEvent['what'] | undefined {
  const name = eventName.replace(/^s3:/, '');
  if (name.startsWith('ObjectCreated:')) return 'created';
  return name.startsWith('ObjectTagging:') ? 'tags-changed' : undefined;
}

function eventOf(
  event: Omit<ObjectEvent, 'versionId' | 'time'>,
  version: string | undefined,
  time: string | undefined,
): ObjectEvent {
  const moment = time === undefined ? Number.NaN : Date.parse(time);
  return {
    ...event,
    ...(version !== undefined && version !== '' && { versionId: version }),
    ...(moment >= 0 && { time: instantOf(moment) }),
  };
}

/** Direct notifications encode keys as a form does: `red+flower.jpg` is "red flower.jpg". */
function decodeKey(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** Where the message departs from its form; never its content, which a forger may have chosen. */
function reasonOf(error: z.ZodError): string {
  const [first] = error.issues;
  return first === undefined
    ? 'it has another form'
    : `${first.path.join('.') || 'it'} is not as S3 sends it`;
}

function malformed(reason: string): ParsedMessage {
  return { kind: 'malformed', reason };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
