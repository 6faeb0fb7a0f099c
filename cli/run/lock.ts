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
import { addPeriod, parsePeriod } from '../../lib/policy/period.ts';
import { type Provider } from '../../lib/providers/record.ts';
import { mustBeConfirmable } from '../confirm.ts';
import { given } from '../control-options.ts';
import { providerOf } from '../provider.ts';
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
  const wish = retentionOption(options, systemClock.now(), providerOf(options));
  if (wish.mode === 'COMPLIANCE' && options.dryRun !== true) mustBeConfirmable(options.yes === true);
  await runDeed(target, wish, options);
}

/** The lock that is wanted; what no store could take is refused before any request. */
function retentionOption(options: LockOptions, now: Instant, provider: Provider): RetentionWish {
  const mode = modeOption(options.mode);
  const until = ceilToSecond(untilOption(options, now));
  const cap = capOption(options.maximum, now, provider);
  if (until <= now)
    throw bad(`${formatInstant(until)} has already passed`, 'name a later day: nothing was locked');
  if (until > cap.notAfter) {
    throw bad(
      `${formatInstant(until)} is beyond the cap of ${cap.text} from now`,
      cap.isStores
        ? `name an earlier day: the store (${provider.name}) locks nothing for longer`
        : 'name an earlier day, or raise --maximum or HOLDFAST_MAXIMUM',
    );
  }
  if (provider.lastDate !== undefined && until > provider.lastDate) {
    throw bad(
      `${formatInstant(until)} is later than any date that the store (${provider.name}) keeps as written`,
      `name a day before ${formatInstant(provider.lastDate)}`,
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

interface Cap {
  readonly text: string;
  readonly notAfter: Instant;
  /** Whether it is the store that takes nothing longer. */
  readonly isStores: boolean;
}

/** Law 5: the deployment's cap, and never more than the store takes. */
function capOption(option: string | undefined, now: Instant, { maximum }: Provider): Cap {
  const text = given(option, 'HOLDFAST_MAXIMUM') ?? maximum;
  const asked = addPeriod(now, parsePeriod(text));
  const most = addPeriod(now, parsePeriod(maximum));
  const notAfter = (moment: Instant): Instant => instantOf(moment + 1_000);
  return asked >= most
    ? { text: maximum, notAfter: notAfter(most), isStores: true }
    : { text, notAfter: notAfter(asked), isStores: false };
}

function bad(what: string, next: string): HoldfastError {
  return new HoldfastError('bad-input', { what, next });
}
