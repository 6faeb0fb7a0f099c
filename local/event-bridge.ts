/** S3's events as EventBridge delivers them, and the patterns by which its rules choose them. */
import { randomUUID } from 'node:crypto';
import type { S3Event } from './s3/index.ts';

/** Detail types and reasons, by the name that S3 itself gives the event. */
const DETAILS: Readonly<Record<string, { type: string; reason?: string; deletion?: string }>> = {
  'ObjectCreated:Put': { type: 'Object Created', reason: 'PutObject' },
  'ObjectCreated:Post': { type: 'Object Created', reason: 'POST Object' },
  'ObjectCreated:Copy': { type: 'Object Created', reason: 'CopyObject' },
  'ObjectCreated:CompleteMultipartUpload': { type: 'Object Created', reason: 'CompleteMultipartUpload' },
  'ObjectRemoved:Delete': { type: 'Object Deleted', reason: 'DeleteObject', deletion: 'Permanently Deleted' },
  'ObjectRemoved:DeleteMarkerCreated': {
    type: 'Object Deleted',
    reason: 'DeleteObject',
    deletion: 'Delete Marker Created',
  },
  'ObjectTagging:Put': { type: 'Object Tags Added' },
  'ObjectTagging:Delete': { type: 'Object Tags Deleted' },
};

export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface Place {
  readonly region: string;
  readonly account: string;
}

/** The EventBridge form of an event; `undefined` for events that EventBridge does not carry. */
export function toCloudEvent(event: S3Event, { region, account }: Place): CloudEvent | undefined {
  const kind = DETAILS[event.name];
  if (kind === undefined) return undefined;
  const cloudEvent = {
    version: '0',
    id: randomUUID(),
    'detail-type': kind.type,
    source: 'aws.s3',
    account,
    time: new Date(event.time).toISOString().replace(/\.\d+Z$/, 'Z'),
    region,
    resources: [`arn:aws:s3:::${event.bucket}`],
    detail: {
      version: '0',
      bucket: { name: event.bucket },
      object: {
        key: event.key,
        ...(event.size !== undefined && { size: event.size }),
        ...(event.eTag !== undefined && { etag: event.eTag }),
        ...(event.versionId !== undefined && { 'version-id': event.versionId }),
        ...(event.sequencer !== undefined && { sequencer: event.sequencer }),
      },
      'request-id': event.requestId,
      requester: account,
      'source-ip-address': event.sourceIp,
      ...(kind.reason !== undefined && { reason: kind.reason }),
      ...(kind.deletion !== undefined && { 'deletion-type': kind.deletion }),
    },
  };
  return cloudEvent;
}

/**
 * Whether a rule's pattern chooses an event: every field named must hold one of the values listed.
 * Understands literals, `{ prefix }`, `{ exists }` and `{ anything-but: [...] }`.
 */
export function matchesPattern(pattern: unknown, value: unknown): boolean {
  if (Array.isArray(pattern)) return pattern.some((choice) => matchesChoice(choice, value));
  if (!isRecord(pattern)) return false;
  return Object.entries(pattern).every(([name, inner]) =>
    matchesPattern(inner, isRecord(value) ? value[name] : undefined),
  );
}

function matchesChoice(choice: unknown, value: unknown): boolean {
  if (!isRecord(choice)) return choice === value;
  if (typeof choice.prefix === 'string') return typeof value === 'string' && value.startsWith(choice.prefix);
  const excluded = choice['anything-but'];
  if (Array.isArray(excluded)) return value !== undefined && !excluded.includes(value);
  return choice.exists === (value !== undefined);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
