import { describe, expect, it } from '@jest/globals';
import { fc, it as property } from '@fast-check/jest';
import { type RollEntry } from '../../../lib/matters/roll.ts';
import { certificateCsv } from '../../../lib/report/certificate.ts';
import { rollCsvHeader, rollCsvLine } from '../../../lib/report/csv.ts';
import { type CertificateRow, rowOf } from '../../../lib/report/row.ts';
import { rowWith } from './report-helpers.ts';

/** Reads CSV by RFC 4180 and nothing else: throws where a quote stands where none may. */
function read(text: string): string[][] {
  const rows: string[][] = [];
  let cells: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/uy;
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex;
    const match = cell.exec(text);
    if (match === null) throw new Error(`not CSV at ${at}: ${JSON.stringify(text.slice(at, at + 40))}`);
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === ',') continue;
    rows.push(cells);
    cells = [];
  }
  return rows;
}

const meant = (cell: string): string => (cell.startsWith("'") ? cell.slice(1) : cell);

const entry: RollEntry = rowWith({ key: 'a,"b".pdf', detail: '=1+1' });

describe('a roll as CSV', () => {
  it('has a header, and a line for each version', () => {
    const row = rowOf(entry, {
      bucket: 'acme-docs',
      key: 'a,"b".pdf',
      versionId: 'v1',
      outcome: 'off',
      at: '2027-05-04T09:00:00Z',
      requestId: 'REQ2',
    });

    expect([...certificateCsv({ rows: [row] })]).toEqual([
      'bucket,key,versionId,size,created,etag,checksum,saw,outcome,at,requestId,detail,settles,setAgainAt,setAgainBy,releasedOutcome,releasedAt,releasedRequestId,releasedDetail\r\n',
      `acme-docs,"a,""b"".pdf",v1,1000,,,,off,on,2026-11-20T09:00:00Z,REQ1,'=1+1,,,,off,2027-05-04T09:00:00Z,REQ2,\r\n`,
    ]);
  });

  it.each(['=1', '+1', '-1', '@x', '\tx', '\rx', '\nx', "'=1", '＝1'])('takes %j for no formula', (key) => {
    const [cells = []] = read(`${rollCsvLine(rowWith({ key }))}\r\n`);

    expect(cells[1]).toBe(`'${key}`);
  });

  it('keeps an entry as it is where its matter is not released', () => {
    expect(rowOf(entry)).toBe(entry);
  });
});

const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '"',
        '""',
        ',',
        '\r\n',
        '\n',
        '\r',
        "'",
        '=',
        '+',
        '-',
        '@',
        '\t',
        ' ',
        '<script>',
        '\u202e',
        '\0',
      ),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));

const row: fc.Arbitrary<CertificateRow> = fc
  .record({
    bucket: text,
    key: text,
    versionId: text,
    etag: text,
    checksum: text,
    requestId: text,
    detail: text,
    at: text,
  })
  .map((parts) => rowWith({ ...parts, released: { outcome: 'gone', at: parts.at, detail: parts.key } }));

describe('whatever a row holds', () => {
  property.prop([fc.array(row, { maxLength: 5 })], { numRuns: 1_000 })(
    'can be read back, and no cell of it is a formula',
    (rows) => {
      const [header, ...lines] = read([...certificateCsv({ rows })].join(''));

      expect(header?.join(',')).toBe(rollCsvHeader);
      expect(lines.flat().filter((cell) => /^[=+\-@\t\r\n]/.test(cell))).toEqual([]);
      expect(lines.map((cells) => cells.map(meant))).toEqual(
        rows.map(({ bucket, key, versionId, etag = '', checksum = '', requestId = '', detail = '', at }) => [
          ...[bucket, key, versionId, '1000', '', etag, checksum, 'off', 'on', at, requestId, detail],
          ...['', '', '', 'gone', at, '', key],
        ]),
      );
    },
  );
});
