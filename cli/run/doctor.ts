/** Looks at a store, and with --probe tries what it enforces; loaded only when somebody asks for it. */
import { type S3Client } from '@aws-sdk/client-s3';
import { S3Stranger } from '../../lib/aws/probe-bypass.ts';
import { greet, type ProbeConnection, probeClient } from '../../lib/aws/probe-greeting.ts';
import { S3Lab } from '../../lib/aws/probe-lab.ts';
import {
  cleanUp,
  isScratchBucket,
  keepAll,
  makeScratch,
  newScratchName,
  requireScratch,
} from '../../lib/aws/probe-scratch.ts';
import { systemClock } from '../../lib/aws/system-clock.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { type Check } from '../../lib/probe/check.ts';
import { clockOffset, type Greeting, judgeGreeting } from '../../lib/probe/clocks.ts';
import { isLoopback, requireObjectLock } from '../../lib/probe/endpoints.ts';
import { runProbe, withoutObjectLock } from '../../lib/probe/run.ts';
import { type Provider } from '../../lib/providers/record.ts';
import { endpointOf } from '../control-options.ts';
import { strangerClient } from '../doctor-stranger.ts';
import { type BucketDoctorOptions, bucketChecks, patientOf } from './doctor-bucket.ts';
import { checkTable, leftBehind, leftLines, type Report, resultOf } from '../doctor-text.ts';
import { paint, print, printError, printJson } from '../output.ts';
import { providerOf } from '../provider.ts';
import { inWords } from '../store-failures.ts';
import { writeRecord } from '../store-record.ts';

export interface DoctorOptions extends BucketDoctorOptions {
  readonly probe?: true;
  readonly unprivilegedProfile?: string;
  readonly farDates?: true;
  readonly keep?: true;
  readonly clean?: string;
  readonly record?: string;
  readonly json?: true;
}

const FAILING = 7;
const REFUSED_BY_LOCK = 3;
const SHORTEST_LOCK = 4_000;
const LONGEST_LOCK = 60_000;
/** An experiment is a handful of requests; a lock that lasts for many leaves room for slow ones. */
const REQUESTS_PER_LOCK = 20;

const WHAT_THE_PROBE_ADDS =
  'holdfast doctor --probe also tries, in a scratch bucket of its own, whether locks hold: it writes versions\n' +
  'locked for seconds, tries to delete, shorten and downgrade them, reads back what was asked for, and cleans up.';

/** Checks the way to the store, and with `--probe` the store. */
export async function runDoctor(options: DoctorOptions): Promise<void> {
  const patient = patientOf(options);
  const connection = connectionOf(options);
  const provider = providerOf(options);
  if (options.clean !== undefined && !isScratchBucket(options.clean)) {
    throw new HoldfastError('bad-input', {
      what: `${JSON.stringify(options.clean)} is not a scratch bucket of the probe`,
      next: 'name one as holdfast-probe-0123456789abcdef',
    });
  }
  const greeting = await inWords({ what: 'reach the store', needs: 's3:ListAllMyBuckets' }, async () =>
    greet(connection, systemClock),
  );
  const first = judgeGreeting(greeting);
  requireKnownUser(first);
  if (options.clean !== undefined) {
    await clean(options.clean, connection, options);
    return;
  }
  const isReady = first.every(({ ok }) => ok);
  const ofBucket = patient === undefined || !isReady ? [] : await bucketChecks(patient, options);
  const checks = [...first, ...ofBucket];
  if (options.probe !== true || !isReady) showPlain(checks, options);
  else await probe({ connection, greeting, first: checks, provider }, options);
}

function connectionOf({ region, ...options }: DoctorOptions): ProbeConnection {
  const url = endpointOf(options);
  requireObjectLock(url);
  const { needsContentMd5 } = providerOf(options);
  return {
    needsContentMd5,
    ...(url !== undefined && { endpoint: url }),
    ...(region !== undefined && { region }),
  };
}

function requireKnownUser(checks: readonly Check[]): void {
  const failing = checks.find(({ id, ok }) => id === 'credentials' && !ok);
  if (failing === undefined) return;
  throw new HoldfastError('no-permission', {
    what: `the store does not accept the credentials (${failing.seen})`,
    next: 'check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or AWS_PROFILE',
  });
}

function showPlain(checks: readonly Check[], options: DoctorOptions): void {
  const { json, probe: isProbe, bucket, for: tool } = options;
  const isFailing = checks.some(({ ok }) => !ok);
  if (isFailing) process.exitCode = FAILING;
  const verdict = 'not tried: first mend what fails here';
  if (json === true) {
    printJson(
      isProbe
        ? { enforces: false, checks, exceptions: [], verdict, left: [] }
        : { bucket, for: tool, checks },
    );
    return;
  }
  print(checkTable(checks));
  print();
  if (isProbe) print(`The probe was ${verdict}.`);
  else print(isFailing ? 'Something fails: each row above says what puts it right.' : WHAT_THE_PROBE_ADDS);
}

interface Patient {
  readonly connection: ProbeConnection;
  readonly greeting: Greeting;
  readonly first: readonly Check[];
  readonly provider: Provider;
}

async function probe(
  { connection, greeting, first, provider }: Patient,
  options: DoctorOptions,
): Promise<void> {
  const client = probeClient(connection);
  const bucket = newScratchName();
  const weak = await strangerClient(connection, client, options.unprivilegedProfile);
  const isAmazon = connection.endpoint === undefined;
  const isMade = await inWords(
    {
      what: `make the scratch bucket ${bucket}`,
      needs: 's3:CreateBucket, s3:PutBucketObjectLockConfiguration and s3:PutBucketVersioning',
    },
    async () => makeScratch(client, bucket, isAmazon),
  );
  const lab = labOf(client, bucket, greeting, provider.youngFor);
  const stopped = (): void => {
    printError(`stopped; the scratch bucket stays: holdfast doctor --clean ${bucket}`);
    process.exit(130);
  };
  process.once('SIGINT', stopped);
  const progress = (check: Check): void => {
    if (options.json !== true) printError(`  ${resultOf(check).padEnd(9)}  ${check.id}`);
  };
  if (options.json !== true) printError(`probing in ${bucket}, locks last ${lab.span / 1_000} s`);
  try {
    const found = isMade
      ? await runProbe(lab, {
          stranger: weak && new S3Stranger(weak, bucket),
          farDates: options.farDates ?? isLoopback(connection.endpoint),
          onCheck: progress,
        })
      : withoutObjectLock();
    const left = isMade ? leftBehind(bucket, await (options.keep ? keepAll : cleanUp)(client, lab)) : [];
    const { endpoint } = connection;
    const record = isMade ? writeRecord(found, provider, { endpoint, file: options.record }) : undefined;
    show(
      { ...found, checks: [...first, ...found.checks], left, ...(record !== undefined && { record }) },
      options,
    );
  } catch (error) {
    await salvage(client, lab, options);
    throw error;
  } finally {
    process.off('SIGINT', stopped);
    client.destroy();
    weak?.destroy();
  }
}

/** After a failure half-way: waits for the locks of seconds, removes what it can, and says what it could not. */
async function salvage(client: S3Client, lab: S3Lab, { keep }: DoctorOptions): Promise<void> {
  try {
    if (keep !== true) {
      await lab.wait(lab.span * 2 + 2_000);
      if ((await cleanUp(client, lab)).isBucketGone) return;
    }
  } catch {
    // The first failure is the one to tell; this one only means that the bucket stays.
  }
  printError(`the scratch bucket stays: holdfast doctor --clean ${lab.bucket}`);
}

function labOf(client: S3Client, bucket: string, greeting: Greeting, youngFor: number): S3Lab {
  const latency = greeting.received - greeting.sent;
  const span = Math.min(SHORTEST_LOCK + REQUESTS_PER_LOCK * latency, LONGEST_LOCK);
  return new S3Lab({ client, bucket, clock: systemClock, offset: clockOffset(greeting), span, youngFor });
}

function show(found: Report, { json }: DoctorOptions): void {
  const { enforces, checks, exceptions, verdict, left, record } = found;
  if (!enforces || checks.some(({ ok }) => !ok)) process.exitCode = FAILING;
  if (json === true) {
    printJson({ enforces, checks, exceptions, verdict, left, record });
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

async function clean(bucket: string, connection: ProbeConnection, { json }: DoctorOptions): Promise<void> {
  const client = probeClient(connection);
  const lab = new S3Lab({ client, bucket, clock: systemClock, offset: 0, span: 0, youngFor: 0 });
  await requireScratch(client, bucket);
  const left = leftBehind(bucket, await cleanUp(client, lab));
  client.destroy();
  if (left.length > 0) process.exitCode = REFUSED_BY_LOCK;
  if (json === true) printJson({ left });
  else for (const line of leftLines(left)) print(line);
}
