import { describe, expect, it } from '@jest/globals';
import { afterWrite } from '../../../lib/lock/change.ts';
import { instantOf } from '../../../lib/lock/instant.ts';
import {
  activeRetention,
  type LockedRetention,
  type LockState,
  noWeaker,
  UNLOCKED,
} from '../../../lib/lock/state.ts';

const NOW = instantOf(Date.UTC(2026, 10, 20));
const EARLY = instantOf(Date.UTC(2027, 0, 1));
const LATE = instantOf(Date.UTC(2028, 0, 1));
const PAST = instantOf(Date.UTC(2026, 0, 1));
const locked = (
  mode: 'GOVERNANCE' | 'COMPLIANCE',
  until: LockedRetention['until'],
  more: Partial<LockedRetention> = {},
): LockState => ({ retention: { state: 'locked', mode, until, ...more }, hold: 'none' });
const held = (hold: LockState['hold']): LockState => ({ retention: { state: 'none' }, hold });
const ABSENT: LockState = { retention: { state: 'absent' }, hold: 'absent' };
const eventHeld = (eventHold?: { days: number }): LockState =>
  locked('GOVERNANCE', EARLY, { eventHeld: true, ...(eventHold && { eventHold }) });

describe('a lock is no weaker than the one before', () => {
  it.each<[string, LockState, LockState, boolean]>([
    ['nothing, and nothing', UNLOCKED, UNLOCKED, true],
    ['nothing, and a lock', UNLOCKED, locked('GOVERNANCE', EARLY), true],
    ['what ended, and nothing', locked('COMPLIANCE', PAST), UNLOCKED, true],
    ['the same', locked('GOVERNANCE', EARLY), locked('GOVERNANCE', EARLY), true],
    ['a later date', locked('GOVERNANCE', EARLY), locked('GOVERNANCE', LATE), true],
    ['an earlier date', locked('GOVERNANCE', LATE), locked('GOVERNANCE', EARLY), false],
    ['a stricter mode', locked('GOVERNANCE', EARLY), locked('COMPLIANCE', EARLY), true],
    ['a weaker mode', locked('COMPLIANCE', EARLY), locked('GOVERNANCE', LATE), false],
    ['a stricter mode that ends earlier', locked('GOVERNANCE', LATE), locked('COMPLIANCE', EARLY), false],
    ['no lock any more', locked('GOVERNANCE', EARLY), UNLOCKED, false],
    ['a lock that is not seen any more', locked('GOVERNANCE', EARLY), ABSENT, false],
    ['a hold that stays', held('on'), held('on'), true],
    ['a hold that is gone', held('on'), held('none'), false],
    ['a hold that is not seen any more', held('on'), held('absent'), false],
    ['a hold that comes', held('none'), held('on'), true],
    ['what was not seen, and nothing', ABSENT, UNLOCKED, true],
    ['an event hold that is gone', eventHeld({ days: 9 }), locked('GOVERNANCE', LATE), false],
    ['a shorter event hold', eventHeld({ days: 9 }), eventHeld({ days: 8 }), false],
    ['a longer event hold', eventHeld({ days: 9 }), eventHeld({ days: 10 }), true],
    ['an event hold whose length nobody tells now', eventHeld({ days: 9 }), eventHeld(), false],
    ['an event hold whose length nobody told', eventHeld(), eventHeld({ days: 1 }), true],
  ])('%s', (_, before, after, answer) => {
    expect(noWeaker(before, after, NOW)).toBe(answer);
  });

  it('and one that ended binds no more, unless an event hold moves its date on', () => {
    const { retention: over } = locked('COMPLIANCE', PAST);
    const { retention: atOnce } = locked('COMPLIANCE', NOW);
    const { retention: moving } = locked('COMPLIANCE', PAST, { eventHeld: true });

    expect([over, atOnce].map((one) => activeRetention(one, NOW))).toStrictEqual([
      { state: 'none' },
      { state: 'none' },
    ]);
    expect(activeRetention(moving, NOW)).toStrictEqual(moving);
    expect(activeRetention({ state: 'absent' }, NOW)).toStrictEqual({ state: 'absent' });
  });
});

describe('a write that was accepted', () => {
  it('leaves the hold ON, and the retention as it was', () => {
    const before = locked('GOVERNANCE', EARLY);

    expect(afterWrite(before, { kind: 'hold-on' }, NOW)).toStrictEqual({ ...before, hold: 'on' });
  });

  it('leaves the mode and the date that were written, and the hold as it was', () => {
    const write = { kind: 'retention' as const, mode: 'COMPLIANCE' as const, until: LATE };

    expect(afterWrite(held('on'), write, NOW)).toStrictEqual({
      retention: { state: 'locked', mode: 'COMPLIANCE', until: LATE },
      hold: 'on',
    });
  });
});
