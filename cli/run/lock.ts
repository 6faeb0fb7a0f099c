/** Locks versions by hand; loaded only when somebody asks for it. */
import { systemClock } from '../../lib/aws/system-clock.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { type RetentionWish } from '../../lib/lock/change.ts';
import {
  ceilToSecond,
  formatInstant,
  type Instant,
  instantOf,
  parseDayOrInstant,
} from '../../lib/lock/instant.ts';
import { type Mode } from '../../lib/lock/state.ts';
import { STORE_MAXIMUM } from '../../lib/policy/compile.ts';
import { addPeriod, parsePeriod } from '../../lib/policy/period.ts';
import { mustBeConfirmable } from '../confirm.ts';
import { given } from '../control-options.ts';
import { objectTarget, prefixTarget } from '../store-options.ts';
import { type DeedOptions, runDeed } from './by-hand.ts';

export interface LockOptions extends DeedOptions {
  readonly mode?: string;
  readonly until?: string;
  readonly for?: string;
  readonly maximum?: string;
  readonly yes?: true;
}

export async function runLock(address: string, options: LockOptions): Promise<void> {
  const target = options.recursive === true ? prefixTarget(address) : objectTarget(address);
  const wish = retentionOption(options, systemClock.now());
  if (wish.mode === 'COMPLIANCE' && options.dryRun !== true) mustBeConfirmable(options.yes === true);
  await runDeed(target, wish, options);
}

/** The lock that is wanted; what no store could take is refused before any request. */
function retentionOption(options: LockOptions, now: Instant): RetentionWish {
  const mode = modeOption(options.mode);
  const until = ceilToSecond(untilOption(options, now));
  const cap = capOption(options.maximum, now);
  if (until <= now)
    throw bad(`${formatInstant(until)} has already passed`, 'name a later day: nothing was locked');
  if (until > cap.notAfter) {
    throw bad(
      `${formatInstant(until)} is beyond the cap of ${cap.text} from now`,
      cap.text === STORE_MAXIMUM
        ? 'name an earlier day: S3 locks nothing for longer'
        : 'name an earlier day, or raise --maximum or HOLDFAST_MAXIMUM',
    );
  }
  return { kind: 'retention', mode, until, notAfter: cap.notAfter, onConflict: 'strongest' };
}

function modeOption(mode: string | undefined): Mode {
  if (mode === 'GOVERNANCE' || mode === 'COMPLIANCE') return mode;
  throw bad(
    mode === undefined ? 'no mode was named' : `--mode cannot be ${JSON.stringify(mode)}`,
    'write --mode GOVERNANCE or --mode COMPLIANCE, in capitals',
  );
}

function untilOption(options: LockOptions, now: Instant): Instant {
  const { until, for: period } = options;
  if ((until === undefined) === (period === undefined)) {
    throw bad(
      until === undefined ? 'no end was named' : 'two ends were named',
      'give either --until 2031-12-31 or --for P1Y',
    );
  }
  return until === undefined ? addPeriod(now, parsePeriod(period ?? '')) : parseDayOrInstant(until);
}

/** Law 5: the deployment's cap, and never more than S3 takes. */
function capOption(option: string | undefined, now: Instant): { text: string; notAfter: Instant } {
  const text = given(option, 'HOLDFAST_MAXIMUM') ?? STORE_MAXIMUM;
  const asked = addPeriod(now, parsePeriod(text));
  const most = addPeriod(now, parsePeriod(STORE_MAXIMUM));
  const notAfter = (moment: Instant): Instant => instantOf(moment + 1_000);
  return asked > most
    ? { text: STORE_MAXIMUM, notAfter: notAfter(most) }
    : { text, notAfter: notAfter(asked) };
}

function bad(what: string, next: string): HoldfastError {
  return new HoldfastError('bad-input', { what, next });
}
