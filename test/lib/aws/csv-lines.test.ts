import { describe, expect, it } from '@jest/globals';
import { fc, it as property } from '@fast-check/jest';
import { lineCutter } from '../../../lib/aws/csv-lines.ts';

interface Cut {
  readonly rows: (readonly string[])[];
  readonly bad: { readonly line: number; readonly why: string }[];
}

/** Everything that a cutter tells of a text that comes in pieces. */
function cut(pieces: readonly string[], columns: number, wanted?: readonly number[]): Cut {
  const rows: string[][] = [];
  const bad: Cut['bad'] = [];
  const places = wanted ?? Array.from({ length: columns }, (_, at) => at);
  const cutter = lineCutter(
    columns,
    places,
    (text, bounds) => {
      rows.push(places.map((_, at) => text.slice(bounds[at * 2] ?? 0, bounds[at * 2 + 1] ?? 0)));
    },
    (line, why) => bad.push({ line, why }),
  );
  for (const piece of pieces) cutter.take(piece);
  cutter.end();
  return { rows, bad };
}

/** The rules of CSV, a character at a time. */
function reference(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let isQuoted = false;
  const endRow = (): void => {
    rows.push([...row, cell]);
    row = [];
    cell = '';
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (isQuoted) {
      if (character !== '"') cell += character;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else isQuoted = false;
    } else if (character === '"' && cell === '') isQuoted = true;
    else if (character === ',') {
      row.push(cell);
      cell = '';
    } else if (character === '\n') endRow();
    else if (character !== '\r' || text[at + 1] !== '\n') cell += character;
  }
  if (cell !== '' || row.length > 0) endRow();
  return rows;
}

const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;
const anyCell = fc
  .array(fc.constantFrom('a', 'b c', '"', '""', ',', '","', '\n', '\r\n', '\r', '%25', '😀', 'é', ''), {
    maxLength: 5,
  })
  .map((parts) => parts.join(''));
const written = anyCell.chain((cell) => {
  const isPlain = cell !== '' && !/[",\n\r]/.test(cell);
  return fc.record({
    cell: fc.constant(cell),
    text: fc.constantFrom(quoted(cell), isPlain ? cell : quoted(cell)),
  });
});
const table = fc
  .integer({ min: 1, max: 5 })
  .chain((columns) =>
    fc.array(fc.array(written, { minLength: columns, maxLength: columns }), { maxLength: 8 }),
  );

/** Rows of other lengths; none is empty, since an empty line is no row. */
const ragged = fc
  .array(fc.array(written, { minLength: 1, maxLength: 4 }), { maxLength: 6 })
  .map((rows) => rows.filter((row) => row.length > 1 || row[0]?.cell !== ''));

/** Cuts a text at any places, also within a surrogate pair or a line end. */
function inPieces(text: string, random: () => number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    const length = 1 + (random() % 9);
    pieces.push(text.slice(at, at + length));
    at += length;
  }
  return pieces;
}

describe('lines of CSV', () => {
  property.prop([table, fc.constantFrom('\n', '\r\n'), fc.boolean(), fc.infiniteStream(fc.nat())], {
    numRuns: 500,
  })(
    'give the cells that were written, in whatever pieces they come',
    (rows, lineEnd, endsWithLine, random) => {
      const columns = rows[0]?.length ?? 1;
      const text = rows.map((row) => row.map((each) => each.text).join(',')).join(lineEnd);
      const whole = endsWithLine && rows.length > 0 ? text + lineEnd : text;

      const found = cut(
        inPieces(whole, () => random.next().value as number),
        columns,
      );

      expect(found).toStrictEqual({ rows: rows.map((row) => row.map(({ cell }) => cell)), bad: [] });
    },
  );

  property.prop([ragged, fc.integer({ min: 1, max: 4 })], { numRuns: 1_000 })(
    'of which some have other cells than the columns: those are named, and no other',
    (rows, columns) => {
      const text = rows.map((row) => row.map((each) => each.text).join(',')).join('\n');
      const all = reference(text);

      const { rows: found, bad } = cut([text], columns);

      expect(found).toStrictEqual(all.filter((row) => row.length === columns));
      expect(bad.map(({ line }) => line)).toStrictEqual(
        all.flatMap((row, at) => (row.length === columns ? [] : [at + 1])),
      );
    },
  );

  property.prop([
    fc.array(fc.array(fc.stringMatching(/^[a-z%0-9.!*'-]{0,8}$/), { minLength: 3, maxLength: 3 }), {
      minLength: 1,
      maxLength: 9,
    }),
  ])('as S3 writes them are cut quickly to what the careful way gives', (rows) => {
    const asS3 = rows.map((row) => row.map(quoted).join(',')).join('\n');
    // A leading cell without quotes is what the quick way does not take.
    const careful = rows.map((row) => ['x', ...row.map(quoted)].join(',')).join('\n');

    expect(cut([asS3], 3).rows).toStrictEqual(cut([careful], 4, [1, 2, 3]).rows);
  });

  it.each<[string, string, number, string[][]]>([
    ['quotes within quotes', '"a""b","c"\n', 2, [['a"b', 'c']]],
    ['what looks like the end of a cell within quotes', '"a"",""b","c"\n', 2, [['a","b', 'c']]],
    ['a line end within quotes', '"a\nb","c"\n', 2, [['a\nb', 'c']]],
    [
      'a line end of Windows',
      '"a","b"\r\n"c","d"\r\n',
      2,
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['no line end at the end', '"a","b"', 2, [['a', 'b']]],
    [
      'empty cells',
      '"","",""\n,,\n',
      3,
      [
        ['', '', ''],
        ['', '', ''],
      ],
    ],
    ['empty lines', '\n"a"\n\n\n"b"\n\n', 1, [['a'], ['b']]],
    ['some cells quoted and some not', 'a,"b,c",d\n', 3, [['a', 'b,c', 'd']]],
  ])('may have %s', (_, text, columns, rows) => {
    expect(cut([text], columns)).toStrictEqual({ rows, bad: [] });
    expect(cut(Array.from(text), columns)).toStrictEqual({ rows, bad: [] });
  });

  it('are told of the wanted cells only', () => {
    expect(cut(['"a","b","c"\nd,e,f\n'], 3, [0, 2]).rows).toStrictEqual([
      ['a', 'c'],
      ['d', 'f'],
    ]);
  });

  it('after a quote that is never closed are read, and only its line is lost', () => {
    const text = `"x","y"\n"a,b\n${'c,d\n'.repeat(3)}`;

    const whole = {
      rows: [
        ['x', 'y'],
        ['c', 'd'],
        ['c', 'd'],
        ['c', 'd'],
      ],
      bad: [{ line: 2, why: 'a quote is opened and never closed' }],
    };
    expect(cut([text], 2)).toStrictEqual(whole);
    expect(cut(Array.from(text), 2)).toStrictEqual(whole);
  });

  it('are not waited for without end: a quote that is never closed, or no line end at all, takes no memory', () => {
    const lost = '"a,b\n';
    const lines = Array.from({ length: 40 }, () => 'c,d\n'.repeat(20_000));
    const endless = Array.from({ length: 40 }, () => 'x'.repeat(80_000));

    const quoted = cut([lost, ...lines], 2);
    const unended = cut(['a,b\n', ...endless, '\nc,d\n'], 2);

    expect(quoted.rows).toHaveLength(800_000);
    expect(quoted.bad).toStrictEqual([{ line: 1, why: 'a quote is opened and never closed' }]);
    expect(unended.rows).toStrictEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(unended.bad).toStrictEqual([{ line: 2, why: 'it is longer than any row can be' }]);
  });

  it.each<[string, string, string]>([
    ['one cell too few', '"a"\n', 'it has 1 cells, and there are 2 columns'],
    ['one cell too many', '"a","b","c"\n', 'it has 3 cells, and there are 2 columns'],
    [
      'a cell too few that hides behind doubled quotes',
      '"a"",""b"\n',
      'it has 1 cells, and there are 2 columns',
    ],
    ['a quote that is never closed', '"a","b\n', 'a quote is opened and never closed'],
  ])('with %s are named, and the others stay readable', (_, line, why) => {
    const { rows, bad } = cut([`"x","y"\n${line}`], 2);

    expect(rows).toStrictEqual([['x', 'y']]);
    expect(bad).toStrictEqual([{ line: 2, why }]);
  });
});
