/** What becomes deletable when a matter is released: at once, by a lifecycle rule, or not at all. */
import { type Instant } from '../../lock/instant.ts';
import { activeRetention } from '../../lock/state.ts';
import { needersOf } from '../../matters/custody.ts';
import { type Matter } from '../../matters/matter.ts';
import { type Forecast } from '../../matters/messages.ts';
import { type RollEntry } from '../../matters/roll.ts';
import { type LifecycleRule } from '../../ports/bucket-survey.ts';
import { versionIdOf } from '../../ports/lock-store.ts';
import { atOnce } from './at-once.ts';
import { readCustody, readDocket } from './ledger-items.ts';
import { rollRows } from './roll-lines.ts';
import { type ServiceDeps } from './service-deps.ts';

/** So many versions are looked at: whoever asks waits. */
const MOST = 1_000;

type Fate = 'atOnce' | 'retained' | 'held' | 'gone';

export async function forecastOf(matter: Matter, deps: ServiceDeps): Promise<Forecast> {
  const entries: RollEntry[] = [];
  for await (const entry of rollRows(matter.id, deps)) {
    if (entry.outcome === 'on') entries.push(entry);
    if (entries.length >= MOST) break;
  }
  const { value: docket } = await readDocket(deps);
  const open = new Set(docket.open.filter((id) => id !== matter.id));
  const now = deps.clock.now();
  const fates = await atOnce(entries, async (entry) => fateOf(entry, matter.id, open, now, deps));
  const count = (fate: Fate): number => fates.filter((one) => one === fate).length;
  const free = entries.filter((_, at) => fates[at] === 'atOnce');
  const of = matter.scopes.reduce((sum, { counts }) => sum + counts.on, 0);
  return {
    ...{
      looked: entries.length,
      of: Math.max(of, entries.length),
      atOnce: count('atOnce'),
      retained: count('retained'),
    },
    ...{ held: count('held'), gone: count('gone'), byLifecycle: await byLifecycle(free, deps) },
  };
}

async function fateOf(
  { bucket, key, versionId }: RollEntry,
  matter: string,
  open: ReadonlySet<string>,
  now: Instant,
  deps: ServiceDeps,
): Promise<Fate> {
  const ref = { bucket, key, versionId: versionIdOf(versionId) };
  const { value: custody } = await readCustody(ref, deps);
  if (custody?.origin !== 'ours' || needersOf(custody, matter, open).length > 0) return 'held';
  const seen = await deps.store.readLock(ref, 'retention');
  if (seen.kind !== 'seen') return 'gone';
  // What may not be seen is not called free.
  return activeRetention(seen.lock.retention, now).state === 'none' ? 'atOnce' : 'retained';
}

/** The rules that would delete what nothing else keeps. */
async function byLifecycle(free: readonly RollEntry[], deps: ServiceDeps): Promise<Forecast['byLifecycle']> {
  const buckets = new Map<string, number>();
  for (const { bucket } of free) buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
  const lists = await atOnce([...buckets], async ([bucket, versions]) => {
    const seen = await deps.lifecycle.lifecycle(bucket);
    const rules = seen.kind === 'seen' ? seen.value : [];
    return rules.flatMap((rule) => {
      const when = whenOf(rule);
      return when === undefined ? [] : [{ bucket, rule: rule.id, versions, when }];
    });
  });
  return lists.flat();
}

function whenOf({ noncurrentDays, expiresCurrent, about, isForAll }: LifecycleRule): string | undefined {
  const what = isForAll ? '' : `, of those that it is about (${about})`;
  if (noncurrentDays !== undefined)
    return `${noncurrentDays} days after a newer version replaced them${what}`;
  return expiresCurrent
    ? `hidden behind a delete marker when its rule says so, and not deleted by that${what}`
    : undefined;
}
