/** Cuts the text of an inventory into cells: quickly where S3 wrote it, with care where anybody else did. */

/** Told of each line: where its wanted cells begin and end in a text. Cells that had to be unquoted come in a text of their own. */
export type OnLine = (text: string, bounds: readonly number[], line: number) => void;

export interface LineCutter {
  /** Takes the next piece of the text. */
  take(piece: string): void;
  /** Takes what is left when nothing more comes. */
  end(): void;
}

/** A line that is no row: the number of its cells differs from that of the columns. */
export type OnBadLine = (line: number, why: string) => void;

const QUOTE = 34;
const COMMA = 44;
const LINE_FEED = 10;
/** A key has 1,024 bytes at most: whatever goes on for longer than this is no row. */
const LONGEST = 1 << 20;

/**
 * A cutter for lines of `columns` cells, of which it tells those whose places are `wanted`, in rising order.
 *
 * S3 quotes every cell and encodes what could end one, so that a line is cut at `","`. A line that is anything else
 * is cut again by the rules of CSV: quotes may be doubled, cells may hold commas and line ends.
 */
export function lineCutter(
  columns: number,
  wanted: readonly number[],
  onLine: OnLine,
  onBadLine: OnBadLine,
): LineCutter {
  const bounds: number[] = wanted.flatMap(() => [0, 0]);
  let rest = '';
  let lines = 0;
  /** The rest of a line that is too long. */
  let isSkipping = false;

  function bad(why: string): void {
    lines += 1;
    onBadLine(lines, why);
  }

  /** The cells of the line from `start` to `end`; false where it is not as S3 writes it. */
  function cutQuickly(text: string, start: number, end: number): boolean {
    if (text.charCodeAt(start) !== QUOTE || text.charCodeAt(end - 1) !== QUOTE || end - start < 2)
      return false;
    let from = start + 1;
    let next = 0;
    for (let column = 0; column < columns; column += 1) {
      // The next quote must end the cell: a doubled one, or a cell too many, is for the careful way.
      const to = text.indexOf('"', from);
      if (to < 0 || to >= end) return false;
      if (column === columns - 1) {
        if (to !== end - 1) return false;
      } else if (text.charCodeAt(to + 1) !== COMMA || text.charCodeAt(to + 2) !== QUOTE) return false;
      if (wanted[next] === column) {
        bounds[next * 2] = from;
        bounds[next * 2 + 1] = to;
        next += 1;
      }
      from = to + 3;
    }
    return true;
  }

  function cutWithCare(cells: readonly string[], line: number): void {
    if (cells.length !== columns) {
      onBadLine(line, `it has ${cells.length} cells, and there are ${columns} columns`);
      return;
    }
    let text = '';
    wanted.forEach((column, at) => {
      bounds[at * 2] = text.length;
      text += cells[column] ?? '';
      bounds[at * 2 + 1] = text.length;
    });
    onLine(text, bounds, line);
  }

  /** Cuts all whole lines; answers where the rest begins. */
  function cut(text: string, isEnd: boolean): number {
    let start = 0;
    for (;;) {
      const found = text.indexOf('\n', start);
      if (isSkipping) {
        if (found < 0) return text.length;
        isSkipping = false;
        start = found + 1;
        continue;
      }
      if (found < 0 && (!isEnd || start >= text.length)) {
        if (text.length - start <= LONGEST) return start;
        bad('it is longer than any row can be');
        isSkipping = true;
        return text.length;
      }
      const stop = found < 0 ? text.length : found;
      const end = text.charCodeAt(stop - 1) === 13 && stop > start ? stop - 1 : stop;
      if (cutQuickly(text, start, end)) {
        lines += 1;
        onLine(text, bounds, lines);
        start = stop + 1;
        continue;
      }
      const careful = cellsFrom(text, start, isEnd);
      if (careful === undefined) {
        if (!isEnd && text.length - start <= LONGEST) return start;
        // What follows are lines of their own again.
        bad('a quote is opened and never closed');
        start = stop + 1;
        continue;
      }
      lines += 1;
      if (careful.cells.length !== 1 || careful.cells[0] !== '') cutWithCare(careful.cells, lines);
      start = careful.next;
    }
  }

  return {
    take(piece) {
      const text = rest === '' ? piece : rest + piece;
      rest = text.slice(cut(text, false));
    },
    end() {
      cut(rest, true);
      rest = '';
    },
  };
}

/** The cells of one line by the rules of CSV; undefined where the line does not end in this text. */
function cellsFrom(
  text: string,
  start: number,
  isEnd: boolean,
): { cells: string[]; next: number } | undefined {
  const cells: string[] = [];
  let at = start;
  for (;;) {
    let cell = '';
    if (text.charCodeAt(at) === QUOTE) {
      at += 1;
      for (;;) {
        const quote = text.indexOf('"', at);
        if (quote < 0) return undefined;
        cell += text.slice(at, quote);
        at = quote + 1;
        if (text.charCodeAt(at) !== QUOTE) break;
        cell += '"';
        at += 1;
      }
    }
    // What stands outside quotes belongs to the cell as it is.
    let end = at;
    while (end < text.length && text.charCodeAt(end) !== LINE_FEED && text[end] !== ',') end += 1;
    if (end >= text.length && !isEnd) return undefined;
    const isLast = end >= text.length || text.charCodeAt(end) === LINE_FEED;
    cell += text.slice(at, isLast && text[end - 1] === '\r' ? Math.max(at, end - 1) : end);
    cells.push(cell);
    if (isLast) return { cells, next: end + 1 };
    at = end + 1;
  }
}
