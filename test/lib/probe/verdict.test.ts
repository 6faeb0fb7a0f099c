import { describe, expect, it } from '@jest/globals';
import { type Check, type Gravity } from '../../../lib/probe/check.ts';
import { judge } from '../../../lib/probe/verdict.ts';

const GRAVITIES = new Map<string, Gravity>([
  ['delete', 'deleted'],
  ['shorten', 'weakened'],
  ['retention', 'unkept'],
  ['copy', 'exception'],
]);

function checks(states: Readonly<Record<string, 'ok' | 'failing' | 'not-tried'>>): Check[] {
  return Object.entries(states).map(([id, state]) => ({
    id,
    expected: '',
    seen: '',
    ok: state !== 'failing',
    tried: state !== 'not-tried',
  }));
}

describe('the verdict on a store', () => {
  it.each([
    ['all is well', { delete: 'ok', copy: 'ok' }, true, 'this store enforces Object Lock'],
    [
      'an exception was not tried',
      { delete: 'ok', copy: 'not-tried' },
      true,
      'this store enforces Object Lock',
    ],
    [
      'an exception fails',
      { delete: 'ok', copy: 'failing' },
      false,
      'this store enforces Object Lock, with these exceptions: copy',
    ],
    [
      'a locked object was deleted, whatever else',
      { delete: 'failing', shorten: 'failing', copy: 'failing' },
      false,
      'this store accepted a lock and let the object be deleted (delete)',
    ],
    [
      'a lock was shortened',
      { delete: 'ok', shorten: 'failing', retention: 'failing' },
      false,
      'this store accepted a lock and let it be weakened (shorten)',
    ],
    [
      'no lock was kept',
      { delete: 'not-tried', retention: 'failing' },
      false,
      'this store does not keep the locks it is asked for (retention)',
    ],
    [
      'what matters could not be tried',
      { delete: 'not-tried', copy: 'ok' },
      false,
      'no verdict: what shows whether locks hold could not be tried (delete)',
    ],
    ['there is no lock at all', { 'lock-bucket': 'failing' }, false, 'this store does not offer Object Lock'],
  ] as const)('when %s', (_, states, enforces, verdict) => {
    expect(judge(checks(states), GRAVITIES)).toMatchObject({ enforces, verdict });
  });
});
