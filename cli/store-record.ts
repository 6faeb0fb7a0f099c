/** Keeps the capability record of a probed store in a file, for other commands to follow. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder } from '../lib/aws/make-folder.ts';
import { systemClock } from '../lib/aws/system-clock.ts';
import { HoldfastError } from '../lib/errors.ts';
import { measuredProvider, type Measured } from '../lib/providers/measured.ts';
import { formatProvider, type Provider } from '../lib/providers/record.ts';

const FOLDER = join('.holdfast', 'stores');

export interface RecordPlace {
  readonly endpoint?: string | undefined;
  /** The file that was asked for; without one it is named after the store. */
  readonly file?: string | undefined;
}

/**
 * Writes what was measured, over what was measured before.
 *
 * @param base - the record that the probe followed.
 * @returns the path of the file.
 */
export function writeRecord(
  found: Measured['found'],
  base: Provider,
  { endpoint, file }: RecordPlace,
): string {
  const name =
    endpoint === undefined
      ? 'aws'
      : new URL(endpoint).host.replaceAll(/[^A-Za-z0-9.-]/g, '_').replace(/^_+/, '');
  const path = file ?? join(FOLDER, `${name}.json`);
  const record = measuredProvider({ name, at: systemClock.now(), found }, base);
  try {
    makeFolder(dirname(path));
    writeFileSync(path, formatProvider(record));
  } catch (cause) {
    throw new HoldfastError('bad-input', {
      what: `the capability record cannot be written to ${path}`,
      next: 'name another file with --record; the store was probed',
      cause,
    });
  }
  return path;
}
