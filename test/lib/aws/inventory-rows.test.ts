import { describe, expect, it } from '@jest/globals';
import { fc, it as property } from '@fast-check/jest';
import { csvRows, decodedKey } from '../../../lib/aws/inventory-csv.ts';
import { type Cells, rowOf } from '../../../lib/aws/inventory-row.ts';
import { parseInstant } from '../../../lib/lock/instant.ts';
import { type PlanRow } from '../../../lib/plan/row.ts';
import { type Unreadable } from '../../../lib/ports/listing.ts';
import { encodedKey } from '../../helpers/inventory.ts';

const SCHEMA = [
  'bucket',
  'key',
  'versionid',
  'islatest',
  'isdeletemarker',
  'size',
  'lastmodifieddate',
  'objectlockretainuntildate',
  'objectlockmode',
  'objectlocklegalholdstatus',
  'objectlockeventholdstatus',
];

/** A line of an inventory with some of its cells changed. */
function line(cells: Readonly<Record<string, string>> = {}): string {
  const all: Readonly<Record<string, string>> = {
    bucket: 'acme-docs',
    key: 'a.txt',
    versionid: 'v1',
    islatest: 'true',
    isdeletemarker: 'false',
    size: '10',
    lastmodifieddate: '2026-11-01T08:00:00.000Z',
    ...cells,
  };
  return SCHEMA.map((column) => `"${all[column] ?? ''}"`).join(',');
}

interface Read {
  readonly rows: PlanRow[];
  readonly unreadable: Unreadable[];
  readonly markers: number;
}

async function read(text: string, pieces = 1): Promise<Read> {
  const bytes = Buffer.from(text);
  const size = Math.max(1, Math.ceil(bytes.length / pieces));
  async function* cut(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const all: Read = { rows: [], unreadable: [], markers: 0 };
  let markers = 0;
  for await (const batch of csvRows(cut(), SCHEMA, 'data/1.csv.gz')) {
    all.rows.push(...batch.rows);
    all.unreadable.push(...batch.unreadable);
    markers += batch.markers;
  }
  return { ...all, markers };
}

const UNTIL = '2027-11-01T08:00:00.000Z';
const until = parseInstant(UNTIL);

describe('a row of an inventory in CSV', () => {
  it('is a version as a plan wants it', async () => {
    const { rows, unreadable, markers } = await read(`${line()}\n`);

    expect(rows).toStrictEqual([
      {
        bucket: 'acme-docs',
        key: 'a.txt',
        versionId: 'v1',
        created: Date.UTC(2026, 10, 1, 8),
        size: 10,
        tags: 'unknown',
        current: true,
        lock: { retention: { state: 'none' }, hold: 'none' },
      },
    ]);
    expect([unreadable, markers]).toStrictEqual([[], 0]);
  });

  it.each([1, 2, 7, 1_000])('is the same in %d pieces', async (pieces) => {
    const hostile = 'a+b %25 "q",⏎😀\n'.replace('⏎', '\n');
    const text = `${line({ key: encodedKey(hostile) })}\n${line({ key: 'b', versionid: '' })}`;

    const { rows } = await read(text, pieces);

    expect(rows.map(({ key, versionId }) => [key, versionId])).toStrictEqual([
      [hostile, 'v1'],
      ['b', 'null'],
    ]);
  });

  it.each([
    ['a+b %25 "q",\n😀', 'a%2Bb+%2525+%22q%22%2C%0A%F0%9F%98%80'],
    ['a b', 'a+b'],
    ['a b', 'a%20b'],
    ['a+b', 'a%2Bb'],
    ['é/ü', 'é/ü'],
    ['😀', '😀'],
    ['%41', '%2541'],
    ['\u0001', '%01'],
  ])('names the key %j by %s', async (key, written) => {
    expect((await read(line({ key: written }))).rows).toMatchObject([{ key }]);
  });

  property.prop([fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })])(
    'gives back any key that was encoded, with slashes and spaces as they may be',
    (key) => {
      fc.pre(key.isWellFormed());

      expect(decodedKey(encodedKey(key))).toBe(key);
      expect(decodedKey(encodeURIComponent(key))).toBe(key);
    },
  );

  it.each([
    ['GOVERNANCE', 'GOVERNANCE'],
    ['Governance', 'GOVERNANCE'],
    ['governance', 'GOVERNANCE'],
    ['COMPLIANCE', 'COMPLIANCE'],
    ['Compliance', 'COMPLIANCE'],
    ['cOMPLIANCE', 'COMPLIANCE'],
  ])('may write the mode as %s', async (written, mode) => {
    const { rows } = await read(line({ objectlockmode: written, objectlockretainuntildate: UNTIL }));

    expect(rows).toMatchObject([{ lock: { retention: { state: 'locked', mode, until } } }]);
  });

  it.each([
    ['On', 'on'],
    ['ON', 'on'],
    ['on', 'on'],
    ['Off', 'none'],
    ['OFF', 'none'],
    ['', 'none'],
  ])('may write the hold as %j', async (written, hold) => {
    const lock = { objectlockmode: 'GOVERNANCE', objectlockretainuntildate: UNTIL };

    expect((await read(line({ objectlocklegalholdstatus: written }))).rows).toMatchObject([
      { lock: { hold } },
    ]);
    expect((await read(line({ ...lock, objectlocklegalholdstatus: written }))).rows).toMatchObject([
      { lock: { hold, retention: { state: 'locked' } } },
    ]);
  });

  it.each([
    ['On', true],
    ['ON', true],
    ['Off', undefined],
    ['', undefined],
  ])('tells an event hold that is %j', async (written, eventHeld) => {
    const { rows } = await read(
      line({
        objectlockmode: 'COMPLIANCE',
        objectlockretainuntildate: UNTIL,
        objectlockeventholdstatus: written,
      }),
    );

    const retention = { state: 'locked', mode: 'COMPLIANCE', until };
    expect(rows[0]?.lock.retention).toStrictEqual(
      eventHeld === true ? { ...retention, eventHeld } : retention,
    );
  });

  it.each([
    ['true', 'true', { markers: 1, rows: 0 }],
    ['TRUE', 'False', { markers: 0, rows: 1 }],
    ['False', 'FALSE', { markers: 0, rows: 1 }],
  ])('with IsLatest %s and IsDeleteMarker %s is counted', async (islatest, isdeletemarker, expected) => {
    const { rows, markers } = await read(line({ islatest, isdeletemarker }));

    expect({ rows: rows.length, markers }).toStrictEqual(expected);
    expect(rows.map(({ current }) => current)).toStrictEqual(rows.map(() => islatest === 'TRUE'));
  });

  it('needs no size, nor a lock, where it is a delete marker', async () => {
    const { rows, markers, unreadable } = await read(line({ isdeletemarker: 'true', size: '', key: '%zz' }));

    expect({ rows, markers, unreadable }).toStrictEqual({ rows: [], markers: 1, unreadable: [] });
  });

  it('has an unknown size where it tells none', async () => {
    expect((await read(line({ size: '' }))).rows).toMatchObject([{ size: 'unknown' }]);
  });

  it.each<[Record<string, string>, string]>([
    [{ key: '' }, 'its bucket or its key is empty or not well encoded'],
    [{ key: '%zz' }, 'its bucket or its key is empty or not well encoded'],
    [{ key: '%ff' }, 'its bucket or its key is empty or not well encoded'],
    [{ bucket: '' }, 'its bucket or its key is empty or not well encoded'],
    [{ islatest: 'yes' }, 'IsLatest and IsDeleteMarker must be true or false'],
    [{ isdeletemarker: '' }, 'IsLatest and IsDeleteMarker must be true or false'],
    [{ size: '1e3' }, 'its Size is no number'],
    [{ size: '-1' }, 'its Size is no number'],
    [{ lastmodifieddate: '' }, 'its LastModifiedDate is no date'],
    [{ lastmodifieddate: 'yesterday' }, 'its LastModifiedDate is no date'],
    [
      { objectlockmode: 'GOVERNANCE', objectlockretainuntildate: 'soon' },
      'its ObjectLockRetainUntilDate is no date',
    ],
    [{ objectlockmode: 'GOVERNANCE' }, 'there is a lock mode without a date'],
    [{ objectlockretainuntildate: UNTIL }, 'the lock mode is ""'],
    [{ objectlockmode: 'Strict', objectlockretainuntildate: UNTIL }, 'the lock mode is "Strict"'],
    [{ objectlocklegalholdstatus: 'maybe' }, 'the legal hold is "maybe", neither On nor Off'],
    [
      { objectlockmode: 'GOVERNANCE', objectlockretainuntildate: UNTIL, objectlockeventholdstatus: 'maybe' },
      'the event hold is "maybe", neither On nor Off',
    ],
  ])('with %j is named with its file and line, and the others are read', async (cells, why) => {
    const { rows, unreadable } = await read([line(), line(cells), line()].join('\n'));

    expect(rows).toHaveLength(2);
    expect(unreadable).toStrictEqual([{ where: 'data/1.csv.gz, line 2', why }]);
  });

  it('without some of its cells is named as well', async () => {
    const { rows, unreadable } = await read(`${line()}\n"a","b"\n${line()}\n`);

    expect(rows).toHaveLength(2);
    expect(unreadable).toStrictEqual([
      { where: 'data/1.csv.gz, line 2', why: 'it has 2 cells, and there are 11 columns' },
    ]);
  });
});

describe('cells as facts', () => {
  it('keep a date that is over: whoever decides knows the time', () => {
    const cells: Cells = {
      bucket: 'b',
      key: 'k',
      versionId: '',
      isLatest: false,
      size: 'unknown',
      created: parseInstant('2020-01-01T00:00:00Z'),
      mode: 'COMPLIANCE',
      until: parseInstant('2021-01-01T00:00:00Z'),
      hold: 'ON',
      eventHold: '',
    };

    expect(rowOf(cells)).toMatchObject({
      versionId: 'null',
      current: false,
      lock: { retention: { state: 'locked', mode: 'COMPLIANCE' }, hold: 'on' },
    });
  });
});
