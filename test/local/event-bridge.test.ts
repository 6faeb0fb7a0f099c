import { describe, expect, it } from '@jest/globals';
import { matchesPattern, toCloudEvent } from '../../local/event-bridge.ts';

const PLACE = { region: 'us-east-1', account: '123456789012' };
const EVENT = {
  name: 'ObjectCreated:Put',
  time: Date.UTC(2026, 10, 20),
  bucket: 'docs',
  key: 'a b+c',
  versionId: 'v1',
  size: 4,
  eTag: 'e',
  sequencer: '01',
  requestId: 'R',
  principalId: 'AWS:x',
  sourceIp: '127.0.0.1',
  notification: { targets: [], eventBridge: false },
};

describe('an event on the bus', () => {
  it('has the members that S3 sends, with the key as it is', () => {
    expect(toCloudEvent(EVENT, PLACE)).toMatchObject({
      source: 'aws.s3',
      'detail-type': 'Object Created',
      time: '2026-11-20T00:00:00Z',
      resources: ['arn:aws:s3:::docs'],
      detail: {
        bucket: { name: 'docs' },
        object: { key: 'a b+c', 'version-id': 'v1', size: 4 },
        reason: 'PutObject',
      },
    });
  });

  it('is none for changes that EventBridge does not carry', () => {
    expect(toCloudEvent({ ...EVENT, name: 'ObjectRetention:Put' }, PLACE)).toBeUndefined();
  });

  it.each([
    [{ source: ['aws.s3'] }, true],
    [{ source: ['aws.ec2'] }, false],
    [{ 'detail-type': ['Object Deleted', 'Object Created'] }, true],
    [{ detail: { bucket: { name: ['docs'] } } }, true],
    [{ detail: { bucket: { name: ['other'] } } }, false],
    [{ detail: { bucket: { name: [{ prefix: 'do' }] } } }, true],
    [{ detail: { bucket: { name: [{ exists: true }] } } }, true],
    [{ detail: { bucket: { arn: [{ exists: true }] } } }, false],
    [{ detail: { missing: { name: ['docs'] } } }, false],
    ['aws.s3', false],
  ])('matches %j: %s', (pattern, expected) => {
    expect(matchesPattern(pattern, toCloudEvent(EVENT, PLACE))).toBe(expected);
  });
});
