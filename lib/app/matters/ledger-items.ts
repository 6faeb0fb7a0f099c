/** The items of the ledger: the docket, the matters, and the custody of each version. */
import { HoldfastError } from '../../errors.ts';
import { jsonOf } from '../../json.ts';
import { type Custody, custodySchema } from '../../matters/custody.ts';
import { type Docket, docketSchema, newDocket } from '../../matters/docket.ts';
import { type Matter, matterSchema } from '../../matters/matter.ts';
import { type Ledger, type LedgerItem, type LedgerKey } from '../../ports/ledger.ts';
import { type VersionRef } from '../../ports/lock-store.ts';

/** A value with what is needed to replace it and nothing newer. */
export interface Held<T> {
  readonly value: T;
  readonly expected: { readonly rev: string } | 'none';
}

const DOCKET: LedgerKey = { group: 'docket', name: 'docket' };
const MATTERS = 'matters';
/** So often it is tried again when somebody else was faster. */
const TRIES = 20;

interface Reads {
  readonly ledger: Ledger;
  readonly hash: (text: string) => string;
}

/** The docket as it is now; a new ledger gets its name with its first change. */
export async function readDocket({ ledger }: Pick<Reads, 'ledger'>, epoch = ''): Promise<Held<Docket>> {
  const item = await ledger.get(DOCKET);
  if (item === undefined) return { value: newDocket(epoch), expected: 'none' };
  return { value: parsed(item, docketSchema), expected: { rev: item.rev } };
}

/** Changes the docket, whoever else does the same; answers it as it is then. */
export async function changeDocket(
  change: (docket: Docket) => Docket,
  epoch: string,
  deps: Pick<Reads, 'ledger'>,
): Promise<Docket> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const { value, expected } = await readDocket(deps, epoch);
    const next = change(value);
    if (next === value && expected !== 'none') return value;
    if ((await deps.ledger.put(DOCKET, JSON.stringify(next), expected)) !== undefined) return next;
  }
  throw busy('the docket');
}

export async function readMatter(
  id: string,
  { ledger }: Pick<Reads, 'ledger'>,
): Promise<Held<Matter> | undefined> {
  const item = await ledger.get({ group: MATTERS, name: id });
  return item && { value: parsed(item, matterSchema), expected: { rev: item.rev } };
}

/** @returns undefined where somebody else changed it meanwhile. */
export async function putMatter(
  matter: Matter,
  expected: Held<Matter>['expected'],
  { ledger }: Pick<Reads, 'ledger'>,
): Promise<Held<Matter> | undefined> {
  const put = await ledger.put({ group: MATTERS, name: matter.id }, JSON.stringify(matter), expected);
  return put && { value: matter, expected: put };
}

export async function* allMatters({ ledger }: Pick<Reads, 'ledger'>): AsyncGenerator<Matter> {
  for await (const item of ledger.list(MATTERS)) yield parsed(item, matterSchema);
}

/**
 * The custody of a version; custodies are spread over many groups, since a table bears only so much on each.
 */
export async function readCustody(ref: VersionRef, deps: Reads): Promise<Held<Custody | undefined>> {
  const item = await deps.ledger.get(custodyKey(ref, deps));
  if (item === undefined) return { value: undefined, expected: 'none' };
  return { value: parsed(item, custodySchema), expected: { rev: item.rev } };
}

export async function putCustody(
  custody: Custody,
  expected: Held<Custody>['expected'],
  deps: Reads,
): Promise<Held<Custody> | undefined> {
  const put = await deps.ledger.put(custodyKey(custody, deps), JSON.stringify(custody), expected);
  return put && { value: custody, expected: put };
}

function custodyKey(
  { bucket, key, versionId }: Pick<Custody, 'bucket' | 'key' | 'versionId'>,
  { hash }: Reads,
): LedgerKey {
  const name = hash(JSON.stringify([bucket, key, versionId]));
  return { group: `custody/${name.slice(0, 3)}`, name };
}

function parsed<T>(
  item: LedgerItem,
  schema: { safeParse(value: unknown): { success: boolean; data?: T } },
): T {
  const result = schema.safeParse(jsonOf(item.body));
  if (result.success && result.data !== undefined) return result.data;
  throw new HoldfastError('unexpected', {
    what: `the item ${item.group}/${item.name} of the ledger cannot be read`,
    next: 'build the ledger again from the records with holdfast ledger rebuild',
  });
}

export function busy(what: string): HoldfastError {
  return new HoldfastError('throttled', {
    what: `${what} could not be changed: others were faster ${TRIES} times`,
    next: 'nothing is lost: try again',
  });
}

export { TRIES };
