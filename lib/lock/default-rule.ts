import { type Mode } from './state.ts';

/** What every new version of a bucket is locked with, when its upload says nothing. */
export interface DefaultRule {
  readonly mode: Mode;
  readonly unit: 'days' | 'years';
  readonly length: number;
}

/** A default rule in words. */
export function ruleText(rule: DefaultRule | undefined): string {
  return rule === undefined ? 'none' : `${rule.mode} for ${lengthText(rule)}`;
}

export function lengthText({ unit, length }: DefaultRule): string {
  return `${length} ${length === 1 ? unit.slice(0, -1) : unit}`;
}

/** Its length in days; a year is counted as 365 of them, since stores do not agree on what it is. */
export function daysOf({ unit, length }: DefaultRule): number {
  return unit === 'days' ? length : length * 365;
}
