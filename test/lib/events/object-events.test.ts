import { describe, expect } from '@jest/globals';
import { fc, it } from '@fast-check/jest';
import { readFileSync } from 'node:fs';
import { parseMessage } from '../../../lib/events/object-events.ts';

function captured(name: string): string {
  return readFileSync(`events/captured/${name}.json`, 'utf8');
}

const KEY = 'reports/2026/Q3 final+approved ü.csv';
const VERSION = 'kz8FQ1yr5cnvCq2yS2mG9fP1QJ8eV0tA';

describe('a message of the upload queue', () => {
  it.each([
    ['eventbridge-put', 'created', VERSION],
    ['eventbridge-multipart', 'created', VERSION],
    ['eventbridge-copy', 'created', VERSION],
    ['eventbridge-tags-added', 'tags-changed', VERSION],
    ['eventbridge-tags-deleted', 'tags-changed', VERSION],
    ['notification-put', 'created', VERSION],
    ['notification-tagging', 'tags-changed', VERSION],
    ['sns-notification-put', 'created', VERSION],
    ['notification-ceph', 'created', undefined],
  ])('%s names the object, its key decoded as that form encodes it', (name, what, versionId) => {
    const message = parseMessage(captured(name));

    expect(message).toMatchObject({ kind: 'objects', events: [{ what, bucket: 'acme-docs', key: KEY }] });
    expect(message.kind === 'objects' && message.events[0]?.versionId).toBe(versionId);
  });

  it.each(['eventbridge-deleted', 'notification-deleted'])('%s never calls for a lock', (name) => {
    expect(parseMessage(captured(name)).kind).toBe('ignored');
  });

  it("S3's test event is known", () => {
    expect(parseMessage(captured('test-event'))).toStrictEqual({ kind: 'test' });
  });

  it('may come wrapped by SNS, whatever its form', () => {
    const wrapped = (name: string): string =>
      JSON.stringify({ Type: 'Notification', Message: captured(name) });

    expect(parseMessage(wrapped('eventbridge-put'))).toMatchObject({
      kind: 'objects',
      events: [{ bucket: 'acme-docs', key: KEY, versionId: VERSION }],
    });
    expect(parseMessage(wrapped('test-event'))).toStrictEqual({ kind: 'test' });
  });

  it('takes a key of 1,024 bytes', () => {
    const put = JSON.parse(captured('eventbridge-put')) as { detail: { object: object } };
    const key = `é${'k'.repeat(1_022)}`;
    const detail = { ...put.detail, object: { ...put.detail.object, key } };

    expect(parseMessage(JSON.stringify({ ...put, detail }))).toMatchObject({ events: [{ key }] });
  });

  it('may hold several records', () => {
    const { Records } = JSON.parse(captured('notification-put')) as { Records: object[] };

    const message = parseMessage(JSON.stringify({ Records: [...Records, ...Records] }));

    expect(message.kind === 'objects' && message.events).toHaveLength(2);
  });
});

describe('a malformed message is named, and never thrown at the caller', () => {
  const put = JSON.parse(captured('eventbridge-put')) as { detail: { object: { key: string } } };

  it.each([
    ['no JSON', '{'],
    ['nothing', ''],
    ['a number', '5'],
    ['null', 'null'],
    ['an empty object', '{}'],
    ['no records', '{"Records":[]}'],
    ['records of another kind', '{"Records":[{"eventSource":"aws:sqs"}]}'],
    ['another source', JSON.stringify({ ...put, source: 'acme.s3' })],
    ['no key', JSON.stringify({ ...put, detail: { bucket: { name: 'acme-docs' }, object: {} } })],
    [
      'an empty key',
      JSON.stringify({ ...put, detail: { bucket: { name: 'acme-docs' }, object: { key: '' } } }),
    ],
    [
      'a bucket that is none',
      JSON.stringify({ ...put, detail: { bucket: { name: '../x' }, object: { key: 'a' } } }),
    ],
    [
      'a key of 1,025 bytes',
      JSON.stringify({
        ...put,
        detail: { bucket: { name: 'acme-docs' }, object: { key: `é${'k'.repeat(1_023)}` } },
      }),
    ],
    ['a key that is not encoded', captured('notification-put').replace('%2B', '%2x')],
    [
      'a wrapping within a wrapping',
      JSON.stringify({ Type: 'Notification', Message: captured('sns-notification-put') }),
    ],
    [
      'more bytes than a queue can carry, in fewer characters',
      JSON.stringify({ ...put, detail: { ...put.detail, note: 'é'.repeat(600_000) } }),
    ],
    ['more than a queue can carry', `"${'x'.repeat(1_048_577)}"`],
  ])('%s', (_, body) => {
    expect(parseMessage(body).kind).toBe('malformed');
  });

  it('says where it departs from the form, and repeats nothing that its sender chose', () => {
    const message = parseMessage(JSON.stringify({ ...put, source: 'evil <script>' }));

    expect(message).toStrictEqual({ kind: 'malformed', reason: 'source is not as S3 sends it' });
  });

  it.prop([fc.oneof(fc.string(), fc.json())])('whatever it holds', (body) => {
    expect(['objects', 'test', 'ignored', 'malformed']).toContain(parseMessage(body).kind);
  });
});
