/** Matters in words. What people have typed, and what uploaders have named, is printed as {@link visible}. */
import { type MatterView } from '../lib/matters/messages.ts';
import { paint, print, table, visible } from './output.ts';
import { bytesText, count } from './plan-text.ts';

type ScopeView = MatterView['scopes'][number];
type Person = MatterView['openedBy'];

export function listTable(matters: readonly MatterView[]): string {
  return table(
    ['id', 'state', 'title', 'group', 'ON / on roll', 'as of', 'opened'],
    matters.map((matter) => [
      visible(matter.id),
      visible(matter.state),
      wordsText(matter.title),
      visible(matter.group),
      onText(matter),
      asOfText(matter),
      visible(matter.openedAt),
    ]),
  );
}

/** One matter: what must not be overlooked comes first. */
export function sayMatter(matter: MatterView): void {
  const { id, title, reason, group, openedBy, openedAt, release, scopes, history, unprocessed = 0 } = matter;
  print(headText(matter));
  sayExceptions(matter);
  if (unprocessed > 0) {
    print();
    print(
      paint(
        'yellow',
        `${count(unprocessed)} ${unprocessed === 1 ? 'message' : 'messages'} about uploads ${unprocessed === 1 ? 'waits' : 'wait'}: versions of the last moments may not be held yet`,
      ),
    );
  }
  print();
  print(`  title     ${wordsText(title)}`);
  print(`  reason    ${wordsText(reason)}`);
  print(`  group     ${visible(group)}`);
  print(`  opened    ${visible(openedAt)} by ${personText(openedBy)}`);
  if (release !== undefined) sayRelease(release, id);
  for (const scope of scopes) {
    print();
    sayScope(scope);
  }
  if (history.length === 0) return;
  print();
  print(
    table(
      ['when', 'what', 'by', 'scope'],
      history.map(({ at, what, by, scope = '' }) => [
        visible(at),
        visible(what),
        by === undefined ? '' : personText(by),
        visible(scope),
      ]),
    ),
  );
}

function sayExceptions({ id, exceptions = [], scopes }: MatterView): void {
  const counted = scopes.reduce((sum, scope) => sum + scope.counts.exceptions, 0);
  if (exceptions.length === 0 && counted === 0) return;
  const all = Math.max(counted, exceptions.length);
  print();
  print(paint('red', `${versionsText(all)} not as they should be`));
  if (exceptions.length > 0) {
    print(
      table(
        ['outcome', 'bucket', 'key', 'version', 'detail'],
        exceptions.map(({ outcome, bucket, key, versionId, detail = '' }) =>
          [outcome, bucket, key, versionId, detail].map(visible),
        ),
      ),
    );
  }
  if (all > exceptions.length) print(`all of them are on the roll: holdfast matters roll ${visible(id)}`);
}

function sayRelease(release: NonNullable<MatterView['release']>, id: string): void {
  print(`  release   asked ${visible(release.askedAt)} by ${personText(release.askedBy)}`);
  print(`            ${wordsText(release.reason)}`);
  if (release.approvedBy !== undefined && release.approvedAt !== undefined)
    print(`            approved ${visible(release.approvedAt)} by ${personText(release.approvedBy)}`);
  else print(`            waits for somebody else: holdfast matters approve ${visible(id)}`);
}

function sayScope({
  id,
  state,
  asOf,
  addedAt,
  addedBy,
  counts,
  released,
  working,
  ...what
}: ScopeView): void {
  print(`${paint('bold', `scope ${visible(id)}`)}  ${stateText(state)}`);
  print(`  covers    ${scopeText(what)}`);
  print(`  added     ${visible(addedAt)} by ${personText(addedBy)}`);
  print(`  as of     ${asOf === undefined ? 'not complete yet' : visible(asOf)}`);
  const exceptions = counts.exceptions === 0 ? '' : `, ${count(counts.exceptions)} exceptions`;
  print(
    `  versions  ${count(counts.on)} ON of ${count(counts.versions)} on the roll, ${bytesText(counts.bytes)}${exceptions}`,
  );
  if (released !== undefined) {
    const { off, needed, notOurs, gone, failed } = released;
    print(
      `  released  ${count(off)} OFF, ${count(needed)} needed by others, ${count(notOurs)} ON before us or unclear, ${count(gone)} gone, ${count(failed)} failed`,
    );
  }
  if (working !== undefined) print(`  working   ${visible(working)}`);
}

export function headText({ id, state, title }: MatterView): string {
  return `${paint('bold', visible(id))}  ${stateText(state)}  ${wordsText(title)}`;
}

/** What was done, or is being done, in one line. */
export function progressText(matter: MatterView): string {
  const working = matter.scopes.map(({ working: text }) => text).find((text) => text !== undefined);
  return `${visible(matter.id)}: ${visible(matter.state)}, ${onText(matter)} versions ON${working === undefined ? '' : `, ${visible(working)}`}`;
}

export function wordsText(words: string | null): string {
  return words === null ? '(erased)' : visible(words);
}

export function personText({ issuer, subject, name }: Person): string {
  const identity = `${visible(subject)} at ${visible(issuer)}`;
  return name === undefined ? identity : `${visible(name)} (${identity})`;
}

export function versionsText(versions: number): string {
  return `${count(versions)} ${versions === 1 ? 'version' : 'versions'}`;
}

function scopeText({ selector, named = 0 }: Pick<ScopeView, 'selector' | 'named'>): string {
  if (selector === undefined) return `${versionsText(named)} named one by one`;
  const { bucket, ...conditions } = selector;
  return Object.entries({ bucket, ...conditions })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => visible(`${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`))
    .join(', ');
}

function stateText(state: string): string {
  const colour = state.endsWith('exceptions') ? 'red' : state === 'in force' ? 'green' : 'yellow';
  return paint(colour, visible(state));
}

function onText({ scopes }: MatterView): string {
  const sum = (part: 'on' | 'versions'): number =>
    scopes.reduce((total, { counts }) => total + counts[part], 0);
  return `${count(sum('on'))} / ${count(sum('versions'))}`;
}

/** The matter covers what existed at the earliest of the moments of its scopes. */
function asOfText({ scopes }: MatterView): string {
  const moments = scopes.map(({ asOf }) => asOf);
  if (moments.includes(undefined)) return '';
  const [earliest] = moments
    .filter((moment) => moment !== undefined)
    .sort((one, other) => Date.parse(one) - Date.parse(other));
  return visible(earliest ?? '');
}
