/** Numbers, moments and people in plain words. */
import { formatInstant, type Instant, parseInstant } from '../lock/instant.ts';
import { type MatterView } from '../matters/messages.ts';
import { code, html, type Html, quote } from './html.ts';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const UNITS = ['kilobytes', 'megabytes', 'gigabytes', 'terabytes', 'petabytes', 'exabytes'];

export function count(number: number | bigint): string {
  return number.toLocaleString('en-US');
}

/** `1 version`, `1,200 versions`. */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** Both as people say it and exactly: `4.2 gigabytes (4,213,456,789 bytes)`. A kilobyte has 1,000 bytes. */
export function bytesText(bytes: bigint): string {
  const exactly = bytes === 1n ? '1 byte' : `${count(bytes)} bytes`;
  let value = Number(bytes);
  let unit = -1;
  // What would be rounded to 1000.0 is one of the next unit.
  while (value >= (unit < 0 ? 1000 : 999.95) && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return unit < 0 ? exactly : `${value.toFixed(1)} ${UNITS[unit] ?? ''} (${exactly})`;
}

/** For tables whose heading says UTC: `2026-11-20 09:00:00`. A text that is no moment is shown as it is. */
export function shortMoment(text: string): string {
  const moment = momentOf(text);
  return moment === undefined ? text : formatInstant(moment).replace('T', ' ').replace('Z', '');
}

/** `20 November 2026, 09:00:00 UTC`. */
export function longMoment(when: string | Instant): string {
  const moment = typeof when === 'string' ? momentOf(when) : when;
  if (moment === undefined) return String(when);
  const [day = '', time = ''] = formatInstant(moment).replace('Z', '').split('T');
  const [year = '', month = '', date = ''] = day.split('-');
  return `${Number(date)} ${MONTHS[Number(month) - 1] ?? month} ${year}, ${time} UTC`;
}

/** Texts come from stored pages: one that cannot be read as a moment must not keep a certificate from being issued. */
export function momentOf(text: string): Instant | undefined {
  try {
    return parseInstant(text);
  } catch {
    return undefined;
  }
}

/** A person by name, where it is known, and as the issuer of tokens knows them. */
export function personText({ issuer, subject, name }: MatterView['openedBy']): Html {
  const identity = html`${code(subject)} at ${code(issuer)}`;
  return name === undefined ? identity : html`${quote(name)} (${identity})`;
}
