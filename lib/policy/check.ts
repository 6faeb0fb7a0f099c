/** What a well-formed policy may still get wrong: rules that contradict the settings, or will surprise. */
import { type Instant } from '../lock/instant.ts';
import { checkRule } from './check-rule.ts';
import { STORE_MAXIMUM } from './compile.ts';
import { isLonger, parsePeriod } from './period.ts';
import { type Limits, LONGEST_BUFFER, type Remark, type Say, tooLongABuffer } from './remark.ts';
import { type PolicyFile, type SettingsFile } from './schema.ts';

/**
 * Checks a policy file whose shape is right.
 *
 * @param deploymentMaximum - the deployment's cap, as a period.
 */
export function checkPolicy(file: PolicyFile, deploymentMaximum: string, now?: Instant): Remark[] {
  const remarks: Remark[] = [];
  const say: Say = (severity, path, message) => remarks.push({ severity, path, message });
  const limits = checkSettings(file.settings ?? {}, deploymentMaximum, now, say);
  const places = new Map<string, number>();
  file.rules.forEach((rule, at) => {
    const first = places.get(rule.name);
    if (first !== undefined)
      say('error', ['rules', at, 'name'], `rule ${first + 1} is already called "${rule.name}"`);
    places.set(rule.name, first ?? at);
    checkRule(rule, ['rules', at], limits, say);
  });
  return remarks;
}

function checkSettings(
  settings: SettingsFile,
  deploymentMaximum: string,
  now: Instant | undefined,
  say: Say,
): Limits {
  const cap = parsePeriod(deploymentMaximum);
  const maximum = parsePeriod(settings.maximum ?? deploymentMaximum);
  const minimum = settings.minimum === undefined ? undefined : parsePeriod(settings.minimum);
  const at = settings.maximum === undefined ? ['settings'] : ['settings', 'maximum'];
  if (isLonger(maximum, parsePeriod(STORE_MAXIMUM))) {
    say('error', at, `${maximum.text} is longer than S3 locks anything: ${STORE_MAXIMUM} is the most`);
  } else if (isLonger(maximum, cap)) {
    say(
      'error',
      at,
      `${maximum.text} is over the deployment's cap of ${cap.text}: a policy may only lower it`,
    );
  }
  if (minimum !== undefined && isLonger(minimum, maximum)) {
    say(
      'error',
      ['settings', 'minimum'],
      `the minimum ${minimum.text} is longer than the maximum ${maximum.text}`,
    );
  }
  if (settings.buffer !== undefined && isLonger(parsePeriod(settings.buffer), LONGEST_BUFFER)) {
    say('error', ['settings', 'buffer'], tooLongABuffer(settings.buffer));
  }
  const { every = 'P7D', listingAge = 'P2D', runTime = 'P1D' } = settings.passes ?? {};
  return { maximum, minimum, horizon: [every, listingAge, runTime].map(parsePeriod), now };
}
