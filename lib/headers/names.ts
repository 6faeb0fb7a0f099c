/** The headers by which an upload brings its lock, and what people write instead of their names. */
import leven from 'leven';

export const MODE = 'x-amz-object-lock-mode';
export const UNTIL = 'x-amz-object-lock-retain-until-date';
export const HOLD = 'x-amz-object-lock-legal-hold';

export const LOCK_HEADERS = [MODE, UNTIL, HOLD] as const;
export type LockHeader = (typeof LOCK_HEADERS)[number];

/** Known to S3 since September 2026; Holdfast neither places nor judges event holds. */
const EVENT_HEADERS = [
  'x-amz-object-lock-event-hold',
  'x-amz-object-lock-event-hold-duration-days',
  'x-amz-object-lock-event-hold-duration-years',
];

export type NamedHeader =
  | { readonly kind: 'lock'; readonly header: LockHeader }
  | { readonly kind: 'misspelt'; readonly meant: LockHeader }
  | { readonly kind: 'event-hold' }
  | { readonly kind: 'bypass' }
  | { readonly kind: 'other' };

/** What the user's own metadata is called is their affair. */
const METADATA = 'x-amz-meta-';
const ABOUT_LOCKS = /^x-amz-.*(lock|retain|retention|legal|hold)|object-?lock/;
/** No header of S3 is this close to a lock header and means something else. */
const TYPING_ERRORS = 4;

/** Says which header a name means; HTTP tells no capitals from small letters. */
export function headerNamed(text: string): NamedHeader {
  const name = text.toLowerCase();
  const header = LOCK_HEADERS.find((known) => known === name);
  if (header !== undefined) return { kind: 'lock', header };
  if (name.startsWith(METADATA)) return { kind: 'other' };
  if (EVENT_HEADERS.includes(name)) return { kind: 'event-hold' };
  if (name.includes('bypass')) return { kind: 'bypass' };
  const plain = name.replaceAll(/[\s_]+/g, '-');
  const { meant, distance } = nearest(plain);
  return ABOUT_LOCKS.test(plain) || distance <= TYPING_ERRORS
    ? { kind: 'misspelt', meant }
    : { kind: 'other' };
}

function nearest(name: string): { meant: LockHeader; distance: number } {
  let [meant, distance]: [LockHeader, number] = [MODE, Number.POSITIVE_INFINITY];
  for (const header of LOCK_HEADERS) {
    const apart = leven(header, name);
    if (apart < distance) [meant, distance] = [header, apart];
  }
  return { meant, distance };
}
