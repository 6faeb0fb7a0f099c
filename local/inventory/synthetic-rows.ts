/** Made-up rows of an inventory, the same for the same seed, as a large bucket would have them. */
import { randomFrom } from '../shuffle.ts';
import type { InventoryRow } from './row.ts';

export interface Sample {
  readonly bucket: string;
  readonly prefixes: readonly string[];
  readonly seed: number;
  /** The first number that its keys have. */
  readonly first: number;
  readonly rows: number;
  /** No version is younger, epoch milliseconds. */
  readonly now: number;
}

const DAY = 86_400_000;
const TEN_YEARS = 3_650;
const TERMS = [30, 365, 2_555, 3_650, 1, 7] as const;
const MODES = ['GOVERNANCE', 'COMPLIANCE'] as const;
const CLASSES = ['STANDARD', 'STANDARD', 'STANDARD_IA', 'GLACIER', 'DEEP_ARCHIVE'] as const;
/** What makes trouble for those who escape keys by hand. */
const ODD = [
  'größe',
  '帳票 2026',
  'a+b',
  '100%',
  'say "no"',
  'one, two',
  '😀',
  "it's",
  'a&b=c',
  '%2B',
] as const;

const MARKERS = 0.03;
const NONCURRENT = 0.2;
const NULLS = 0.02;
const ODD_KEYS = 0.02;
const LOCKED = 0.6;
const HELD = 0.01;

/** A row that is filled anew for each step: copies would cost more than all else. */
export type MutableRow = { -readonly [Name in keyof InventoryRow]: InventoryRow[Name] | undefined } & {
  bucket: string;
  key: string;
  versionId: string;
  isLatest: boolean;
  isMarker: boolean;
  lastModified: number;
};

export interface RowMaker {
  /** The same object at every step. */
  readonly row: Readonly<MutableRow>;
  /** Makes the next row; false when there is none. */
  step(): boolean;
}

export function rowMaker(sample: Sample): RowMaker {
  const random = randomFrom(sample.seed);
  const words = wordsOf(random);
  const row: MutableRow = {
    bucket: sample.bucket,
    key: '',
    versionId: '',
    isLatest: true,
    isMarker: false,
    lastModified: 0,
    size: undefined,
    eTag: undefined,
    storageClass: undefined,
    isMultipart: undefined,
    encryption: undefined,
    mode: undefined,
    until: undefined,
    hold: undefined,
  };
  const word = (): string => words[(random() * words.length) | 0] ?? '';
  let at = 0;
  let day = 0;
  return {
    row,
    step() {
      if (at >= sample.rows) return false;
      const id = (sample.first + at).toString(16).padStart(8, '0');
      // An older version of the key before it; the first row has none before it.
      row.isLatest = at === 0 || random() >= NONCURRENT;
      if (row.isLatest) row.key = keyOf(sample.prefixes, id, random);
      row.isMarker = random() < MARKERS;
      row.versionId = row.isLatest && random() < NULLS ? '' : `${word()}${word()}${word()}${id}`;
      // Many are young, some are old; an older version is older than the one before it.
      const back = (random() * random() * (row.isLatest ? TEN_YEARS : 400)) | 0;
      day = (row.isLatest ? Math.floor(sample.now / DAY) : day) - 1 - back;
      row.lastModified = day * DAY + ((random() * 86_400) | 0) * 1_000;
      fill(row, random, word);
      at += 1;
      return true;
    },
  };
}

function fill(row: MutableRow, random: () => number, word: () => string): void {
  const isObject = !row.isMarker;
  const isLocked = isObject && random() < LOCKED;
  const term = TERMS[(random() * TERMS.length) | 0] ?? 1;
  row.size = isObject ? (random() * 50_000_000) | 0 : undefined;
  row.eTag = isObject ? `${word()}${word()}${word()}${word()}` : undefined;
  row.storageClass = isObject ? CLASSES[(random() * CLASSES.length) | 0] : undefined;
  row.mode = isLocked ? MODES[(random() * 2) | 0] : undefined;
  row.until = isLocked ? row.lastModified + term * DAY : undefined;
  row.hold = isObject ? (random() < HELD ? 'ON' : 'OFF') : undefined;
}

function keyOf(prefixes: readonly string[], id: string, random: () => number): string {
  const prefix = prefixes[(random() * prefixes.length) | 0] ?? '';
  const odd = random() < ODD_KEYS ? `${ODD[(random() * ODD.length) | 0] ?? ''}/` : '';
  const year = 2016 + ((random() * 11) | 0);
  return `${prefix}${year}/${odd}document-${id}.pdf`;
}

/** Eight hexadecimal digits each: four make an ETag. */
const wordsOf = (random: () => number): string[] =>
  Array.from({ length: 65_536 }, () => ((random() * 2 ** 32) >>> 0).toString(16).padStart(8, '0'));
