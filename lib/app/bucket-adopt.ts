/** Adopts an existing bucket: its events and a listing of its versions, beside everything that it has already. */
import { isEnough, LOCK_COLUMNS } from '../doctor/wiring.ts';
import { type BucketWiring, type Inventory } from '../ports/bucket-admin.ts';
import { type SetupDeps } from './bucket-setup.ts';
import { recordDeed } from './record-deed.ts';

/** What bulk plans read from an inventory. */
const FIELDS = [
  ...['Size', 'LastModifiedDate', 'StorageClass', 'ETag', 'IsMultipartUploaded'],
  ...LOCK_COLUMNS,
  'ObjectLockEventHoldStatus',
];

/** An inventory of our own, under an id that nobody has: whatever is there is kept. */
function ours({ inventories }: BucketWiring): Inventory {
  const taken = new Set(inventories.map(({ id }) => id));
  let id = 'holdfast';
  for (let at = 2; taken.has(id); at += 1) id = `holdfast-${at}`;
  return { id, enabled: true, allVersions: true, fields: FIELDS };
}

/** One thing that adopting does, in words. */
export interface AdoptStep {
  readonly does: 'enable-events' | 'add-inventory';
  readonly detail: string;
}

export interface Adoption {
  readonly bucket: string;
  /** The inventory that is added, where one has to be. */
  readonly inventory: Inventory;
  readonly steps: readonly AdoptStep[];
  /** What is there already and is kept. */
  readonly kept: readonly string[];
}

/**
 * What adopting a bucket would do; nothing is changed.
 *
 * @param inventoryTo - the bucket that the inventory is written to; without it none is added.
 */
export function planAdoption(
  bucket: string,
  wiring: BucketWiring,
  inventoryTo: string | undefined,
): Adoption {
  const steps: AdoptStep[] = [];
  if (!wiring.eventBridge) steps.push({ does: 'enable-events', detail: 'send its events to EventBridge' });
  const serves = wiring.inventories.find(isEnough);
  if (serves === undefined && inventoryTo !== undefined) {
    steps.push({
      does: 'add-inventory',
      detail: `add a daily inventory of all versions with their locks, written to ${inventoryTo}`,
    });
  }
  const kept = [
    ...(wiring.notifications > 0 ? [`${wiring.notifications} notifications`] : []),
    ...wiring.inventories.map(
      ({ id }) => `inventory ${id}${id === serves?.id ? ', which shows all that is needed' : ''}`,
    ),
  ];
  return { bucket, inventory: ours(wiring), steps, kept };
}

/** Does what {@link planAdoption} said, and records each step. Doing it twice does it once. */
export async function adoptBucket(
  adoption: Adoption,
  inventoryTo: string | undefined,
  deps: SetupDeps,
): Promise<void> {
  for (const { does, detail } of adoption.steps) {
    if (does === 'enable-events') await deps.admin.enableEventBridge(adoption.bucket);
    else await deps.admin.putInventory(adoption.bucket, adoption.inventory, inventoryTo ?? '');
    await recordDeed({ action: 'bucket-adopted', detail: `${adoption.bucket}: ${detail}` }, deps);
  }
  if (adoption.steps.length === 0)
    await recordDeed(
      { action: 'bucket-found-in-place', detail: `${adoption.bucket}: nothing to adopt` },
      deps,
    );
}
