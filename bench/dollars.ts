/** What a year of weekly passes over a billion versions costs at list prices, beside the published AWS sample. */
import { AWS_PRICES, costOf, NO_WORK } from '../lib/plan/price.ts';
import { parsePolicy } from '../lib/policy/parse.ts';
import { type Policy } from '../lib/policy/compile.ts';
import { type RuleFile } from '../lib/policy/schema.ts';
import { type Section } from './section.ts';
import { type Fleet, VERSIONS, type Year, yearOf } from './simulated-year.ts';

const TOLERANCES = [0, 1, 7, 30] as const;
const WEEKS = 52;
/** Five years of uploads. */
const AGE = 5 * 365;
/** With weekly passes, a listing two days old and a day to run, a lock of 30 days is due when less is left (days). */
const DUE = 40;

/** The published design writes every object that is due, and with weekly passes all of them are. */
const SAMPLE_PASS = costOf({ ...NO_WORK, puts: VERSIONS, tasks: VERSIONS, jobs: 1 }, AWS_PRICES);

const FLEETS: readonly (readonly [string, Fleet])[] = [
  [
    '7 years from creation',
    { policy: policyOf({ mode: 'GOVERNANCE', for: 'P7Y' }), at: unlocked, showsEventHolds: true },
  ],
  ['never less than 30 days left, extended to 44', rolling(44)],
  ['never less than 30 days left, extended to 70', rolling(70)],
  ['never less than 30 days left, extended to 100', rolling(100)],
  ['the same to 70, by a listing without event holds', { ...rolling(70), showsEventHolds: false }],
];

export function benchDollars(): Section {
  const sample = SAMPLE_PASS * WEEKS;
  return {
    title: 'dollars: a year of weekly passes over a billion versions',
    meaning: [
      `Computed, not measured: 52 passes by the planner's own code over ${VERSIONS.toLocaleString('en')} current versions (10,000 stand for them), one bucket and one rule, \`roundUp: day\`, engine batch.`,
      `Prices: ${AWS_PRICES.source}, read ${AWS_PRICES.date}: $${AWS_PRICES.perThousandPuts} per 1,000 PUT, $${AWS_PRICES.perMillionTasks} per million tasks, $${AWS_PRICES.perJob} per job. Manifests, reports and records are in; storage, the inventory and its queries are not, here and there.`,
      '7 years from creation: the first pass finds every version without a lock, created evenly over five years; later ones find them satisfied. New uploads are locked as they come, and are not counted.',
      `Rolling: at the first pass locks end evenly between ${DUE - 7} days and the extension. With weekly passes a lock of 30 days is due below ${DUE} days (7 for the pass, 2 for the listing, 1 for the run); what is due in one pass gets one date, so the tolerance saves nothing.`,
      `AWS sample design (README of the published sample): each weekly pass writes every object anew, ${WEEKS} times $${Math.round(SAMPLE_PASS).toLocaleString('en')}; it makes the promise of the rolling rows, and has no fixed terms.`,
      'A listing that shows no event holds: extensions go by the job that calls our function, which reads and records each version.',
    ],
    head: ['rule', 'tolerance in days', 'jobs', 'writes', 'first pass', 'year', 'year / AWS sample'],
    rows: [
      ...FLEETS.flatMap(([name, fleet]) => rowsOf(name, fleet, sample)),
      [
        'AWS sample design',
        '',
        String(WEEKS),
        millions(VERSIONS * WEEKS),
        dollars(SAMPLE_PASS),
        dollars(sample),
        '1.00',
      ],
    ],
  };
}

/** Tolerances that come to the same share a row. */
function rowsOf(name: string, fleet: Fleet, sample: number): string[][] {
  const rows = new Map<string, { days: number[]; cells: string[] }>();
  for (const days of TOLERANCES) {
    const cells = cellsOf(yearOf(fleet, days), sample);
    const same = rows.get(cells.join());
    if (same === undefined) rows.set(cells.join(), { days: [days], cells });
    else same.days.push(days);
  }
  return [...rows.values()].map(({ days, cells }) => [name, days.join(', '), ...cells]);
}

function cellsOf({ work, written, first }: Year, sample: number): string[] {
  const year = costOf(work, AWS_PRICES);
  return [
    work.jobs.toLocaleString('en'),
    millions(written),
    dollars(costOf(first, AWS_PRICES)),
    dollars(year),
    (year / sample).toFixed(2),
  ];
}

function unlocked(share: number): { age: number } {
  return { age: share * AGE };
}

function rolling(days: number): Fleet {
  return {
    policy: policyOf({
      mode: 'GOVERNANCE',
      remaining: { atLeast: 'P30D', extendTo: `P${days}D` },
      versions: 'current',
    }),
    at: (share) => ({ age: AGE, left: DUE - 7 + share * (days - DUE + 7) }),
    showsEventHolds: true,
  };
}

function policyOf(lock: RuleFile['lock']): Policy {
  const file = {
    version: 1,
    settings: { maximum: 'P12Y', roundUp: 'day' },
    rules: [{ name: 'all', match: {}, lock }],
  };
  const parsed = parsePolicy(JSON.stringify(file), { hash: '0'.repeat(64) });
  if (parsed.ok) return parsed.policy;
  throw new Error(parsed.problems.map(({ message }) => message).join('\n'));
}

function millions(count: number): string {
  return `${Math.round(count / 1_000_000).toLocaleString('en')} M`;
}

function dollars(usd: number): string {
  return `$${Math.round(usd).toLocaleString('en')}`;
}
