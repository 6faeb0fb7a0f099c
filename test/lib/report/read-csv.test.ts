import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { certificateCsv } from '../../../lib/report/certificate.ts';
import { rollCsvHeader, rollCsvLine } from '../../../lib/report/csv.ts';
import { readRollCsv } from '../../../lib/report/read-csv.ts';
import { type CertificateRow } from '../../../lib/report/row.ts';
import { rowWith } from './report-helpers.ts';

const PLAIN = { noNullPrototype: true };
const text = fc.string({ unit: 'binary', minLength: 1 });
const rows: fc.Arbitrary<CertificateRow> = fc.record(
  {
    bucket: text,
    key: fc.oneof(text, fc.stringMatching(/^['=+@"\r\n, ]{1,8}$/)),
    versionId: text,
    saw: fc.constantFrom('off', 'on', 'unclear'),
    outcome: fc.constantFrom('on', 'gone', 'no-permission'),
    at: text,
    size: fc.nat(),
    etag: text,
    detail: text,
    setAgain: fc.record({ at: text, by: fc.constantFrom('us', 'somebody') }, PLAIN),
    released: fc.record({ outcome: fc.constantFrom('off', 'needed'), at: text, detail: text }, PLAIN),
  },
  { ...PLAIN, requiredKeys: ['bucket', 'key', 'versionId', 'saw', 'outcome', 'at'] },
);

describe('a roll as CSV', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.array(rows, { maxLength: 5 }), (written) => {
        expect(readRollCsv([...certificateCsv({ rows: written })].join(''))).toStrictEqual(written);
      }),
    );
  });

  it('may end its lines as it likes, have columns in another order, and more of them', () => {
    const table = 'at,new,outcome,saw,versionId,key,bucket\nT,"a\nb",on,off,v,\'=k,b';

    expect(readRollCsv(table)).toStrictEqual([
      { bucket: 'b', key: '=k', versionId: 'v', saw: 'off', outcome: 'on', at: 'T' },
    ]);
  });

  it.each(['', rollCsvHeader, `${rollCsvHeader}\r\n`])('may have no rows: %j', (table) => {
    expect(readRollCsv(table)).toStrictEqual([]);
  });

  it.each([
    ['too few cells', 'a,b'],
    ['an outcome that is none', rollCsvLine(rowWith()).replace(',on,', ',off,')],
    ['a size that is none', rollCsvLine(rowWith()).replace(',1000,', ',many,')],
    ['an open quote', '"a'],
    ['text after a quote', '"a"b'],
    ['no line at all', ''],
  ])('is refused with %s', (_, line) => {
    expect(() => readRollCsv(`${rollCsvHeader}\r\n${line}\r\n`)).toThrow('line 2 of the roll cannot be read');
  });
});
