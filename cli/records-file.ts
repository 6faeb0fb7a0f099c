/** Keeps the records of the local cloud as NDJSON, one line each. */
import { appendFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../lib/aws/make-folder.ts';
import { HoldfastError } from '../lib/errors.ts';

/**
 * Opens a file for records; answers what appends one.
 *
 * @throws HoldfastError `bad-input` when the file cannot be written.
 */
export function recordsFile(path: string): (record: object) => void {
  try {
    makeFolder(dirname(path));
    appendFileSync(path, '');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError('bad-input', {
      what: `records cannot be kept in ${path} (${why})`,
      next: 'name a file that can be written with --records',
      cause,
    });
  }
  return (record) => {
    appendFileSync(path, `${JSON.stringify(record)}\n`);
  };
}
