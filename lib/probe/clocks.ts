/** Three clocks: this machine's, the store's, and the one by which the store judges signatures. */
import { formatInstant, type Instant, instantOf } from '../lock/instant.ts';
import { type Check, checkOf, found, notTried } from './check.ts';
import { type Answer } from './lab.ts';

/** The first signed request, and what came back. */
export interface Greeting {
  readonly sent: Instant;
  readonly received: Instant;
  /** The Date header: whole seconds. */
  readonly storeDate: Instant | undefined;
  readonly answer: Answer;
}

/** Beyond this no lock date is computed on this machine. */
const TOLERANCE = 60_000;
/** The Date header cuts fractions off, so up to a second of difference is none. */
const GRAIN = 1_500;

/** How far the store's clock is ahead of this machine's (milliseconds); 0 where they agree as far as can be told. */
export function clockOffset({ sent, received, storeDate }: Greeting): number {
  if (storeDate === undefined) return 0;
  const offset = storeDate + 500 - (sent + received) / 2;
  return Math.abs(offset) <= GRAIN + (received - sent) / 2 ? 0 : Math.round(offset);
}

const SKEWED = new Set(['RequestTimeTooSkewed', 'RequestExpired']);
const UNKNOWN_USER = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'InvalidToken',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
]);

/** Doctor's checks that need no bucket, out of one signed request. */
export function judgeGreeting(greeting: Greeting): readonly Check[] {
  const { answer, received, sent } = greeting;
  const reachable = found(true, `answered in ${received - sent} ms`);
  return [
    checkOf({ id: 'reachable', expected: 'the endpoint answers' }, reachable),
    storeClock(greeting),
    checkOf(
      { id: 'clock-signature', expected: 'a request signed by the clock of this machine is not out of time' },
      !answer.took && SKEWED.has(answer.code)
        ? found(false, `${answer.code}: set the clock of this machine`)
        : found(true, 'in time'),
    ),
    credentials(answer),
  ];
}

function storeClock(greeting: Greeting): Check {
  const about = {
    id: 'clock-store',
    expected: 'the clocks of this machine and of the store agree to the minute',
  };
  if (greeting.storeDate === undefined) return checkOf(about, notTried('the store tells no Date'));
  const offset = clockOffset(greeting);
  const size = Math.abs(offset);
  const seen =
    offset === 0
      ? 'they agree'
      : `the store says ${formatInstant(greeting.storeDate)}, this machine ${formatInstant(instantOf(Math.trunc(greeting.received / 1_000) * 1_000))}: ${Math.round(size / 1_000)} s apart`;
  const check = checkOf(about, found(size <= TOLERANCE, seen));
  return check.ok
    ? check
    : { ...check, mend: 'set the clock of this machine: until then no lock date is written from it' };
}

function credentials(answer: Answer): Check {
  const about = { id: 'credentials', expected: 'the store knows the credentials' };
  if (answer.took) return checkOf(about, found(true, 'accepted'));
  if (SKEWED.has(answer.code)) return checkOf(about, notTried('the clocks stand in the way'));
  if (UNKNOWN_USER.has(answer.code)) return checkOf(about, found(false, answer.code));
  const seen = `known; listing buckets was refused (${answer.status} ${answer.code})`;
  return { ...checkOf(about, found(true, seen)), warning: true };
}
