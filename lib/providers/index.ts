/** The capability record of every store that Holdfast knows by name. */
import { HoldfastError } from '../errors.ts';
import { parseInstant } from '../lock/instant.ts';
import { type Provider } from './record.ts';

/** What the documents of S3 say; every other record tells where its store differs. */
const AWS: Provider = {
  name: 'aws',
  from: { kind: 'documents', day: '2026-11-20' },
  refusesWeakening: true,
  confirmMayBeSkipped: false,
  youngFor: 0,
  unlockedCodes: ['NoSuchObjectLockConfiguration'],
  keepsLockHeaders: { put: true, multipart: true, copy: true },
  keepsTags: true,
  needsContentMd5: false,
  maximum: 'P100Y',
  eventHolds: 'native',
};

/** Nothing is known of it, so nothing is left to it: read first, read back, wait for young versions. */
const UNKNOWN: Provider = {
  ...AWS,
  name: 'generic',
  refusesWeakening: false,
  youngFor: 5_000,
  unlockedCodes: ['NoSuchObjectLockConfiguration', 'ObjectLockConfigurationNotFoundError'],
  eventHolds: 'none',
};

const PROVIDERS: readonly Provider[] = [
  AWS,
  { ...AWS, name: 'embedded' },
  {
    ...AWS,
    name: 'ceph-rgw',
    // Measured on 16.2, 18.2 and 20.2: every transition of mode and date is refused or taken as on AWS, and a version
    // without a lock is told by another code. What only 16 gets wrong is here too: it costs the newer ones nothing.
    from: {
      kind: 'probe',
      day: '2026-11-20',
      enforces: false,
      exceptions: [
        'multipart-headers',
        'copy-headers',
        'copy-plain',
        'copy-hold',
        'bypass-delete',
        'far-date',
      ],
    },
    unlockedCodes: UNKNOWN.unlockedCodes,
    keepsLockHeaders: { put: true, multipart: false, copy: false },
    // Dates are kept in 32 bits of seconds: 2140 comes back as 2003.
    lastDate: parseInstant('2106-02-07T06:28:15Z'),
    eventHolds: 'none',
  },
  // Older servers refuse a write without Content-MD5, and newer ones take it too.
  { ...UNKNOWN, name: 'minio', youngFor: 0, needsContentMd5: true },
  // An extension within a second of the upload is answered with AccessDenied.
  { ...UNKNOWN, name: 'ovh', youngFor: 5_000 },
  { ...UNKNOWN, name: 'wasabi', needsContentMd5: true },
  { ...UNKNOWN, name: 'scaleway' },
  // Tags are answered as an empty list, whatever was written.
  { ...UNKNOWN, name: 'backblaze', needsContentMd5: true, keepsTags: false, maximum: 'P3000D' },
  UNKNOWN,
];

export const PROVIDER_NAMES: readonly string[] = PROVIDERS.map(({ name }) => name);

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
      next: `name one of ${PROVIDER_NAMES.join(', ')}, or the file of a capability record`,
    });
  }
  return found;
}
