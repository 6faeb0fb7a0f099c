/** Reads the rows of an inventory file in CSV. */
import { type Instant } from '../lock/instant.ts';
import { type PlanRow } from '../plan/row.ts';
import { type ListedBatch, type Unreadable } from '../ports/listing.ts';
import { lineCutter } from './csv-lines.ts';
import { type Column, COLUMNS, rowOf } from './inventory-row.ts';
import { isoDate } from './iso-date.ts';

type Rows = Pick<ListedBatch, 'rows' | 'markers' | 'unreadable'>;

/**
 * Rows of text pieces, one batch per piece.
 *
 * @param schema - the columns of the file, in its order, by their plain names.
 * @param name - the file, for lines that cannot be read.
 */
export async function* csvRows(
  pieces: AsyncIterable<Buffer>,
  schema: readonly string[],
  name: string,
): AsyncGenerator<Rows> {
  const wanted = COLUMNS.filter((column) => schema.includes(column)).sort(
    (one, other) => schema.indexOf(one) - schema.indexOf(other),
  );
  const place = (column: Column): number => wanted.indexOf(column);
  const columns = {
    bucket: place('bucket'),
    key: place('key'),
    versionId: place('versionid'),
    isLatest: place('islatest'),
    isMarker: place('isdeletemarker'),
    size: place('size'),
    created: place('lastmodifieddate'),
    until: place('objectlockretainuntildate'),
    mode: place('objectlockmode'),
    hold: place('objectlocklegalholdstatus'),
    eventHold: place('objectlockeventholdstatus'),
  };
  let rows: PlanRow[] = [];
  let markers = 0;
  let unreadable: Unreadable[] = [];
  let bucket = '';
  // One line at a time: what reads its cells is made once, and not once a line.
  let line = 0;
  let text = '';
  let bounds: readonly number[] = [];
  const start = (at: number): number => bounds[at * 2] ?? 0;
  const end = (at: number): number => bounds[at * 2 + 1] ?? 0;
  const cell = (at: number): string => (at < 0 ? '' : text.slice(start(at), end(at)));
  const is = (at: number, word: string): boolean =>
    end(at) - start(at) === word.length && text.startsWith(word, start(at));
  const isTrue = (at: number): boolean | undefined => {
    if (is(at, 'true')) return true;
    if (is(at, 'false')) return false;
    const word = cell(at).toLowerCase();
    return word === 'true' ? true : word === 'false' ? false : undefined;
  };
  const fail = (why: string): void => {
    unreadable.push({ where: `${name}, line ${line}`, why });
  };
  const take = (): void => {
    const isMarker = isTrue(columns.isMarker);
    if (isMarker === true) {
      markers += 1;
      return;
    }
    const isLatest = isTrue(columns.isLatest);
    if (isMarker === undefined || isLatest === undefined) {
      fail('IsLatest and IsDeleteMarker must be true or false');
      return;
    }
    if (!is(columns.bucket, bucket)) bucket = cell(columns.bucket);
    const key = decodedKey(cell(columns.key));
    const created = isoDate(text, start(columns.created), end(columns.created));
    const hasUntil = end(columns.until) > start(columns.until);
    const until = hasUntil ? isoDate(text, start(columns.until), end(columns.until)) : undefined;
    const size = columns.size < 0 ? 'unknown' : sizeOf(text, start(columns.size), end(columns.size));
    if (key === undefined || key === '' || bucket === '')
      fail('its bucket or its key is empty or not well encoded');
    else if (Number.isNaN(created)) fail('its LastModifiedDate is no date');
    else if (until !== undefined && Number.isNaN(until)) fail('its ObjectLockRetainUntilDate is no date');
    else if (size === undefined) fail('its Size is no number');
    else {
      const row = rowOf({
        bucket,
        key,
        versionId: cell(columns.versionId),
        isLatest,
        size,
        created: created as Instant,
        mode: cell(columns.mode),
        until: until as Instant | undefined,
        hold: cell(columns.hold),
        eventHold: cell(columns.eventHold),
      });
      if (typeof row === 'string') fail(row);
      else rows.push(row);
    }
  };
  const cutter = lineCutter(
    schema.length,
    wanted.map((column) => schema.indexOf(column)),
    (cutText, cutBounds, at) => {
      text = cutText;
      bounds = cutBounds;
      line = at;
      take();
    },
    (at, why) => {
      line = at;
      fail(why);
    },
  );
  const taken = (): Rows => {
    const batch = { rows, markers, unreadable };
    rows = [];
    markers = 0;
    unreadable = [];
    return batch;
  };
  for await (const piece of pieces) {
    cutter.take(piece.toString('latin1'));
    yield taken();
  }
  cutter.end();
  yield taken();
}

/** Keys come encoded. A plus can only be a space, since a plus itself is written as %2B. */
export function decodedKey(text: string): string | undefined {
  if (!text.includes('%') && !text.includes('+') && isPlain(text)) return text;
  try {
    // What is not ASCII should have been encoded; it was read byte by byte, and is UTF-8.
    const bytes = isPlain(text) ? text : Buffer.from(text, 'latin1').toString('utf8');
    return decodeURIComponent(bytes.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}

function sizeOf(text: string, start: number, end: number): number | 'unknown' | undefined {
  if (start === end) return 'unknown';
  let size = 0;
  for (let at = start; at < end; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return undefined;
    size = size * 10 + digit;
  }
  return size;
}
