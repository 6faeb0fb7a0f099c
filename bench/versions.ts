/** Object versions by the million, made from a seed a batch at a time. */
import { type Instant, instantOf } from '../lib/lock/instant.ts';
import { UNLOCKED } from '../lib/lock/state.ts';
import { type Tags, type VersionFacts } from '../lib/policy/facts.ts';
import { pickFrom, randomFrom } from './random.ts';
import { classOf, FOLDERS } from './rules.ts';

/** The moment of every decision: it is given, so that every run decides the same. */
export const NOW = instantOf(Date.UTC(2026, 10, 20, 8));

const FOUR_YEARS = 4 * 365 * 86_400_000;
const NO_TAGS: Tags = new Map();
const OWNERS = ['ana', 'bo', 'chen', 'dara', 'eli'] as const;
const ENDINGS = ['.pdf', '.json', '.tiff', '.parquet'] as const;

/**
 * A source of versions that differ in bucket, key, age and tags.
 * Nine in ten lie in a folder that rules speak of, two in five of those in its final part, and half have tags.
 */
export function versionsFrom(seed: number): (count: number) => VersionFacts[] {
  const random = randomFrom(seed);
  const pick = pickFrom(random);
  const places = FOLDERS.flatMap(([bucket, folders], b) =>
    folders.map((folder, f) => ({ bucket, folder, number: b * 5 + f })),
  );
  const nowhere = { bucket: 'acme-scratch', folder: 'tmp/', number: 0 };
  const next = (): VersionFacts => {
    const inFolder = random() < 0.9;
    const { bucket, folder, number } = inFolder
      ? (places[Math.floor(random() * places.length)] ?? nowhere)
      : nowhere;
    const part = inFolder && random() < 0.4 ? 'final/' : '';
    const id = Math.floor(random() * 4_294_967_296).toString(16);
    const created = NOW - Math.floor(random() * FOUR_YEARS);
    return {
      bucket,
      key: flat(`${folder}${part}${new Date(created).getUTCFullYear()}/${id}${pick(ENDINGS)}`),
      created: created as Instant,
      size: Math.floor(random() * 1_000_000),
      tags: random() < 0.5 ? NO_TAGS : tagsOf(number, random),
      current: true,
      lock: UNLOCKED,
    };
  };
  return (count) => Array.from({ length: count }, next);
}

/** Half of the tagged versions carry a class that the rules of their folder ask for. */
function tagsOf(number: number, random: () => number): Tags {
  const own = random() < 0.5 ? classOf(number) : classOf(Math.floor(random() * 100));
  const owner = OWNERS[Math.floor(random() * OWNERS.length)] ?? 'ana';
  const tags = new Map([
    ['owner', owner],
    ['class', own],
  ]);
  if (random() < 0.3) tags.set('cost-centre', String(Math.floor(random() * 50)));
  return tags;
}

/** A joined string is laid out in memory only when it is first read: that must not fall to whoever reads first. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
