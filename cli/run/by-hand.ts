/** What `lock` and `hold` have in common: find the versions, ask, write, say how each ended. */
import { randomUUID } from 'node:crypto';
import { type ByHandDeps, type HandResult, lockByHand, previewByHand } from '../../lib/app/by-hand.ts';
import { collectVersions } from '../../lib/app/by-hand-find.ts';
import { type HandRun, runByHand, type RunVerdict, verdictOf } from '../../lib/app/by-hand-run.ts';
import { systemClock } from '../../lib/aws/system-clock.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { type Wish } from '../../lib/lock/change.ts';
import { formatInstant } from '../../lib/lock/instant.ts';
import { type ListedEntry } from '../../lib/ports/entry-listing.ts';
import { type VersionRef, versionIdOf } from '../../lib/ports/lock-store.ts';
import { type Found, progressOf, sayRun, sayRunJson } from '../by-hand-report.ts';
import { addressOf } from '../by-hand-text.ts';
import { confirm } from '../confirm.ts';
import { openBrake } from '../open-brake.ts';
import { openRecording } from '../control.ts';
import { type ControlOptions, recordingPlace } from '../control-options.ts';
import { printError, visible } from '../output.ts';
import { type OpenStore, openStore, type StoreOptions, type Target } from '../store-options.ts';
import { foundVersion } from './status.ts';

export interface DeedOptions extends StoreOptions, ControlOptions {
  readonly versionId?: string;
  readonly recursive?: true;
  readonly latest?: true;
  readonly dryRun?: true;
  readonly yes?: true;
}

const EXITS: Readonly<Record<RunVerdict, number>> = {
  done: 0,
  'bad-input': 2,
  'refused-by-lock': 3,
  'no-permission': 4,
  unreachable: 5,
  'partly-failed': 6,
};

/** Brings every version that the address names to the wish. */
export async function runDeed(target: Target, wish: Wish, options: DeedOptions): Promise<void> {
  const dryRun = options.dryRun === true;
  refuseContradictions(options);
  // Nothing is done without a record, so nothing is asked for before its place is known.
  if (!dryRun) recordingPlace(options);
  const open = await openStore(target, options);
  const found =
    options.recursive === true ? await findMany(open, target, options) : await findOne(open, target, options);
  if (wish.kind === 'retention' && wish.mode === 'COMPLIANCE' && !dryRun) {
    printError(irrevocable(found, formatInstant(wish.until)));
    if (options.yes !== true) await confirm('Lock it in COMPLIANCE?');
  }
  const work = await workOf(open, wish, options);
  const progress = progressOf(found.refs.length);
  let run: HandRun;
  try {
    run = await runByHand(found.refs, work, progress.show);
  } finally {
    progress.clear();
  }
  if (options.json === true) sayRunJson(run, found, wish, dryRun);
  else sayRun(run, found, dryRun);
  if ('failure' in run) throw run.failure;
  process.exitCode = EXITS[verdictOf(run)];
}

function refuseContradictions({ recursive, latest, versionId }: DeedOptions): void {
  const what =
    recursive === true && versionId !== undefined
      ? '--version-id names one version, and --recursive many'
      : recursive !== true && latest === true
        ? '--latest chooses among the versions under a prefix'
        : undefined;
  if (what !== undefined) {
    throw new HoldfastError('bad-input', {
      what,
      next: 'give --recursive with a prefix, or --version-id with a key',
    });
  }
}

async function findOne(
  { store, listing }: OpenStore,
  target: Target,
  { versionId }: DeedOptions,
): Promise<Found> {
  const { bucket, key } = target;
  const asked =
    versionId === undefined ? { bucket, key } : { bucket, key, versionId: versionIdOf(versionId) };
  const { ref, size } = await foundVersion(asked, { store, listing });
  return { refs: [ref], bytes: size === 'unknown' ? 0 : size, markers: 0 };
}

async function findMany(
  { listing }: OpenStore,
  { bucket, key }: Target,
  { latest }: DeedOptions,
): Promise<Found> {
  const { versions, markers } = await collectVersions(listing, {
    bucket,
    prefix: key,
    latest: latest === true,
  });
  if (versions.length === 0) {
    throw new HoldfastError('no-such-version', {
      what: `no version lies under ${visible(`s3://${bucket}/${key}`)}`,
      next: 'look with holdfast ls',
    });
  }
  const sizeOf = ({ size }: ListedEntry): number => (size === 'unknown' ? 0 : size);
  return {
    refs: versions.map(({ ref }) => ref),
    bytes: versions.reduce((sum, entry) => sum + sizeOf(entry), 0),
    markers,
  };
}

function irrevocable({ refs, bytes }: Found, until: string): string {
  const [only, ...more] = refs;
  const what =
    only !== undefined && more.length === 0
      ? addressOf(only)
      : `${refs.length.toLocaleString('en')} versions, ${bytes.toLocaleString('en')} bytes`;
  return [
    `COMPLIANCE until ${until}: ${what}`,
    'Nobody can shorten it, remove it or delete what it locks before then: not you, not the owner of the account',
    'short of closing it, not the provider. Storage is paid for until then.',
  ].join('\n');
}

/** What is done to each version: locked and recorded, or under a dry run only looked at. */
async function workOf(
  { store }: OpenStore,
  wish: Wish,
  options: DeedOptions,
): Promise<(ref: VersionRef) => Promise<HandResult>> {
  const brake = await openBrake(options);
  if (options.dryRun === true)
    return async (ref) => previewByHand(ref, wish, { store, brake, clock: systemClock });
  const deps: ByHandDeps = { ...(await openRecording(options)), store, brake };
  const run = `by-hand-${randomUUID()}`;
  return async (ref) => lockByHand(ref, wish, run, deps);
}
