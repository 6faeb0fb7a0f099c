/** A matter from its opening to its release, worked on by several functions at once. */
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { openMatter } from '../lib/app/matters/open-matter.ts';
import { approveMatterRelease, askMatterRelease } from '../lib/app/matters/release-matter.ts';
import { readMatter } from '../lib/app/matters/ledger-items.ts';
import { type Matter } from '../lib/matters/matter.ts';
import { type VersionRef, versionIdOf } from '../lib/ports/lock-store.ts';
import { atOnce } from './direct-store.ts';
import { callerOf, CASES, type HoldFunction } from './hold-path.ts';
import { type HoldPump } from './hold-pump.ts';

/** The functions that draw on one queue of holds. */
export interface Fleet {
  readonly pump: HoldPump;
  readonly functions: readonly [HoldFunction, ...HoldFunction[]];
}

export interface Opened {
  readonly id: string;
  /** Milliseconds from the first listing to the state `in force`. */
  readonly cost: number;
}

/** Opens a matter over all that begins with a prefix. */
export async function openOver(prefix: string, versions: number, fleet: Fleet): Promise<Opened> {
  const { pump, functions } = fleet;
  const [{ deps }] = functions;
  const request = { title: 'Doe v. Example', reason: 'x', scope: { selector: { bucket: CASES, prefix } } };
  const { matter } = await openMatter(request, undefined, callerOf('ana'), deps);
  let began: number | undefined;
  const listings = functions.map((one): HoldFunction => {
    const { listing } = one.deps;
    const page: typeof listing.page = async (...args) => {
      began ??= performance.now();
      return listing.page(...args);
    };
    return { ...one, deps: { ...one.deps, listing: { page } } };
  });
  await pump.run(listings.map((one) => one.deps));
  const cost = performance.now() - (began ?? Number.NaN);
  const [scope] = (await matterOf(matter.id, fleet)).scopes;
  if (scope?.state === 'in force' && scope.counts.on === versions) return { id: matter.id, cost };
  throw new Error(`the matter is not in force over ${versions} versions: ${JSON.stringify(scope)}`);
}

/**
 * Releases a matter; answers the milliseconds from the first message to the state `released`.
 *
 * @param onBegin - told when the release is approved, and the work begins.
 */
export async function release(
  id: string,
  versions: number,
  fleet: Fleet,
  onBegin: () => void = () => undefined,
): Promise<number> {
  const { pump, functions } = fleet;
  const [{ deps }] = functions;
  await askMatterRelease(id, 'settled', callerOf('ana'), deps);
  await approveMatterRelease(id, callerOf('ben'), deps);
  onBegin();
  const start = performance.now();
  await pump.run(functions.map((one) => one.deps));
  const cost = performance.now() - start;
  const [scope] = (await matterOf(id, fleet)).scopes;
  if (scope?.state === 'released' && scope.released?.off === versions) return cost;
  throw new Error(`the matter is not released: ${JSON.stringify(scope)}`);
}

/** New versions under a prefix. */
export async function uploadCases(client: S3Client, prefix: string, count: number): Promise<VersionRef[]> {
  const refs: VersionRef[] = [];
  await atOnce(Array.from({ length: count }).keys(), async (at) => {
    const key = `${prefix}${String(at).padStart(7, '0')}.pdf`;
    const { VersionId } = await client.send(new PutObjectCommand({ Bucket: CASES, Key: key, Body: 'x' }));
    refs.push({ bucket: CASES, key, versionId: versionIdOf(VersionId ?? 'null') });
  });
  return refs;
}

async function matterOf(id: string, { functions }: Fleet): Promise<Matter> {
  const held = await readMatter(id, functions[0].deps);
  if (held === undefined) throw new Error(`there is no matter ${id}`);
  return held.value;
}
