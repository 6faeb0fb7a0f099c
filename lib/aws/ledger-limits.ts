/** What every ledger takes: the limits of DynamoDB, so that nobody depends on a store that takes more. */
import { HoldfastError } from '../errors.ts';
import { type LedgerKey } from '../ports/ledger.ts';

const NAME_BYTES = 1_000;
/** DynamoDB takes 400 kB with the keys and all that goes with them. */
const BODY_BYTES = 350_000;

/** @throws HoldfastError `bad-input` for a group or a name that cannot be kept. */
export function requireKey({ group, name }: LedgerKey): void {
  requireName('group', group);
  requireName('name', name);
}

/** @throws HoldfastError `bad-input` for a group or a name that cannot be kept. */
export function requireName(what: 'group' | 'name', text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > 0 && bytes <= NAME_BYTES && text.isWellFormed()) return;
  throw new HoldfastError('bad-input', {
    what: `a ${what} in the ledger has 1 to ${NAME_BYTES} bytes of whole characters, and ${JSON.stringify(text.slice(0, 40))} has not`,
    next: 'shorten it, or name the item by a hash of it',
  });
}

/** @throws HoldfastError `too-large` or `bad-input` for a body that cannot be kept. */
export function requireBody(key: LedgerKey, body: string): void {
  const bytes = Buffer.byteLength(body);
  if (bytes > BODY_BYTES) {
    throw new HoldfastError('too-large', {
      what: `${itemAt(key)} would have ${bytes} bytes, and no item may have more than ${BODY_BYTES}`,
      next: 'spread it over several items, or keep the bulk of it as an object and only its name here',
    });
  }
  // Half a character would come back as another one.
  if (body.isWellFormed()) return;
  throw new HoldfastError('bad-input', {
    what: `the body of ${itemAt(key)} has half of a surrogate pair`,
    next: 'write it as JSON, which escapes such halves',
  });
}

/** How messages name an item. Names may hold what a terminal would obey, which JSON escapes. */
export function itemAt({ group, name }: LedgerKey): string {
  return `the item ${JSON.stringify(name)} of ${JSON.stringify(group)} in the ledger`;
}
