/** Turns what the probe found into the record that the adapters follow. */
import { formatInstant, type Instant } from '../lock/instant.ts';
import { type Probed } from '../probe/run.ts';
import { type Provider } from './record.ts';

/** What a store must refuse before Holdfast leaves it to the store to refuse a weaker lock. */
const WEAKENING = ['shorten', 'shorten-compliance', 'upgrade', 'downgrade', 'empty'];

export interface Measured {
  readonly name: string;
  readonly at: Instant;
  readonly found: Probed;
}

/**
 * The record of a store that was probed. What was not tried stays as the record says that the probe began with.
 *
 * @param base - the record that was followed during the probe.
 */
export function measuredProvider({ name, at, found }: Measured, base: Provider): Provider {
  const tried = new Map(found.checks.filter((check) => check.tried).map((check) => [check.id, check.ok]));
  const shown = (id: string, otherwise: boolean): boolean => tried.get(id) ?? otherwise;
  const { lastDate: ofBase, ...rest } = base;
  const far = found.checks.find(({ id }) => id === 'far-date');
  const lastDate = far?.lastDate ?? (far?.tried === true && far.ok ? undefined : ofBase);
  return {
    ...rest,
    name,
    from: {
      kind: 'probe',
      day: formatInstant(at).slice(0, 10),
      enforces: found.enforces,
      exceptions: [...found.exceptions],
    },
    // Only what was seen to be refused is left to the store.
    refusesWeakening: WEAKENING.every((id) => shown(id, false)),
    keepsLockHeaders: {
      put: shown('put-headers', base.keepsLockHeaders.put),
      multipart: shown('multipart-headers', base.keepsLockHeaders.multipart),
      copy: shown('copy-headers', base.keepsLockHeaders.copy),
    },
    keepsTags: shown('tags', base.keepsTags),
    // A code says "no lock" only where the same store shows a lock that is there.
    unlockedCodes: [
      ...new Set([...base.unlockedCodes, ...(shown('retention', false) ? found.unlockedCodes : [])]),
    ],
    // An extension that had to wait once will have to again; one that had not may have been lucky.
    youngFor: base.youngFor,
    ...(lastDate !== undefined && { lastDate }),
  };
}
