/** Reads what the user typed into values, with errors that say what to type instead. */
import { HoldfastError } from '../lib/errors.ts';
import { type Instant, parseDayOrInstant, parseStartOrInstant } from '../lib/lock/instant.ts';
import { type LockState, type Mode } from '../lib/lock/state.ts';
import { type Tags } from '../lib/policy/facts.ts';

/** Where the local cloud keeps its records. */
export const RECORDS = '.holdfast/records.ndjson';

/** `a=b,c=d` as tags; S3 allows no comma in them. */
export function tagsOption(text: string | undefined): Tags {
  const tags = new Map<string, string>();
  for (const pair of text?.split(',').filter((part) => part !== '') ?? []) {
    const at = pair.indexOf('=');
    if (at < 1) throw badOption('--tags', pair, 'write --tags name=value,name=value');
    tags.set(pair.slice(0, at), pair.slice(at + 1));
  }
  return tags;
}

export function sizeOption(text: string | undefined): number | 'unknown' {
  if (text === undefined) return 'unknown';
  if (!/^\d{1,15}$/.test(text)) throw badOption('--size', text, 'write a number of bytes');
  return Number(text);
}

export function instantOption(text: string | undefined, otherwise: Instant): Instant {
  return text === undefined ? otherwise : parseStartOrInstant(text);
}

/** The lock that a version already carries, from `--mode-now`, `--until-now` and `--hold-now`. */
export function lockOption(options: { modeNow?: string; untilNow?: string; holdNow?: boolean }): LockState {
  const { modeNow, untilNow } = options;
  const hold = options.holdNow === true ? 'on' : 'none';
  if (modeNow === undefined && untilNow === undefined) return { retention: { state: 'none' }, hold };
  if (modeNow === undefined)
    throw badOption('--until-now', untilNow ?? '', 'give --mode-now too: a date without a mode is no lock');
  if (untilNow === undefined)
    throw badOption('--mode-now', modeNow, 'give --until-now too: a mode without a date is no lock');
  return {
    retention: { state: 'locked', mode: modeOption(modeNow), until: parseDayOrInstant(untilNow) },
    hold,
  };
}

function modeOption(text: string): Mode {
  if (text === 'GOVERNANCE' || text === 'COMPLIANCE') return text;
  throw badOption('--mode-now', text, 'write GOVERNANCE or COMPLIANCE, in capitals');
}

/** A key as S3 takes it: not empty, and 1,024 bytes at most. */
export function keyOption(key: string): string {
  if (key === '') throw badOption('the key', key, 'name an object');
  if (Buffer.byteLength(key) > 1_024) {
    throw badOption('the key', `${key.slice(0, 40)}…`, 'S3 keys are 1,024 bytes long at most');
  }
  return key;
}

/** A port of this machine; 0 takes any free one. */
export function portOption(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw badOption('--port', text, 'give a number from 0 to 65535');
  return port;
}

/** A number that is not below the least one. */
export function numberOption(option: string, text: string | undefined, otherwise: number, least = 0): number {
  const value = Number(text ?? otherwise);
  if (Number.isFinite(value) && value >= least) return value;
  throw badOption(option, text ?? '', `write a number from ${least} on`);
}

function badOption(option: string, given: string, next: string): HoldfastError {
  return new HoldfastError('bad-input', { what: `${option} cannot be ${JSON.stringify(given)}`, next });
}
