/** Checks the header lines that somebody wrote for a backup tool, before an upload fails or goes unlocked. */
import leven from 'leven';
import { ceilToSecond, formatInstant, type Instant } from '../lock/instant.ts';
import { type Mode } from '../lock/state.ts';
import { type Period } from '../policy/period.ts';
import { readDate } from './date.ts';
import { type Fault, quoted, type ValueFault } from './faults.ts';
import { headerNamed, HOLD, type LockHeader, MODE, UNTIL } from './names.ts';
import { CANNOT_BE_TAKEN_BACK, NEEDS_CHECKSUM } from './notes.ts';

export interface Checked {
  readonly faults: readonly Fault[];
  /** The headers without a fault, with what a template means now. */
  readonly headers: Readonly<Partial<Record<LockHeader, string>>>;
  readonly notes: readonly string[];
}

interface Checks {
  readonly now: Instant;
  /** The longest lock that the user wants to allow; S3's 100 years hold anyway. */
  readonly maximum?: Period;
}

interface ValueCheck {
  readonly faults: readonly ValueFault[];
  readonly value?: string;
  readonly notes?: readonly string[];
}

const MODES: readonly Mode[] = ['GOVERNANCE', 'COMPLIANCE'];
/** A header name of HTTP, and anything after the colon. */
const LINE = /^([^:]+):(.*)$/;

/** Checks a text of `Name: value` lines; blank lines and `#` comments are left out. */
export function checkHeaders(text: string, checks: Checks): Checked {
  const faults: Fault[] = [];
  const notes: string[] = [];
  const headers: Partial<Record<LockHeader, string>> = {};
  const seen = new Map<LockHeader, number>();

  for (const [at, written] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    const line = at + 1;
    const trimmed = written.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const [, name = '', value = ''] = LINE.exec(trimmed) ?? [];
    if (name.trim() === '') {
      const message = `${quoted(trimmed)} is no header: write it as name: value`;
      faults.push({ line, code: 'line-unreadable', message });
      continue;
    }
    const named = headerNamed(name.trim());
    if (named.kind === 'bypass') {
      const message = `${quoted(name.trim())} lifts locks, and no upload needs it: take the line out`;
      faults.push({ line, code: 'bypass', message });
    }
    if (named.kind === 'event-hold') notes.push(`line ${line}: event holds are not checked`);
    if (named.kind !== 'lock' && named.kind !== 'misspelt') continue;

    const header = named.kind === 'lock' ? named.header : named.meant;
    const found: ValueFault[] = [];
    if (named.kind === 'misspelt') {
      const message = `S3 has no header ${quoted(name.trim())}: did you mean ${header}?`;
      found.push({ code: 'name-unknown', message });
    } else if (name.trim() !== header) notes.push(`line ${line}: S3 reads ${name.trim()} as ${header}`);
    const before = seen.get(header);
    if (before === undefined) {
      seen.set(header, line);
      const checked = CHECKS[header](value.trim(), checks);
      found.push(...checked.faults);
      notes.push(...(checked.notes ?? []).map((note) => `line ${line}: ${note}`));
      if (found.length === 0 && checked.value !== undefined) headers[header] = checked.value;
    } else {
      const message = `${header} is already on line ${before}: keep one of the two`;
      found.push({ code: 'duplicate', message });
    }
    faults.push(...found.map((fault) => ({ line, ...fault })));
  }

  faults.push(...partnerFaults(seen));
  if (seen.size === 0 && faults.length === 0) {
    const message = `there is no lock header here, so nothing would be locked: write ${MODE} and ${UNTIL}`;
    faults.push({ line: 1, code: 'lock-missing', message });
  }
  faults.sort((one, other) => one.line - other.line);
  if (faults.length === 0) notes.push(...lockNotes(headers));
  return { faults, headers, notes };
}

const CHECKS: Readonly<Record<LockHeader, (value: string, checks: Checks) => ValueCheck>> = {
  [MODE]: checkMode,
  [UNTIL]: checkDate,
  [HOLD]: checkHold,
};

function checkMode(value: string): ValueCheck {
  const mode = MODES.find((known) => known === value);
  if (mode !== undefined) return { faults: [], value };
  const meant = MODES.find((known) => known === value.toUpperCase());
  if (meant !== undefined) {
    const message = `${quoted(value)} is not in capitals, and S3 refuses it: write ${meant}`;
    return { faults: [{ code: 'mode-case', message }] };
  }
  const near = MODES.find((known) => leven(known, value.toUpperCase()) <= 4);
  const message = `${quoted(value)} is no mode: write ${near ?? MODES.join(' or ')}`;
  return { faults: [{ code: 'mode-unknown', message }] };
}

function checkDate(value: string, { now, maximum }: Checks): ValueCheck {
  const { faults, until, computed } = readDate(value, now, maximum);
  if (until === undefined || faults.length > 0) return { faults };
  const notes: string[] = [];
  const shown = formatInstant(computed === undefined ? until : ceilToSecond(until));
  if (computed === undefined)
    notes.push('this date stays the same for every upload: later uploads are locked for less time');
  else {
    notes.push(`computed by the tool at each upload: ${shown} now`);
    if (computed.sooner !== undefined)
      notes.push(
        `a tool that stops at the last day of a month, as those on .NET do, sends ${formatInstant(ceilToSecond(computed.sooner))}`,
      );
  }
  return { faults, value: shown, notes };
}

function checkHold(value: string): ValueCheck {
  if (value === 'ON') return { faults: [], value };
  if (value === 'OFF')
    return {
      faults: [],
      value,
      notes: ['OFF may also keep the default rule of the bucket away: leave it out'],
    };
  const meant = ['ON', 'OFF'].find((known) => known === value.toUpperCase());
  const message = `${quoted(value)} is neither ON nor OFF: write ${meant ?? 'ON, or take the line out'}`;
  return { faults: [{ code: 'hold-value', message }] };
}

function partnerFaults(seen: ReadonlyMap<LockHeader, number>): Fault[] {
  const [mode, until] = [seen.get(MODE), seen.get(UNTIL)];
  const line = mode ?? until;
  if (line === undefined || (mode !== undefined && until !== undefined)) return [];
  const [alone, missing] = mode === undefined ? [UNTIL, MODE] : [MODE, UNTIL];
  const message = `${alone} stands alone, and S3 refuses that: add a line ${missing}`;
  return [{ line, code: 'partner-missing', message }];
}

function lockNotes(headers: Checked['headers']): string[] {
  return [...(headers[MODE] === 'COMPLIANCE' ? [CANNOT_BE_TAKEN_BACK] : []), NEEDS_CHECKSUM];
}
