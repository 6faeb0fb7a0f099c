/** Looks at a store, and with --bucket at a bucket; loaded only when somebody asks for it. */
import { greet, type ProbeConnection } from '../../lib/aws/probe-greeting.ts';
import { isScratchBucket } from '../../lib/aws/probe-names.ts';
import { systemClock } from '../../lib/aws/system-clock.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { type Check } from '../../lib/probe/check.ts';
import { judgeGreeting } from '../../lib/probe/clocks.ts';
import { requireObjectLock } from '../../lib/probe/endpoints.ts';
import { endpointOf } from '../control-options.ts';
import { checkTable } from '../doctor-text.ts';
import { print, printJson } from '../output.ts';
import { providerOf } from '../provider.ts';
import { inWords } from '../store-failures.ts';
import { bucketChecks, patientOf } from './doctor-bucket.ts';
import { cleanScratch, type ProbeOptions, probeStore } from './doctor-probe.ts';

export interface DoctorOptions extends ProbeOptions {
  readonly clean?: string;
}

const FAILING = 7;

const WHAT_THE_PROBE_ADDS =
  'holdfast doctor --probe also tries, in a scratch bucket of its own, whether locks hold: it writes versions\n' +
  'locked for seconds, tries to delete, shorten and downgrade them, reads back what was asked for, and cleans up.';

/** Checks the way to the store, and with `--probe` the store. */
export async function runDoctor(options: DoctorOptions): Promise<void> {
  refuseIdleOptions(options);
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
    await cleanScratch(options.clean, connection, options);
    return;
  }
  // The probe follows the clock of the store, so that a wrong one here does not stand in its way.
  const isReady = first.every(({ id, ok }) => ok || id === 'clock-store');
  const ofBucket = patient === undefined || !isReady ? [] : await bucketChecks(patient, options);
  const checks = [...first, ...ofBucket];
  if (options.probe !== true || !isReady) showPlain(checks, options);
  else await probeStore({ connection, greeting, first: checks, provider, patient }, options);
}

/** Options that would do nothing are a misunderstanding. */
function refuseIdleOptions({ probe, clean, ...options }: DoctorOptions): void {
  const { keep, farDates, record, unprivilegedProfile } = options;
  const ofProbe = {
    '--keep': keep,
    '--far-dates': farDates,
    '--record': record,
    '--unprivileged-profile': unprivilegedProfile,
  };
  const [idle] = Object.entries(ofProbe).flatMap(([option, value]) => (value === undefined ? [] : [option]));
  if (probe === true && clean !== undefined)
    throw bad('--clean removes what a probe left, and --probe begins another', 'give one of them');
  if (probe !== true && idle !== undefined) throw bad(`${idle} is about the probe`, 'give --probe as well');
}

function bad(what: string, next: string): HoldfastError {
  return new HoldfastError('bad-input', { what, next });
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
        ? { bucket, for: tool, enforces: false, checks, exceptions: [], verdict, left: [] }
        : { bucket, for: tool, checks },
    );
    return;
  }
  print(checkTable(checks));
  print();
  if (isProbe) print(`The probe was ${verdict}.`);
  else print(isFailing ? 'Something fails: each row above says what puts it right.' : WHAT_THE_PROBE_ADDS);
}
