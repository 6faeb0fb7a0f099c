/** The text files that users name. */
import { readFileSync } from 'node:fs';
import { HoldfastError } from '../errors.ts';

/**
 * The text of a file.
 *
 * @param next - what to do when it cannot be read.
 * @throws HoldfastError `bad-input` when it is not there or not UTF-8.
 */
export function textFile(path: string, next: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const why = isMissing ? ': there is no such file' : '';
    throw new HoldfastError('bad-input', { what: `${path} cannot be read${why}`, next, cause });
  }
  return utf8(bytes, path, next);
}

/**
 * Bytes as text: refused where they are not UTF-8, since a replacement character is another key, tag or rule.
 *
 * @throws HoldfastError `bad-input`.
 */
export function utf8(bytes: Uint8Array, name: string, next: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new HoldfastError('bad-input', { what: `${name} cannot be read as UTF-8 text`, next, cause });
  }
}
