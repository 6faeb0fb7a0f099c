import { describe, expect, it } from '@jest/globals';
import { withinStore } from '../../../lib/app/store-limit.ts';
import { type Wish } from '../../../lib/lock/change.ts';
import { parseInstant } from '../../../lib/lock/instant.ts';
import { type Capabilities } from '../../../lib/ports/lock-store.ts';

const wish: Wish = {
  kind: 'retention',
  mode: 'GOVERNANCE',
  until: parseInstant('2110-01-01T00:00:00Z'),
  notAfter: parseInstant('2120-01-01T00:00:00Z'),
  onConflict: 'strongest',
};
const store = (lastDate?: string): Capabilities => ({
  name: 's',
  refusesWeakening: true,
  confirmMayBeSkipped: false,
  youngFor: 0,
  eventHolds: 'none',
  ...(lastDate !== undefined && { lastDate: parseInstant(lastDate) }),
});

describe('the last date that a store keeps', () => {
  it.each([
    ['none is known', undefined, wish.notAfter],
    ['it is earlier than the cap', '2106-02-07T06:28:15Z', parseInstant('2106-02-07T06:28:15Z')],
    ['it is later than the cap', '2130-01-01T00:00:00Z', wish.notAfter],
  ])('when %s', (_, lastDate, notAfter) => {
    expect(withinStore(wish, store(lastDate))).toStrictEqual({ ...wish, notAfter });
  });

  it('says nothing of a hold', () => {
    expect(withinStore({ kind: 'hold' }, store('2030-01-01T00:00:00Z'))).toStrictEqual({ kind: 'hold' });
  });
});
