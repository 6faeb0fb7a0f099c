import { queryOf, type Call } from '../call.ts';
import { invalidArgument } from '../errors.ts';
import { compareKeys, firstWhere } from '../key-order.ts';
import { leaf, branch } from '../xml.ts';

/** What every listing asks for. */
export interface ListQuery {
  readonly prefix: string;
  readonly delimiter: string;
  readonly max: number;
  /** Whether keys are to be percent-encoded, since XML cannot hold every key. */
  readonly encodes: boolean;
}

const MOST = 1000;

/** Reads prefix, delimiter, page size and encoding of a listing. */
export function listQueryOf(call: Call, maxName = 'max-keys'): ListQuery {
  const encoding = queryOf(call, 'encoding-type');
  if (encoding !== undefined && encoding !== '' && encoding !== 'url')
    throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', encoding);
  return {
    prefix: queryOf(call, 'prefix') ?? '',
    delimiter: queryOf(call, 'delimiter') ?? '',
    max: maxOf(queryOf(call, maxName), maxName),
    encodes: encoding === 'url',
  };
}

/** The page size: at most 1,000 whatever is asked. */
export function maxOf(text: string | undefined, name: string): number {
  if (text === undefined || text === '') return MOST;
  if (!/^-?\d+$/.test(text))
    throw invalidArgument(`Provided ${name} not an integer or within integer range`, name, text);
  const number = Number(text);
  if (number < 0 || number > 2 ** 31 - 1)
    throw invalidArgument(`Argument ${name} must be an integer between 0 and 2147483647`, name, text);
  return Math.min(number, MOST);
}

// S3 prints a space as `+` here and leaves the slash alone.
const urlEncode = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/');

/** Text of a listing as the caller wants it. */
export const encoded = (query: ListQuery, text: string): string => (query.encodes ? urlEncode(text) : text);

/** The elements that name common prefixes. */
export const commonPrefixes = (query: ListQuery, prefixes: readonly string[]): string =>
  prefixes.map((prefix) => branch('CommonPrefixes', leaf('Prefix', encoded(query, prefix)))).join('');

/** The elements that every listing of keys has. */
export const pageFacts = (query: ListQuery, page: Page<unknown>): string =>
  [
    leaf('MaxKeys', query.max),
    query.delimiter === '' ? '' : leaf('Delimiter', encoded(query, query.delimiter)),
    query.encodes ? leaf('EncodingType', 'url') : '',
    leaf('IsTruncated', page.isTruncated),
  ].join('');

/** One line of a listing before it is printed. */
type Entry<Item> =
  | { readonly kind: 'item'; readonly key: string; readonly item: Item }
  | { readonly kind: 'prefix'; readonly key: string };

/** A page and whether more follows. */
export interface Page<Item> {
  readonly entries: readonly Entry<Item>[];
  readonly isTruncated: boolean;
}

/** Where a listing begins: after a key, or within a key after some of its items. */
export interface Start<Item> {
  readonly after: string;
  /** The items of the key `after` itself that are still to come. */
  readonly rest?: readonly Item[];
}

/** Walks ordered keys into one page; keys that share a part up to the delimiter count as one entry. */
export function pageOf<Item>(
  keys: readonly string[],
  query: ListQuery,
  start: Start<Item>,
  itemsOf: (key: string) => readonly Item[],
): Page<Item> {
  const { prefix, delimiter, max } = query;
  const entries: Entry<Item>[] = [];
  if (max === 0) return { entries, isTruncated: false };
  const isNext = (key: string): boolean =>
    compareKeys(key, prefix) >= 0 &&
    (start.rest ? compareKeys(key, start.after) >= 0 : compareKeys(key, start.after) > 0);
  let index = firstWhere(keys, isNext);
  for (let key = keys[index]; key?.startsWith(prefix); key = keys[index]) {
    const items = start.rest && key === start.after ? start.rest : itemsOf(key);
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const shared = end < 0 ? undefined : key.slice(0, end + delimiter.length);
    // A listing that begins within a shared prefix has told of that prefix already.
    const isTold = shared !== undefined && start.after !== '' && compareKeys(shared, start.after) <= 0;
    const found: Entry<Item>[] =
      shared === undefined
        ? items.map((item) => ({ kind: 'item', key, item }))
        : items.length > 0 && !isTold
          ? [{ kind: 'prefix', key: shared }]
          : [];
    for (const entry of found) {
      if (entries.length === max) return { entries, isTruncated: true };
      entries.push(entry);
    }
    index =
      shared !== undefined && (found.length > 0 || isTold)
        ? firstWhere(keys, (each) => compareKeys(each, shared) > 0 && !each.startsWith(shared))
        : index + 1;
  }
  return { entries, isTruncated: false };
}
