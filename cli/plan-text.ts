/** A plan in words: a table per rule and change, what it costs, what stays wrong. */
import { type Group, type Line, type Plan, type StaysWrong } from '../lib/plan/plan.ts';
import { paint, print, table, visible } from './output.ts';

const DAY = 86_400_000;

const REASONS: Readonly<Record<StaysWrong['reason'], string>> = {
  'mode-weaker': 'locked in GOVERNANCE, COMPLIANCE is wanted: the mode cannot be raised without bypass',
  'mode-stricter':
    'locked in COMPLIANCE that ends before the GOVERNANCE wanted: nothing is sent until it has lapsed',
  outranked: 'a rule asks for longer in a weaker mode than the one that decides',
  'over-cap': 'the date lies beyond the cap: shorten the rule or raise the maximum',
  'event-held': 'an event hold of S3 is in force: its date moves on by itself',
  'event-hold-not-placed': 'the rule waits for an event, and plans place no event holds',
  undecided: 'a rule needs a fact that may not be read',
  'lock-not-seen': 'the stored lock may not be read: s3:GetObjectRetention is needed',
  uncovered: 'no rule covers it, and the policy wants every version covered',
  settling: 'so young that its tags may still change: its event will lock it',
  reported: 'locked, and a tag was refused',
};

export function sayPlan(plan: Plan): void {
  const { listing, totals, lines, changes } = plan;
  print(`${paint('bold', plan.id)}  ${visible(listing.source)}, as of ${listing.asOf}`);
  print(
    `${count(totals.rows)} versions, ${bytesText(totals.bytes)}: ${count(totals.satisfied)} locked as wanted, ${count(changes.versions)} to change, ${count(totals.unmatched)} under no rule${totals.stuck > 0 ? `, ${count(totals.stuck)} that cannot be changed` : ''}${totals.termOver > 0 ? `, ${count(totals.termOver)} whose term is over` : ''}`,
  );
  const left = [
    ...(totals.markers > 0 ? [`${count(totals.markers)} delete markers, which cannot be locked`] : []),
    ...(totals.unreadable > 0 ? [`${count(totals.unreadable)} rows that could not be read`] : []),
  ];
  if (left.length > 0) print(`left out: ${left.join('; ')}`);
  print();
  if (lines.length === 0) print('Nothing has to be written.');
  else print(linesTable(lines));
  if (plan.groups.length > 0) {
    print();
    for (const text of costLines(plan)) print(text);
  }
  if (plan.staysWrong.length > 0) {
    print();
    print(paint('yellow', 'stays wrong, after this plan too'));
    print(wrongTable(plan.staysWrong));
  }
}

function linesTable(lines: readonly Line[]): string {
  return table(
    ['bucket', 'rule', 'change', 'from', 'to', 'versions', 'bytes', 'jobs', 'requests', 'dollars'],
    lines.map(
      ({
        bucket,
        rule,
        change,
        from,
        to,
        earliest,
        latest,
        observed,
        versions,
        bytes,
        jobs,
        requests,
        usd,
      }) => [
        visible(bucket),
        visible(rule),
        observed ? `${change} (observe)` : change,
        from,
        to === 'hold' ? 'legal hold ON' : `${to} ${datesText(earliest, latest)}`,
        count(versions),
        bytesText(bytes),
        count(jobs),
        count(requests),
        usd.toFixed(2),
      ],
    ),
  );
}

function datesText(earliest: string | undefined, latest: string | undefined): string {
  const [from, to] = [earliest?.slice(0, 10), latest?.slice(0, 10)];
  return from === to ? (to ?? '') : `${from ?? ''} to ${to ?? ''}`;
}

function costLines({ groups, changes, cost, tolerance }: Plan): string[] {
  const { newlyCompliance } = changes;
  const { prices } = cost;
  const lines = [
    `${groups.length} ${groups.length === 1 ? 'group' : 'groups'} (locks end at most ${toleranceText(tolerance)} late): ${enginesText(groups)}`,
    `${count(cost.requests)} requests and ${count(cost.jobs)} jobs, about $${cost.usd.toFixed(2)} (${prices.source}, ${prices.date})`,
  ];
  if (newlyCompliance.versions > 0) {
    lines.push(
      paint(
        'red',
        `${count(newlyCompliance.versions)} versions, ${bytesText(newlyCompliance.bytes)}, come newly under COMPLIANCE, or for over 90 days longer: nobody can take that back`,
      ),
    );
  }
  return lines;
}

const ENGINES: Readonly<Record<Group['engine'], string>> = {
  batch: 'by S3 Batch Operations',
  'batch-function': 'by S3 Batch Operations through our function',
  direct: 'direct',
};

function enginesText(groups: readonly Group[]): string {
  return Object.entries(ENGINES)
    .flatMap(([engine, text]) => {
      const of = groups.filter((group) => group.engine === engine);
      const versions = of.reduce((sum, group) => sum + group.versions, 0);
      return of.length === 0 ? [] : [`${of.length} ${text} (${count(versions)} versions)`];
    })
    .join(', ');
}

function toleranceText(milliseconds: number): string {
  if (milliseconds === 0) return 'nothing';
  return milliseconds % DAY === 0 ? `${milliseconds / DAY} d` : `${Math.round(milliseconds / 3_600_000)} h`;
}

function wrongTable(wrong: readonly StaysWrong[]): string {
  return table(
    ['bucket', 'rule', 'versions', 'gap from', 'why', 'such as'],
    wrong.map(({ bucket, rule, versions, firstGap, reason, detail, samples }) => [
      visible(bucket),
      visible(rule),
      count(versions),
      firstGap?.slice(0, 10) ?? '',
      `${REASONS[reason]}${detail === '' ? '' : ` (${visible(detail)})`}`,
      sampleText(samples[0]),
    ]),
  );
}

/** Samples are written as JSON, since keys may hold anything. */
function sampleText(sample: string | undefined): string {
  if (sample === undefined) return '';
  const [, key = '', versionId = ''] = JSON.parse(sample) as string[];
  return visible(`${key} ${versionId}`);
}

export function count(number: number): string {
  return number.toLocaleString('en');
}

export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit] ?? ''}`;
}
