/** The probe from the terminal: where it writes, what it shows, what it leaves; loaded only when somebody asks for it. */
import { type S3Client } from '@aws-sdk/client-s3';
import { recordDeed } from '../../lib/app/record-deed.ts';
import { S3Stranger } from '../../lib/aws/probe-bypass.ts';
import { type ProbeConnection, probeClient } from '../../lib/aws/probe-greeting.ts';
import { S3Lab } from '../../lib/aws/probe-lab.ts';
import { newScratchFolder, newScratchName } from '../../lib/aws/probe-names.ts';
import {
  cleanUp,
  keepAll,
  makeScratch,
  requireListing,
  requireScratch,
} from '../../lib/aws/probe-scratch.ts';
import { systemClock } from '../../lib/aws/system-clock.ts';
import { type Patient } from '../../lib/doctor/patient.ts';
import { type Check } from '../../lib/probe/check.ts';
import { clockOffset, type Greeting } from '../../lib/probe/clocks.ts';
import { isLoopback } from '../../lib/probe/endpoints.ts';
import { type Probed, runProbe, withoutObjectLock } from '../../lib/probe/run.ts';
import { type Provider } from '../../lib/providers/record.ts';
import { openRecording } from '../control.ts';
import { type ControlOptions } from '../control-options.ts';
import { strangerClient } from '../doctor-stranger.ts';
import { checkTable, leftBehind, type LeftBehind, leftLines, type Report, resultOf } from '../doctor-text.ts';
import { paint, print, printError, printJson } from '../output.ts';
import { inWords } from '../store-failures.ts';
import { writeRecord } from '../store-record.ts';
import { type BucketDoctorOptions, requireFolder } from './doctor-bucket.ts';

export interface ProbeOptions extends BucketDoctorOptions, ControlOptions {
  readonly unprivilegedProfile?: string;
  readonly farDates?: true;
  readonly keep?: true;
  readonly record?: string;
  readonly json?: true;
}

const FAILING = 7;
const REFUSED_BY_LOCK = 3;
const SHORTEST_LOCK = 4_000;
const LONGEST_LOCK = 60_000;
/** An experiment is a handful of requests; a lock that lasts for many leaves room for slow ones. */
const REQUESTS_PER_LOCK = 20;

export interface Probing {
  readonly connection: ProbeConnection;
  readonly greeting: Greeting;
  readonly first: readonly Check[];
  readonly provider: Provider;
  readonly patient: Patient | undefined;
}

/** Tries what the store enforces, shows it, and writes it down. */
export async function probeStore(
  { connection, greeting, first, provider, patient }: Probing,
  options: ProbeOptions,
): Promise<void> {
  const client = probeClient(connection);
  try {
    const weak = await strangerClient(connection, client, options.unprivilegedProfile);
    const place = (await placeOf(patient, options)) ?? (await ownBucket(client, connection));
    const lab = labOf(client, place, greeting, provider.youngFor);
    await probeIn(lab, place, { client, weak, connection, provider, first }, options);
  } finally {
    client.destroy();
  }
}

interface Instruments {
  readonly client: S3Client;
  readonly weak: S3Client | undefined;
  readonly connection: ProbeConnection;
  readonly provider: Provider;
  readonly first: readonly Check[];
}

async function probeIn(
  lab: S3Lab,
  { bucket, isMade }: Place,
  { client, weak, connection, provider, first }: Instruments,
  options: ProbeOptions,
): Promise<void> {
  const stopped = (): void => {
    printError(`stopped; ${staysAt(lab)}`);
    process.exit(130);
  };
  process.once('SIGINT', stopped);
  const progress = (check: Check): void => {
    if (options.json !== true) printError(`  ${resultOf(check).padEnd(9)}  ${check.id}`);
  };
  if (options.json !== true)
    printError(`probing in ${bucket}/${lab.folder}, locks last ${lab.span / 1_000} s`);
  try {
    if (isMade) await requireListing(client, lab);
    const found = isMade
      ? await runProbe(lab, {
          stranger: weak && lab.place === 'bucket' ? new S3Stranger(weak, bucket) : undefined,
          farDates: options.farDates ?? isLoopback(connection.endpoint),
          onCheck: progress,
        })
      : withoutObjectLock();
    const left = isMade ? leftBehind(bucket, await (options.keep ? keepAll : cleanUp)(client, lab)) : [];
    const record = isMade ? recordOf(found, provider, connection, options) : undefined;
    show(
      { ...found, checks: [...first, ...found.checks], left, ...(record !== undefined && { record }) },
      options,
    );
  } catch (error) {
    await salvage(client, lab, options);
    throw error;
  } finally {
    process.off('SIGINT', stopped);
    weak?.destroy();
  }
}

/** The file of the record; what was found is told even where it cannot be written. */
function recordOf(
  found: Probed,
  provider: Provider,
  { endpoint }: ProbeConnection,
  { record: file }: ProbeOptions,
): string | undefined {
  try {
    return writeRecord(found, provider, { endpoint, file });
  } catch (cause) {
    printError(cause instanceof Error ? cause.message : String(cause));
    if (file !== undefined) process.exitCode = FAILING;
    return undefined;
  }
}

/** After a failure half-way: waits for the locks of seconds, removes what it can, and says what it could not. */
async function salvage(client: S3Client, lab: S3Lab, { keep }: ProbeOptions): Promise<void> {
  try {
    if (keep !== true) {
      await lab.wait(lab.span * 2 + 2_000);
      if ((await cleanUp(client, lab)).isBucketGone) return;
    }
  } catch {
    // The first failure is the one to tell; this one only means that the bucket stays.
  }
  printError(staysAt(lab));
}

const staysAt = ({ bucket, folder, place }: S3Lab): string =>
  place === 'bucket'
    ? `the scratch bucket stays: holdfast doctor --clean ${bucket}`
    : `what lies under s3://${bucket}/${folder} stays: delete it when its locks have ended`;

interface Place {
  readonly bucket: string;
  readonly isMade: boolean;
  readonly folder?: string;
  readonly isBornLocked?: boolean;
}

/** A folder in the bucket that was named, where somebody asked for that and nothing there would lock it for long. */
async function placeOf(patient: Patient | undefined, options: ProbeOptions): Promise<Place | undefined> {
  const { prefix } = options;
  if (prefix === undefined || patient === undefined) return undefined;
  const folder = newScratchFolder(prefix);
  const { bucket } = patient;
  // In a bucket that auditors look at, nothing is locked without a record, COMPLIANCE for seconds included.
  const recording = await openRecording(options);
  const isBornLocked = await requireFolder(folder, patient, options);
  const detail = `s3://${bucket}/${folder}: scratch versions, locked for seconds in both modes, then deleted`;
  await recordDeed({ action: 'probed', detail }, recording);
  return { bucket, isMade: true, folder, isBornLocked };
}

async function ownBucket(client: S3Client, { endpoint }: ProbeConnection): Promise<Place> {
  const bucket = newScratchName();
  const isMade = await inWords(
    {
      what: `make the scratch bucket ${bucket}`,
      needs: 's3:CreateBucket, s3:PutBucketObjectLockConfiguration and s3:PutBucketVersioning',
    },
    async () => makeScratch(client, bucket, endpoint === undefined),
  );
  return { bucket, isMade };
}

function labOf(client: S3Client, place: Place, greeting: Greeting, youngFor: number): S3Lab {
  const latency = greeting.received - greeting.sent;
  const span = Math.min(SHORTEST_LOCK + REQUESTS_PER_LOCK * latency, LONGEST_LOCK);
  return new S3Lab({
    client,
    ...place,
    clock: systemClock,
    offset: clockOffset(greeting),
    span,
    youngFor,
  });
}

function show(found: Report, { json, bucket, for: tool }: ProbeOptions): void {
  const { enforces, checks, exceptions, verdict, left, record } = found;
  if (!enforces || checks.some(({ ok }) => !ok)) process.exitCode = FAILING;
  if (json === true) {
    printJson({ bucket, for: tool, enforces, checks, exceptions, verdict, left, record });
    return;
  }
  const skipped = checks.filter(({ tried }) => !tried).map(({ id }) => id);
  print(checkTable(checks));
  print();
  print(paint('bold', `${verdict[0]?.toUpperCase() ?? ''}${verdict.slice(1)}.`));
  if (skipped.length > 0) print(`Not tried: ${skipped.join(', ')}.`);
  for (const line of leftLines(left)) print(line);
  if (record !== undefined)
    print(`The capability record: ${record}; other commands follow it with --provider ${record}`);
}

/** Removes what an earlier probe left, where its locks have ended. */
export async function cleanScratch(
  bucket: string,
  connection: ProbeConnection,
  { json }: ProbeOptions,
): Promise<void> {
  const client = probeClient(connection);
  let left: readonly LeftBehind[];
  try {
    const lab = new S3Lab({ client, bucket, clock: systemClock, offset: 0, span: 0, youngFor: 0 });
    await requireScratch(client, bucket);
    left = leftBehind(bucket, await cleanUp(client, lab));
  } finally {
    client.destroy();
  }
  if (left.length > 0) process.exitCode = REFUSED_BY_LOCK;
  if (json === true) printJson({ left });
  else for (const line of leftLines(left)) print(line);
}
