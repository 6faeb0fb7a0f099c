/** The roll of a matter, page after page; loaded only when somebody asks for it. */
import { HoldfastError } from '../../lib/errors.ts';
import { readRollCsv } from '../../lib/report/read-csv.ts';
import { type Api, openApi } from '../api-client.ts';
import { type ApiOptions, matterId } from '../api-options.ts';
import { print, visible } from '../output.ts';

export async function runRoll(text: string, options: ApiOptions): Promise<void> {
  const id = matterId(text);
  const pages = rollPages(id, openApi(options));
  if (options.json === true) await writeJson(pages);
  else await writeCsv(pages);
}

/** Each page as CSV that begins with the header. */
export async function* rollPages(id: string, api: Api): AsyncIterable<string> {
  let after: string | undefined;
  do {
    const page = await api.csv(`/matters/${id}/roll`, { after });
    yield page.text;
    after = page.next;
  } while (after !== undefined);
}

/** As one table: the header stands once. */
async function writeCsv(pages: AsyncIterable<string>): Promise<void> {
  let header: string | undefined;
  for await (const page of pages) {
    const own = page.slice(0, page.indexOf('\n') + 1);
    if (header !== undefined && own !== header) {
      throw new HoldfastError('moved', {
        what: 'the pages of the roll have different columns, so the table is not complete',
        next: 'Holdfast was updated meanwhile: fetch the roll again',
      });
    }
    await write(header === undefined ? page : page.slice(own.length));
    header ??= own;
  }
}

/** Rolls can be longer than what fits into memory: the document is written piece by piece. */
async function writeJson(pages: AsyncIterable<string>): Promise<void> {
  let before = '[';
  for await (const page of pages) {
    const rows = readRollCsv(page).map((row) => JSON.stringify(row));
    if (rows.length === 0) continue;
    await write(`${before}\n${rows.join(',\n')}`);
    before = ',';
  }
  print(before === '[' ? '[]' : '\n]');
}

/** A file gets keys as they are; on a terminal they could do harm. */
async function write(text: string): Promise<void> {
  const shown = process.stdout.isTTY ? text.split(/\r?\n/).map(visible).join('\n') : text;
  if (process.stdout.write(shown)) return;
  // A reader that is slower than the API must not fill the memory.
  await new Promise((resolve) => process.stdout.once('drain', resolve));
}
