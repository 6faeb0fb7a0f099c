import { describe, expect, it } from '@jest/globals';
import { PLACED, RELEASED as ENDS } from '../../../lib/matters/roll.ts';
import { certificateHtml } from '../../../lib/report/certificate.ts';
import { findingsOf } from '../../../lib/report/findings.ts';
import { type CertificateRow } from '../../../lib/report/row.ts';
import { inputWith, parsed, RELEASED, rowWith } from './report-helpers.ts';

function found(row: CertificateRow, isReleased = false): string[] {
  return findingsOf([{ number: 1, row }], isReleased).map(({ part }) => part);
}

describe('what must be said of a version', () => {
  it.each<[CertificateRow['outcome'], string[]]>([
    ['on', []],
    ['no-lock-on-bucket', ['not-held']],
    ['no-permission', ['not-held']],
    ['not-confirmed', ['not-held']],
    ['rejected', ['not-held']],
    ['no-verdict', ['not-held']],
    ['gone', ['nothing']],
    ['marker', ['nothing']],
  ])('when placing ended with %s: %j', (outcome, parts) => {
    expect(found(rowWith({ outcome }))).toEqual(parts);
  });

  it.each<[string, Partial<CertificateRow>, string[]]>([
    ['it was ON before', { saw: 'on' }, ['on-before']],
    ['nobody can tell', { saw: 'unclear' }, ['unclear']],
    ['it is not held and was unclear', { saw: 'unclear', outcome: 'rejected' }, ['not-held']],
    ['an older clearing could land after it was seen', { settles: '2026-11-20T09:00:01Z' }, ['unclear']],
    ['it was seen after the older clearing', { settles: '2026-11-20T09:00:00Z' }, []],
    ['nobody can tell when the clearing lands', { settles: 'soon' }, ['unclear']],
    [
      'somebody took it off meanwhile',
      { setAgain: { at: '2026-11-25T00:00:00Z', by: 'somebody' } },
      ['unclear'],
    ],
    ['an older release took it off', { setAgain: { at: '2026-11-25T00:00:00Z', by: 'us' } }, ['unclear']],
  ])('when %s', (_, parts, expected) => {
    expect(found(rowWith(parts))).toEqual(expected);
  });

  it.each(ENDS)('when a release ended with %s, only what is simply OFF needs no word', (outcome) => {
    const row = rowWith({ released: { outcome, at: '2027-05-04T09:00:00Z' } });

    expect(found(row, true)).toEqual(outcome === 'off' ? [] : ['release']);
  });

  it('says when the end of a release is not known', () => {
    expect(found(rowWith(), true)).toEqual(['release']);
  });
});

describe('the exceptions of a certificate', () => {
  const textOf = (rows: CertificateRow[], matter = {}): string =>
    parsed([...certificateHtml(inputWith(rows, matter))].join('')).text;

  it('come before the list of all versions, the worst first, by their number on it', () => {
    const text = textOf([
      rowWith({ key: 'unclear', saw: 'unclear' }),
      rowWith({ key: 'before', saw: 'on' }),
      rowWith({ key: 'fine' }),
      rowWith({ key: 'refused', outcome: 'rejected', detail: 'S3 said no' }),
    ]);

    const places = ['4 refused', 'S3 said no', '2 before', '1 unclear', '5. Every version', '3 fine'].map(
      (part) => text.indexOf(part, text.indexOf('4. Exceptions')),
    );
    expect(places).toEqual([...places].sort((one, other) => one - other));
    expect(places).not.toContain(-1);
  });

  it.each(PLACED.filter((outcome) => !['on', 'marker', 'gone'].includes(outcome)))(
    'say of %s what it means and what to do',
    (outcome) => {
      const text = textOf([rowWith({ outcome })]);

      expect(text).toContain('1 version is not known to be held');
      expect(text).toContain('What to do:');
    },
  );

  it('ask for nothing to be placed again once the matter is released', () => {
    const text = textOf([rowWith({ outcome: 'no-permission' })], RELEASED);

    expect(text).toContain('Versions that were not known to be held');
    expect(text).not.toContain('What to do:');
  });

  it('are none where all is ON', () => {
    expect(textOf([rowWith()])).toContain('None: every version on the list that can be held was seen ON.');
  });

  it('count bytes exactly, and say whose size is not known', () => {
    const text = textOf([
      rowWith({ size: Number.MAX_SAFE_INTEGER }),
      rowWith({ size: Number.MAX_SAFE_INTEGER }),
      { ...rowWith(), size: undefined },
    ]);

    expect(text).toContain(
      '18.0 petabytes (18,014,398,509,481,982 bytes), without 1 version of unknown size',
    );
  });
});
