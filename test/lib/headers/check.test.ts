import { describe, expect, it } from '@jest/globals';
import { type Checked, checkHeaders } from '../../../lib/headers/check.ts';
import { parseInstant } from '../../../lib/lock/instant.ts';
import { parsePeriod } from '../../../lib/policy/period.ts';

const NOW = parseInstant('2026-11-20T12:00:00Z');
const MODE = 'x-amz-object-lock-mode: COMPLIANCE';
const DATE = 'x-amz-object-lock-retain-until-date: 2031-12-31T00:00:00Z';

const check = (...lines: string[]): Checked => checkHeaders(lines.join('\n'), { now: NOW });
const dated = (value: string): Checked => check(MODE, `x-amz-object-lock-retain-until-date:${value}`);
const codes = ({ faults }: Checked): string[] => faults.map(({ line, code }) => `${line} ${code}`);

describe('header lines that are accepted', () => {
  it.each([
    ['both headers', [MODE, DATE]],
    ['without a space after the colon', ['x-amz-object-lock-mode:GOVERNANCE', DATE]],
    ['blank lines and comments', ['# backups', '', MODE, '   # until then', DATE, '']],
    ['a file from Windows, with a byte order mark', [`\uFEFF${MODE}\r`, `${DATE}\r`]],
    ['spaces around', [`  ${MODE}  `, `\t${DATE}`]],
    ['capitals in the name, which HTTP does not tell apart', ['X-Amz-Object-Lock-Mode: COMPLIANCE', DATE]],
    ['a hold alone', ['x-amz-object-lock-legal-hold: ON']],
    [
      'headers that are not about locks',
      [MODE, DATE, 'Content-Type: text/plain', 'x-amz-storage-class: STANDARD'],
    ],
    ['own metadata, whatever its name', [MODE, DATE, 'x-amz-meta-object-lock-mode: mine']],
    ['three decimals', [MODE, 'x-amz-object-lock-retain-until-date: 2031-12-31T00:00:00.123Z']],
  ])('%s', (_, lines) => {
    expect(check(...lines).faults).toStrictEqual([]);
  });

  it('reads milliseconds to the digit', () => {
    const wrong = Array.from(
      { length: 1_000 },
      (_, ms) => `2031-12-31T00:00:00.${String(ms).padStart(3, '0')}Z`,
    )
      .filter((date) => dated(date).headers['x-amz-object-lock-retain-until-date'] !== date)
      .filter((date) => !date.endsWith('.000Z'));

    expect(wrong).toStrictEqual([]);
  });

  it('tells what the headers say, with the computed date of today', () => {
    const { faults, headers } = dated('{{ date.now | date.add_months 1 }}');

    expect(faults).toStrictEqual([]);
    expect(headers).toStrictEqual({
      'x-amz-object-lock-mode': 'COMPLIANCE',
      'x-amz-object-lock-retain-until-date': '2026-12-20T12:00:00Z',
    });
  });

  it.each([
    ['COMPLIANCE', [MODE, DATE], 'nobody can take a COMPLIANCE lock back'],
    ['a fixed date', [MODE, DATE], 'line 2: this date stays the same'],
    ['any lock', [MODE, DATE], 'must carry Content-MD5 or an x-amz-checksum- header'],
    ['a hold that is OFF', ['x-amz-object-lock-legal-hold: OFF'], 'may also keep the default rule'],
    ['capitals', ['X-Amz-Object-Lock-Mode: COMPLIANCE', DATE], 'S3 reads X-Amz-Object-Lock-Mode as'],
    [
      'an event hold',
      [MODE, DATE, 'x-amz-object-lock-event-hold: ON'],
      'line 3: event holds are not checked',
    ],
  ])('says what to know about %s', (_, lines, expected) => {
    expect(check(...lines).notes.join('\n')).toContain(expected);
  });

  it('says nothing of COMPLIANCE where the mode is another', () => {
    const { notes } = check('x-amz-object-lock-mode: GOVERNANCE', DATE);

    expect(notes.join('\n')).not.toContain('COMPLIANCE');
  });

  it('says what a tool sends that stops at the last day of a month', () => {
    const { headers, notes } = checkHeaders(
      `${MODE}\nx-amz-object-lock-retain-until-date: {{ date.now | date.add_months 1 }}`,
      { now: parseInstant('2027-01-31T08:00:00Z') },
    );

    expect(headers['x-amz-object-lock-retain-until-date']).toBe('2027-03-01T08:00:00Z');
    expect(notes.join('\n')).toContain('sends 2027-02-28T08:00:00Z');
  });
});

describe('header lines that are refused', () => {
  it.each([
    ['x-amz-object-lock-mode: compliance', '1 mode-case', 'write COMPLIANCE'],
    ['x-amz-object-lock-mode: Governance', '1 mode-case', 'write GOVERNANCE'],
    ['x-amz-object-lock-mode: COMPLIANT', '1 mode-unknown', 'write COMPLIANCE'],
    ['x-amz-object-lock-mode: "COMPLIANCE"', '1 mode-unknown', 'write COMPLIANCE'],
    ['x-amz-object-lock-mode: WORM', '1 mode-unknown', 'write GOVERNANCE or COMPLIANCE'],
    ['x-amz-object-lock-mode:', '1 mode-unknown', 'write GOVERNANCE or COMPLIANCE'],
    ['x-amz-objectlock-mode: COMPLIANCE', '1 name-unknown', 'did you mean x-amz-object-lock-mode?'],
    ['x-amz-object-lock-mod: COMPLIANCE', '1 name-unknown', 'did you mean x-amz-object-lock-mode?'],
    ['x_amz_object_lock_mode: COMPLIANCE', '1 name-unknown', 'did you mean x-amz-object-lock-mode?'],
    ['x-amz-objct-lok-mode: COMPLIANCE', '1 name-unknown', 'did you mean x-amz-object-lock-mode?'],
    ['object-lock-mode: COMPLIANCE', '1 name-unknown', 'did you mean x-amz-object-lock-mode?'],
    [
      'x-amz-object-lock-retention-mode: COMPLIANCE',
      '1 name-unknown',
      'did you mean x-amz-object-lock-mode?',
    ],
  ])('%s', (line, fault, instead) => {
    const checked = check(line, DATE);

    expect(codes(checked)).toStrictEqual([fault]);
    expect(checked.faults[0]?.message).toContain(instead);
    expect(checked.headers['x-amz-object-lock-mode']).toBeUndefined();
  });

  it.each([
    ['2026-11-20T12:00:00Z', 'date-past', 'write a later date'],
    ['2020-01-01T00:00:00Z', 'date-past', 'write a later date'],
    ['2031-12-31T00:00:00.1234Z', 'date-decimals', 'write 2031-12-31T00:00:01Z'],
    ['2031-12-31T00:00:00.123456789Z', 'date-decimals', 'write 2031-12-31T00:00:01Z'],
    ['2031-12-31T00:00:00.0001Z', 'date-decimals', 'write 2031-12-31T00:00:01Z'],
    ['2031-12-31T00:00:00+02:00', 'date-offset', 'write 2031-12-30T22:00:00Z'],
    ['2031-12-31T00:00:00-0530', 'date-offset', 'write 2031-12-31T05:30:00Z'],
    ['2031-12-31', 'date-unreadable', 'write 2032-01-01T00:00:00Z for the end of that day'],
    ['2031-02-29T00:00:00Z', 'date-unreadable', 'no day 2031-02-29'],
    ['2031-12-31T24:00:00Z', 'date-unreadable', 'write it as'],
    ['2031-12-31T00:60:00Z', 'date-unreadable', 'write it as'],
    ['2031-12-31T00:00Z', 'date-unreadable', 'write it as'],
    ['2031-12-31T00:00:00', 'date-unreadable', 'write it as'],
    ['2031-12-31T00:00:00z', 'date-unreadable', 'write it as'],
    ['2031-12-31 00:00:00Z', 'date-unreadable', 'write it as'],
    ['"2031-12-31T00:00:00Z"', 'date-unreadable', 'write it as'],
    ['Wed, 31 Dec 2031 00:00:00 GMT', 'date-unreadable', 'write it as'],
    ['1956441600', 'date-unreadable', 'write it as'],
    ['', 'date-unreadable', 'write it as'],
    ['2126-11-20T12:00:01Z', 'date-too-far', 'write 2126-11-20T12:00:00Z or sooner'],
    ['{{ date.now }}', 'date-past', 'write a later date'],
    ['{{ date.now | date.add_days -1 }}', 'date-past', 'write a later date'],
    ['{{ date.now | date.add_years -900 }}', 'date-past', 'add time'],
    ['{{ date.now | date.add_years 101 }}', 'date-too-far', 'more than 100 years away'],
    ['{{ date.now | date.add_years 9999 }}', 'date-too-far', '100 years at most'],
    ['{{ date.now | date.add_month 1 }}', 'template-unreadable', 'write date.add_months'],
    ['{{ date.now | date.add_months one }}', 'template-unreadable', 'a whole number'],
    ['{{ date.now | date.add_months 1.5 }}', 'template-unreadable', 'a whole number'],
    ['{{ date.now | date.add_months }}', 'template-unreadable', 'a whole number'],
    ['{{ date.now | add_months 1 }}', 'template-unreadable', 'write date.add_months'],
    ['{{ date.now | date.to_string "%Y" }}', 'template-unreadable', 'not a step that can be checked'],
    ['{{ now | date.add_months 1 }}', 'template-unreadable', 'starts with date.now'],
    ['{{ date.now | date.add_months 1', 'template-unreadable', 'not one template'],
    ['2031{{ date.now }}', 'template-unreadable', 'not one template'],
  ])('a date written as %s', (value, code, instead) => {
    const checked = dated(value);

    expect(codes(checked)).toStrictEqual([`2 ${code}`]);
    expect(checked.faults[0]?.message).toContain(instead);
    expect(checked.headers['x-amz-object-lock-retain-until-date']).toBeUndefined();
  });

  it.each([
    ['on', 'write ON'],
    ['off', 'write OFF'],
    ['true', 'write ON, or take the line out'],
    ['Maybe', 'write ON, or take the line out'],
    ['', 'write ON, or take the line out'],
  ])('a hold of "%s"', (value, instead) => {
    const checked = check(`x-amz-object-lock-legal-hold: ${value}`);

    expect(codes(checked)).toStrictEqual(['1 hold-value']);
    expect(checked.faults[0]?.message).toContain(instead);
  });

  it.each([
    [
      'a mode without a date',
      [MODE],
      ['1 partner-missing'],
      'add a line x-amz-object-lock-retain-until-date',
    ],
    ['a date without a mode', ['', DATE], ['2 partner-missing'], 'add a line x-amz-object-lock-mode'],
    ['the same header twice', [MODE, DATE, MODE], ['3 duplicate'], 'already on line 1'],
    ['a line that is none', ['COMPLIANCE', MODE, DATE], ['1 line-unreadable'], 'name: value'],
    ['a bypass', [MODE, DATE, 'x-amz-bypass-governance-retention: true'], ['3 bypass'], 'take the line out'],
    [
      'a bypass in capitals',
      [MODE, DATE, 'X-Amz-Bypass-Governance-Retention: x'],
      ['3 bypass'],
      'lifts locks',
    ],
    [
      'a file without any lock header',
      ['# nothing', 'Content-Type: a/b'],
      ['1 lock-missing'],
      'nothing would be',
    ],
    ['an empty file', [''], ['1 lock-missing'], 'nothing would be locked'],
  ])('%s', (_, lines, faults, message) => {
    const checked = check(...lines);

    expect(codes(checked)).toStrictEqual(faults);
    expect(checked.faults[0]?.message).toContain(message);
  });

  it('names every fault, by its line', () => {
    const checked = check(
      'x-amz-object-lock-legal-hold: yes',
      'x-amz-object-lock-retain-until-date: 2020-01-01T00:00:00.1234+01:00',
      'x-amz-object-lock-mode: compliance',
    );

    expect(codes(checked)).toStrictEqual([
      '1 hold-value',
      '2 date-decimals',
      '2 date-offset',
      '2 date-past',
      '3 mode-case',
    ]);
  });

  it('counts a misspelt header as the one that was meant', () => {
    expect(
      codes(check('x-amz-object-lock-mode: COMPLIANCE', 'x-amz-object-lock-retain-date: 2020')),
    ).toStrictEqual(['2 name-unknown', '2 date-unreadable']);
  });

  it.each([
    ['2027-11-20T12:00:00Z', []],
    ['2027-11-20T12:00:01Z', ['2 date-too-far']],
    ['{{ date.now | date.add_years 1 }}', []],
    ['{{ date.now | date.add_years 1 | date.add_days 1 }}', ['2 date-too-far']],
  ])('%s, where a year is the maximum', (value, faults) => {
    const text = `${MODE}\nx-amz-object-lock-retain-until-date: ${value}`;

    expect(codes(checkHeaders(text, { now: NOW, maximum: parsePeriod('P1Y') }))).toStrictEqual(faults);
  });

  it('quotes what it was given, and shortens it', () => {
    const message = check(`x-amz-object-lock-mode: \u001b${'A'.repeat(500)}`, DATE).faults[0]?.message;

    expect(message).toContain(String.raw`\u001b`);
    expect(message?.length).toBeLessThan(200);
  });
});
