/** The capability record of every store that Holdfast knows by name. */
import { HoldfastError } from '../errors.ts';
import { type Provider } from './record.ts';

const AWS: Provider = {
  name: 'aws',
  refusesWeakening: true,
  confirmMayBeSkipped: false,
  youngFor: 0,
  unlockedCodes: ['NoSuchObjectLockConfiguration'],
};

const PROVIDERS: readonly Provider[] = [
  AWS,
  {
    ...AWS,
    name: 'ceph-rgw',
    // Measured on 16.2, 18.2 and 20.2: every transition of mode and date is refused or taken as on AWS,
    // and a version without a lock is told by another code.
    unlockedCodes: ['NoSuchObjectLockConfiguration', 'ObjectLockConfigurationNotFoundError'],
  },
  {
    ...AWS,
    name: 'ovh',
    // An extension within a second of the upload is answered with AccessDenied.
    refusesWeakening: false,
    youngFor: 5_000,
  },
  {
    ...AWS,
    name: 'generic',
    // Nothing is known of it, so nothing is left to it: read first, read back, wait for young versions.
    refusesWeakening: false,
    youngFor: 5_000,
    unlockedCodes: ['NoSuchObjectLockConfiguration', 'ObjectLockConfigurationNotFoundError'],
  },
];

/**
 * The record of a store by its name.
 *
 * @throws HoldfastError `bad-input` when no store has that name.
 */
export function providerNamed(name: string): Provider {
  const found = PROVIDERS.find((provider) => provider.name === name);
  if (found === undefined) {
    throw new HoldfastError('bad-input', {
      what: `"${name}" is not a store that Holdfast knows`,
      next: `name one of ${PROVIDERS.map((provider) => provider.name).join(', ')}`,
    });
  }
  return found;
}
