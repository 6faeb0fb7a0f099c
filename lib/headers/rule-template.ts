/** A rule's date as the template that a backup tool computes at each upload, where it can be said so. */
import { type Rule, type Settings } from '../policy/compile.ts';
import { parsePeriod, type Period } from '../policy/period.ts';
import { templateOf } from './template.ts';

export type RuleTemplate =
  | { readonly kind: 'template'; readonly value: string; readonly notes: readonly string[] }
  /** The date is right for every upload: it does not age. */
  | { readonly kind: 'same-for-all'; readonly notes: readonly string[] }
  | { readonly kind: 'cannot-be-said'; readonly notes: readonly string[] };

const A_DAY = parsePeriod('P1D');

/** Says a rule as a template; the date it computes is never earlier than the rule's, but for the note on months. */
export function templateOfRule({ term, buffer }: Rule, { roundUp }: Settings): RuleTemplate {
  switch (term.form) {
    case 'until':
      return {
        kind: 'same-for-all',
        notes: ['the rule locks until a fixed day: these headers fit every upload before it'],
      };
    case 'fixed':
      return term.base === 'created'
        ? relative([term.period, buffer], roundUp)
        : cannot(`the rule counts from the end of the ${term.base}`);
    case 'remaining':
      return relative([term.extendTo, buffer], roundUp);
    case 'tag':
      return cannot(`the rule reads the length from the tag ${term.tag} of each object`);
    case 'since-tag':
      return cannot(`the rule counts from the tag ${term.tag} of each object`);
    case 'event':
      return cannot(`the rule counts from the event ${term.event}`);
  }
}

function relative(periods: readonly Period[], roundUp: Settings['roundUp']): RuleTemplate {
  const isByDay = roundUp === 'day';
  return {
    kind: 'template',
    value: templateOf(isByDay ? [...periods, A_DAY] : periods),
    notes: [
      ...(isByDay ? ['a template cannot round up to a day: it adds one instead'] : []),
      ...monthNotes(periods),
    ],
  };
}

/** Templates are computed by others, who may shorten a month where Holdfast never shortens a term. */
function monthNotes(periods: readonly Period[]): string[] {
  if (periods.every(({ months }) => months === 0)) return [];
  return periods.every(({ months }) => months % 12 === 0)
    ? ['on 29 February a tool on .NET may end a day sooner than Holdfast: on 28 February, not on 1 March']
    : ['on days 29 to 31 a tool on .NET may end a day sooner than Holdfast: on 30 April, not on 1 May'];
}

function cannot(why: string): RuleTemplate {
  return { kind: 'cannot-be-said', notes: [`${why}, which a template cannot say: ask for headers anew`] };
}
