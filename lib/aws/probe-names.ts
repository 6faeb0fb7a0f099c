/** How the probe names what is its own. */
import { randomBytes } from 'node:crypto';

const NAME = /^holdfast-probe-[0-9a-f]{16}$/;

/** Whether a bucket has a name that only the probe gives. */
export const isScratchBucket = (bucket: string): boolean => NAME.test(bucket);

/** A folder for one probe, in a bucket that is not its own. */
export const newScratchFolder = (prefix: string): string =>
  `${prefix}${prefix === '' || prefix.endsWith('/') ? '' : '/'}${newScratchName()}/`;

export const newScratchName = (): string => `holdfast-probe-${randomBytes(8).toString('hex')}`;
