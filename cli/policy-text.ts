/** A policy's change and its place in force, in words. */
import { type PolicyEntry } from '../lib/app/policy-delivery.ts';
import { type PolicyChange } from '../lib/policy/compare.ts';
import { type PolicyFile } from '../lib/policy/schema.ts';
import { visible } from './output.ts';

export type Enforce = 'apply' | 'observe';

const SIGNS: Readonly<Record<PolicyChange['kind'], string>> = {
  added: '+ rule',
  removed: '- rule',
  changed: '~ rule',
  setting: '~',
};

export function changeLines(changes: readonly PolicyChange[]): string[] {
  if (changes.length === 0) return ['the rules stay the same; only the text of the file differs'];
  return changes.map(({ kind, name, detail }) => `${SIGNS[kind]} ${visible(name)}: ${visible(detail)}`);
}

/**
 * What whoever expects locks should know: which rules write nothing.
 *
 * @param stated - what a rule does that does not say, where that is known here.
 */
export function observingLines({ rules }: PolicyFile, stated: Enforce | undefined): string[] {
  const count = (wanted: Enforce | undefined): number =>
    rules.filter(({ enforce = stated }) => enforce === wanted).length;
  const [observing, open] = [count('observe'), count(undefined)];
  return [
    ...(observing === 0 ? [] : [`${observing} of ${rules.length} rules only observe: they write nothing`]),
    ...(open === 0
      ? []
      : [
          `${open} of ${rules.length} rules do not say enforce: the deployment decides, and a first one observes`,
        ]),
  ];
}

export function entryText({ hash, at, by, versionId }: PolicyEntry): string {
  return `${hash.slice(0, 12)} since ${visible(at)} by ${visible(by)}, version ${visible(versionId)}`;
}
