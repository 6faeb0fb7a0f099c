/** The keys of objects that are items of the ledger: `ledger/<group>/<name>`, in the order of the names. */
import { HoldfastError } from '../errors.ts';
import { type LedgerKey } from '../ports/ledger.ts';
import { itemAt } from './ledger-limits.ts';

export const LEDGER_PREFIX = 'ledger/';
/** S3 takes no longer key. */
const KEY_BYTES = 1_024;

/**
 * Stores list keys by their bytes. The bytes below `0`, `%`, `-`, `.` and `/` among them, become `%` and two digits,
 * and `%` is below all that stays: so keys have the order of the names, no name is a folder or a step up, and
 * decodeURIComponent reads them. For the same reason keys have no ending: `.json` would put `a` behind `a-b`.
 */
function encoded(text: string): string {
  return text.replaceAll(
    /[\0-/]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

export function prefixOf(group: string): string {
  return `${LEDGER_PREFIX}${encoded(group)}/`;
}

/** @throws HoldfastError `bad-input` where the key of the item would be too long. */
export function objectKeyOf(key: LedgerKey): string {
  const objectKey = prefixOf(key.group) + encoded(key.name);
  if (Buffer.byteLength(objectKey) <= KEY_BYTES) return objectKey;
  throw new HoldfastError('bad-input', {
    what: `${itemAt(key)} would be an object whose key has more than ${KEY_BYTES} bytes`,
    next: 'shorten its name, or name the item by a hash of it',
  });
}

/** The name of an item by its key; undefined for an object that is none. */
export function nameOf(group: string, objectKey: string): string | undefined {
  const rest = objectKey.slice(prefixOf(group).length);
  try {
    const name = decodeURIComponent(rest);
    // What somebody else put there by hand.
    return name !== '' && encoded(name) === rest ? name : undefined;
  } catch {
    return undefined;
  }
}
