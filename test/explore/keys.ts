/** Which states are the same. */
import { type State } from './states.ts';
import { type World } from './world.ts';

const names = new Map<string, number>();
const digests = new WeakMap<object, string>();

function short(text: string): number {
  const known = names.get(text);
  if (known !== undefined) return known;
  names.set(text, names.size);
  return names.size - 1;
}

/** States share what did not change between them, so that most of a key is known already. */
function digestOf<T extends object>(part: T, made: (part: T) => string): string {
  const known = digests.get(part);
  if (known !== undefined) return known;
  const digest = made(part);
  digests.set(part, digest);
  return digest;
}

function digestItems(items: World['items']): string {
  const parts = Object.keys(items)
    .toSorted()
    .map((key) => `${short(key)}=${short(items[key]?.body ?? '')}`);
  return String(short(parts.join()));
}

function digestPages(pages: World['pages']): string {
  const parts = Object.keys(pages)
    .toSorted()
    .map((name) => `${short(name)}=${short(pages[name] ?? '')}`);
  return String(short(parts.join()));
}

function digestJson(part: object): string {
  return String(short(JSON.stringify(part)));
}

/**
 * Equal for states that lead to the same. Revisions do not matter, only whether those that tasks will expect are
 * stale; that a task expects no revision but the last it had of an item is checked where it writes.
 */
export function keyOf({ world, running, left, memory, sent }: State): string {
  const { items, pages, bits, flights, now } = world;
  const tasks = running.map(({ text, receives, place, handles, marks, offBy }) => {
    let fresh = '';
    handles.forEach(({ key, rev }, at) => {
      if (!handles.some((other, later) => later > at && other.key === key))
        fresh += items[key]?.rev === rev ? '1' : '0';
    });
    return `${short(text)}.${receives}.${place.id}.${fresh}.${offBy ?? ''}.${digestOf(marks, digestJson)}`;
  });
  const flying = flights.map(({ version, to, until }) => `${version}${to}${until}`).toSorted();
  return [
    ...[
      now,
      digestOf(items, digestItems),
      digestOf(pages, digestPages),
      digestOf(bits, digestJson),
      flying.join(),
    ],
    ...[
      tasks.toSorted().join(),
      digestOf(left, digestJson),
      digestOf(memory, digestJson),
      digestOf(sent, digestJson),
    ],
  ].join('|');
}
