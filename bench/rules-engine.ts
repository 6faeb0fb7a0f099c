/** The same rules in json-rules-engine, the rule engine that a Node project would otherwise reach for. */
import { Engine, type Event } from 'json-rules-engine';
import { type Instant, parseEndOfDay } from '../lib/lock/instant.ts';
import { type VersionFacts } from '../lib/policy/facts.ts';
import { endOf, parsePeriod } from '../lib/policy/period.ts';
import { type RuleFile } from '../lib/policy/schema.ts';
import { after, type Answer, Strongest } from './answer.ts';

type Decide = (version: VersionFacts, now: Instant) => Promise<Answer | undefined>;

/** Builds an engine that decides by rules with the conditions bucket, prefix and tag `class`. */
export function engineOf(rules: readonly RuleFile[]): Decide {
  const engine = new Engine();
  engine.addOperator('startsWith', (text: string, head: string) => text.startsWith(head));
  const terms = new Map<string, (created: Instant) => Instant>();
  for (const rule of rules) {
    engine.addRule({ conditions: { all: conditionsOf(rule) }, event: { type: rule.name } });
    terms.set(rule.name, termOf(rule));
  }
  const modes = new Map(rules.map(({ name, lock }) => [name, lock.mode]));
  return async ({ bucket, key, tags, created }, now) => {
    const kind = tags === 'unknown' ? undefined : tags.get('class');
    const { events } = await engine.run({ bucket, key, class: kind ?? '' });
    const best = new Strongest(now);
    for (const { type } of events satisfies Event[]) {
      const until = terms.get(type)?.(created);
      if (until !== undefined) best.add(modes.get(type) ?? 'GOVERNANCE', until);
    }
    return best.answer;
  };
}

function conditionsOf({ match = {} }: RuleFile): { fact: string; operator: string; value: unknown }[] {
  const wanted = match.tags?.class;
  // Facts that are asked for first cost the others nothing where they fail.
  return [
    ...(match.bucket === undefined ? [] : [{ fact: 'bucket', operator: 'equal', value: match.bucket }]),
    ...(match.prefix === undefined ? [] : [{ fact: 'key', operator: 'startsWith', value: match.prefix }]),
    ...(wanted === undefined
      ? []
      : [{ fact: 'class', operator: Array.isArray(wanted) ? 'in' : 'equal', value: wanted }]),
  ];
}

function termOf({ name, lock }: RuleFile): (created: Instant) => Instant {
  if (lock.until !== undefined) {
    const until = parseEndOfDay(lock.until);
    return () => until;
  }
  if (typeof lock.for !== 'string') throw new Error(`rule ${name} has a term that is not raced here`);
  const period = parsePeriod(lock.for);
  const { from } = lock;
  if (typeof from !== 'object' || !('endOf' in from)) return (created) => after(created, period);
  const { endOf: unit } = from;
  return (created) => after(endOf(created, unit), period);
}
