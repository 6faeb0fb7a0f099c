import { describe, expect, it } from '@jest/globals';
import { PROVIDER_NAMES, providerNamed } from '../../../lib/providers/index.ts';
import { formatProvider, parseProvider } from '../../../lib/providers/record.ts';

describe('a capability record', () => {
  it.each(PROVIDER_NAMES)('of %s is what its file says', (name) => {
    const record = providerNamed(name);

    expect(parseProvider(formatProvider(record), 'store.json')).toStrictEqual(record);
  });

  it.each(PROVIDER_NAMES)('of %s never lets a write be believed without reading it back', (name) => {
    expect(providerNamed(name).confirmMayBeSkipped).toBe(false);
  });

  it.each(PROVIDER_NAMES)('of %s says whether it knows event holds: S3 alone does', (name) => {
    expect(providerNamed(name).eventHolds).toBe(['aws', 'embedded'].includes(name) ? 'native' : 'none');
  });

  it('that was written before there were event holds knows none', () => {
    const { eventHolds: _, ...older } = providerNamed('aws');

    expect(parseProvider(JSON.stringify(older), 'store.json').eventHolds).toBe('none');
  });

  const written = JSON.parse(formatProvider(providerNamed('ceph-rgw'))) as Record<string, unknown>;
  it.each<[string, string, string]>([
    ['is not JSON', '{', 'store.json is not JSON'],
    ['is something else', '[]', 'is not a capability record'],
    ['lacks a member', JSON.stringify({ ...written, youngFor: undefined }), 'youngFor'],
    ['has a member that nobody knows', JSON.stringify({ ...written, trusted: true }), 'trusted'],
    ['has no date for a date', JSON.stringify({ ...written, lastDate: 'soon' }), 'lastDate'],
    ['has no period for the maximum', JSON.stringify({ ...written, maximum: 'long' }), 'maximum'],
    ['never waits', JSON.stringify({ ...written, youngFor: 1e9 }), 'youngFor'],
  ])('that %s is refused by name', (_, text, named) => {
    expect(() => parseProvider(text, 'store.json')).toThrow(named);
  });

  it('of a store that nobody knows is refused, with the names that are known', () => {
    expect(() => providerNamed('acme')).toThrow(PROVIDER_NAMES.join(', '));
  });
});
