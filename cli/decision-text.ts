/** A decision in words and as JSON, the same for `decide`, `explain` and `policy test`. */
import { type Change, type PlainWish, type Residual, type Write } from '../lib/lock/change.ts';
import { formatDuration, type HoldDuration } from '../lib/lock/duration.ts';
import { formatInstant, type Instant } from '../lib/lock/instant.ts';
import { type LockState } from '../lib/lock/state.ts';
import { type Explanation } from '../lib/policy/explain.ts';
import { FACTS } from '../lib/policy/facts.ts';
import { paint, visible } from './output.ts';

const MEANING: Readonly<Record<Change['kind'], string>> = {
  nothing: 'nothing to write: the stored lock already does this',
  set: 'write it: there is no active lock',
  extend: 'extend the stored lock',
  'hold-on': 'place the legal hold',
  'cannot-tell': 'the stored lock could not be seen',
  'must-see': 'the stored lock must be seen first',
  'mode-weaker': 'the stored mode is weaker and stays: only its date may grow',
  'mode-stricter': 'the stored mode is stricter and ends earlier: nothing is written',
  'term-over': 'nothing to write: the term has already ended',
  refused: 'refused by the law of the lock',
};

/** What scripts read: the lock that is wanted, why, and what would be written. */
export function decisionJson({ rules, decision, changes }: Explanation): object {
  const wanted = retentionWish(decision.wishes);
  return {
    mode: wanted?.mode ?? null,
    until: wanted === undefined ? null : formatInstant(wanted.until),
    hold: decision.wishes.some(({ kind }) => kind === 'hold'),
    rule: decision.decidedBy ?? null,
    matched: decision.matched,
    changes: changes.map(changeJson),
    residuals: decision.residuals.map(residualJson),
    reports: decision.reports,
    undecided: decision.undecided,
    ...(decision.eventHold && { eventHold: decision.eventHold }),
    ...(decision.observed && { observed: decision.observed.wishes.map(wishJson) }),
    ...(decision.settleUntil !== undefined && { settleUntil: formatInstant(decision.settleUntil) }),
    rules,
  };
}

export function decisionLines({ decision, changes }: Explanation): string[] {
  const lines: string[] = [];
  decision.wishes.forEach((wish, at) => {
    const by =
      wish.kind === 'retention' && decision.decidedBy !== undefined ? `  by rule ${decision.decidedBy}` : '';
    lines.push(`${paint('bold', wishText(wish))}${by}`);
    const made = changes[at];
    if (made !== undefined) lines.push(`  ${changeText(made)}`);
  });
  if (decision.wishes.length === 0)
    lines.push(paint('bold', nothingWanted(decision.matched, decision.undecided.length)));
  if (decision.observed !== undefined) {
    const { wishes, eventHolds = [] } = decision.observed;
    const waiting = eventHolds.map(({ mode, event }) => `${mode} until ${visible(event)} is reported`);
    const would = [...wishes.map(wishText), ...waiting].join(', ') || 'no lock';
    lines.push(paint('dim', `if the rules under observation applied: ${would}`));
  }
  for (const { rule, mode, event } of decision.eventHold ? [decision.eventHold] : []) {
    lines.push(`${mode} until ${visible(event)} is reported  by rule ${rule}`);
  }
  for (const { rule, detail } of decision.reports)
    lines.push(`${paint('yellow', 'note')}  ${rule}: ${visible(detail)}`);
  for (const { rule, fact } of decision.undecided)
    lines.push(`${paint('yellow', 'note')}  ${rule}: cannot be decided without knowing ${FACTS[fact].name}`);
  for (const { mode, from, until, rule } of decision.residuals) {
    lines.push(
      `${paint('yellow', 'gap')}   ${rule ?? ''}: ${mode} is wanted from ${formatInstant(from)} to ${formatInstant(until)}, and a stricter rule ends first`,
    );
  }
  if (decision.settleUntil !== undefined)
    lines.push(`waits until ${formatInstant(decision.settleUntil)} for tags to settle`);
  return lines;
}

export function explanationLines({ rules }: Explanation): string[] {
  return rules.flatMap((rule) => {
    switch (rule.verdict) {
      case 'matched':
        return [
          `${paint('green', '✔')} ${rule.rule}${rule.enforce === 'observe' ? ' (observe)' : ''}`,
          ...rule.arithmetic.map((line) => `    ${visible(line)}`),
        ];
      case 'not-matched':
        return [
          `${paint('dim', '✘')} ${rule.rule}`,
          paint('dim', `    ${visible(`${rule.failed}: ${rule.seen}`)}`),
        ];
      case 'undecided':
        return [`${paint('yellow', '?')} ${rule.rule}`, `    ${FACTS[rule.missing].name} could not be read`];
    }
  });
}

export function lockText({ retention, hold }: LockState): string {
  const held = hold === 'on' ? ', legal hold ON' : hold === 'absent' ? ', legal hold not seen' : '';
  if (retention.state === 'locked') {
    const moving = retention.eventHeld === true ? movingText(retention.eventHold) : '';
    return `${retention.mode} until ${formatInstant(retention.until)}${moving}${held}`;
  }
  return `${retention.state === 'none' ? 'no retention' : 'retention not seen'}${held}`;
}

function movingText(duration: HoldDuration | undefined): string {
  const after = duration === undefined ? '' : `, and lasts ${formatDuration(duration)} after its release`;
  return ` (moving on: an event hold is in force${after})`;
}

function nothingWanted(matched: readonly string[], undecided: number): string {
  if (undecided > 0) return 'cannot tell';
  return matched.length === 0 ? 'no lock: no rule covers this version' : 'no lock';
}

function wishText(wish: PlainWish): string {
  return wish.kind === 'hold' ? 'legal hold ON' : `${wish.mode} until ${formatInstant(wish.until)}`;
}

function changeText(made: Change): string {
  const meaning = MEANING[made.kind];
  if (made.kind === 'refused') return `${meaning}: ${made.code}`;
  if ('write' in made && made.kind === 'mode-weaker' && made.write.kind === 'retention') {
    return `${meaning}: extend to ${made.write.mode} until ${formatInstant(made.write.until)}`;
  }
  return 'residual' in made
    ? `${meaning} (gap from ${formatInstant(made.residual.from)} to ${formatInstant(made.residual.until)})`
    : meaning;
}

function retentionWish(wishes: readonly PlainWish[]): Extract<PlainWish, { kind: 'retention' }> | undefined {
  return wishes.find((wish) => wish.kind === 'retention');
}

function wishJson(wish: PlainWish): object {
  return wish.kind === 'hold'
    ? { kind: 'hold' }
    : { kind: wish.kind, mode: wish.mode, until: formatInstant(wish.until) };
}

function changeJson(made: Change): object {
  return {
    kind: made.kind,
    ...(made.kind === 'refused' && { code: made.code }),
    ...('residual' in made && { residual: residualJson(made.residual) }),
    ...('write' in made && { write: writeJson(made.write) }),
  };
}

function writeJson(write: Write): object {
  const { until } = write as { readonly until?: Instant };
  return { ...write, ...(until !== undefined && { until: formatInstant(until) }) };
}

function residualJson({ from, until, ...rest }: Residual): object {
  return { ...rest, from: formatInstant(from), until: formatInstant(until) };
}
