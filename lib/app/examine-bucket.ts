/** Looks at one bucket as a whole, and says of everything that locks depend on whether it is as it should be. */
import { defaultRuleChecks } from '../doctor/default-rule.ts';
import { lifecycleChecks } from '../doctor/lifecycle.ts';
import { type Patient } from '../doctor/patient.ts';
import { permissionChecks, permissionsToTry } from '../doctor/permissions.ts';
import { lockCheck, mfaCheck, versioningCheck } from '../doctor/settings.ts';
import { type Sample, type Samples, toolChecks } from '../doctor/tool-checks.ts';
import { type Tool } from '../doctor/tools.ts';
import { holdsCheck } from '../doctor/holds.ts';
import { eventsCheck, inventoryCheck, replicationCheck } from '../doctor/wiring.ts';
import { type Attempt, type BucketSurvey, type Permission } from '../ports/bucket-survey.ts';
import { type EntryListing, type ListedEntry } from '../ports/entry-listing.ts';
import { type LockStore } from '../ports/lock-store.ts';
import { type Marker } from '../ports/version-listing.ts';
import { type Check } from '../probe/check.ts';
import { seeFully } from './by-hand-status.ts';

export interface ExamineDeps {
  readonly survey: BucketSurvey;
  readonly store: LockStore;
  readonly listing: EntryListing;
  /** Tells that a listing was denied, which costs the samples and nothing else. */
  readonly isDenied: (cause: unknown) => boolean;
}

/**
 * Every row that doctor shows of a bucket; nothing in it is changed.
 *
 * @throws HoldfastError `bad-input` when there is no such bucket, `throttled` or `unreachable` without a verdict.
 */
export async function examineBucket(patient: Patient, deps: ExamineDeps): Promise<readonly Check[]> {
  const { survey } = deps;
  const { bucket, tool } = patient;
  const [versioning, lock, lifecycle, replication, events, inventories, policy] = await Promise.all([
    survey.versioning(bucket),
    survey.lock(bucket),
    survey.lifecycle(bucket),
    survey.replication(bucket),
    survey.events(bucket),
    survey.inventories(bucket),
    survey.policy(bucket),
  ]);
  const attempts = await attemptAll(patient, survey);
  return [
    versioningCheck(versioning, patient),
    lockCheck(lock, patient),
    ...defaultRuleChecks(lock, patient),
    ...(tool === undefined ? [] : toolChecks(await samplesOf(tool, patient, deps), { ...patient, tool })),
    ...lifecycleChecks(lifecycle, patient),
    replicationCheck(replication, patient),
    ...(tool === undefined ? [holdsCheck(policy, patient)] : []),
    mfaCheck(versioning, lifecycle),
    eventsCheck(events, patient),
    inventoryCheck(inventories, patient),
    ...permissionChecks(attempts, policy, patient),
  ];
}

async function attemptAll(patient: Patient, survey: BucketSurvey): Promise<ReadonlyMap<Permission, Attempt>> {
  const attempts = new Map<Permission, Attempt>();
  for (const permission of permissionsToTry(patient)) {
    attempts.set(permission, await survey.attempt(patient.bucket, permission));
  }
  return attempts;
}

/** So many pages of a listing are looked through for the newest and the oldest. */
const MOST_PAGES = 20;

async function samplesOf(tool: Tool, { bucket }: Patient, deps: ExamineDeps): Promise<Samples> {
  const isOfTool = tool.locks === 'the tool' && tool.lasting.length > 0;
  const { entries, why } = await currentUnder(isOfTool ? tool.lasting : [''], bucket, deps);
  if (why !== undefined) return { unknown: why };
  const byAge = entries.toSorted((one, other) => one.created - other.created);
  const isLasting = ({ ref }: ListedEntry): boolean =>
    tool.lasting.some((prefix) => ref.key.startsWith(prefix));
  const newest = await sampleOf(byAge.at(-1), deps);
  const oldest = await sampleOf(byAge.find(isLasting), deps);
  if (newest === 'unread' || oldest === 'unread') return { unknown: 'unread' };
  return { ...(newest && { newest }), ...(oldest && { oldest }) };
}

interface Found {
  readonly entries: readonly ListedEntry[];
  /** Why not all of it was seen. */
  readonly why?: NonNullable<Samples['unknown']>;
}

async function currentUnder(
  prefixes: readonly string[],
  bucket: string,
  { listing, isDenied }: ExamineDeps,
): Promise<Found> {
  const entries: ListedEntry[] = [];
  for (const prefix of prefixes) {
    let after: Marker | undefined;
    for (let pages = 0; pages === 0 || after !== undefined; pages += 1) {
      if (pages === MOST_PAGES) return { entries, why: 'too-many' };
      const page = await pageOr(async () => listing.entries(bucket, prefix, after), isDenied);
      if (page === undefined) return { entries, why: 'denied' };
      entries.push(...page.entries.filter(({ kind, latest }) => kind === 'version' && latest));
      after = page.next;
    }
  }
  return { entries };
}

type Page = Awaited<ReturnType<EntryListing['entries']>>;

/** Undefined where it is denied. */
async function pageOr(
  list: () => Promise<Page>,
  isDenied: ExamineDeps['isDenied'],
): Promise<Page | undefined> {
  try {
    return await list();
  } catch (cause) {
    if (isDenied(cause)) return undefined;
    throw cause;
  }
}

async function sampleOf(
  entry: ListedEntry | undefined,
  { store }: ExamineDeps,
): Promise<Sample | 'unread' | undefined> {
  if (entry === undefined) return undefined;
  const read = await store.read(entry.ref);
  if (read.kind === 'no-permission') return 'unread';
  if (read.kind !== 'found') return undefined;
  const { version } = read;
  return {
    key: version.ref.key,
    created: version.created,
    size: version.size,
    lock: await seeFully(store, version),
  };
}
