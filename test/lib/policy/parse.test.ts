import { describe, expect, it } from '@jest/globals';
import { parseInstant } from '../../../lib/lock/instant.ts';
import { parsePolicy } from '../../../lib/policy/parse.ts';

function faults(text: string, maximum?: string): string[] {
  const parsed = parsePolicy(text, maximum === undefined ? { hash: '' } : { hash: '', maximum });
  const problems = parsed.ok ? parsed.warnings : parsed.problems;
  return problems.map(({ severity, line, column, message }) => `${severity} ${line}:${column} ${message}`);
}

function rule(lock: string, more = ''): string {
  return `version: 1\nrules:\n  - name: r\n${more}    lock: ${lock}\n`;
}

describe('a good policy', () => {
  it('is read from YAML and from JSON alike', () => {
    const yaml = parsePolicy(rule('{ mode: GOVERNANCE, for: 90d }'), { hash: 'h' });
    const json = parsePolicy(
      '{"version":1,"rules":[{"name":"r","lock":{"mode":"GOVERNANCE","for":"90d"}}]}',
      { hash: 'h' },
    );

    expect(yaml.ok && yaml.file).toStrictEqual(json.ok && json.file);
    expect(yaml).toMatchObject({ ok: true, warnings: [], policy: { hash: 'h' } });
  });

  it.each([
    '{ mode: COMPLIANCE, for: P10Y, from: { endOf: year } }',
    '{ mode: GOVERNANCE, for: { tag: retention, atMost: P7Y, otherwise: P1Y } }',
    '{ mode: GOVERNANCE, remaining: { atLeast: P30D, extendTo: P44D }, versions: current }',
    '{ mode: GOVERNANCE, until: 2031-12-31 }',
    '{ mode: GOVERNANCE, for: P5Y, from: { tag: closed-on, untilThen: held } }',
    '{ mode: GOVERNANCE, for: P5Y, buffer: P10D }',
  ])('may say %s', (lock) => {
    expect(faults(rule(lock, '    match: { prefix: a/ }\n'))).toStrictEqual([]);
  });
});

describe('a fault is found at its place', () => {
  it.each([
    [
      'version: 1\nrules:\n  - name: r\n    retian: 3\n    lock: { mode: GOVERNANCE, for: P1D }',
      '4:5 rules[0].retian: unknown key, did you mean "lock"?',
    ],
    [
      rule('{ mode: GOVERNANCE, fro: P1D, for: P1D }'),
      '4:31 rules[0].lock.fro: unknown key, did you mean "from"?',
    ],
    [
      rule('{ mode: GOVERNANCE, for: P1D }', '    match: { bukcet: a }\n'),
      '4:14 rules[0].match.bukcet: unknown key, did you mean "bucket"?',
    ],
    [
      rule('{ mode: compliance, for: P1D }'),
      '4:13 rules[0].lock.mode: "compliance" is not a mode: write GOVERNANCE or COMPLIANCE, in capitals',
    ],
    [
      rule('{ mode: GOVERNANCE, for: 6m }'),
      '4:31 rules[0].lock.for: "6m" could be months or minutes: write 6mo or P6M',
    ],
    [rule('{ mode: GOVERNANCE }'), '4:5 rules[0].lock: a lock says exactly one of for, until or remaining'],
    [
      rule('{ mode: GOVERNANCE, for: P1D, until: 2031-12-31 }'),
      '4:5 rules[0].lock: a lock says exactly one of for, until or remaining',
    ],
    [
      rule('{ mode: GOVERNANCE, until: 2023-02-29 }'),
      '4:31 rules[0].lock.until: "2023-02-29" is not a day of the calendar: write it as 2031-12-31',
    ],
    [rule('{ for: P1D }'), '4:11 rules[0].lock.mode: is missing'],
    [
      rule('{ mode: GOVERNANCE, for: P1D, from: { endof: year } }'),
      '4:49 rules[0].lock.from.endof: unknown key, did you mean "endOf"?',
    ],
    [rule('{ mode: GOVERNANCE, for: { tag: t } }'), '4:36 rules[0].lock.for.otherwise: is missing'],
    [
      rule('{ mode: GOVERNANCE, for: P1D }', '    match: { tags: { a: 5 } }\n'),
      '4:22 rules[0].match.tags.a: a tag condition is a value in quotes, a list of values, { glob: x* }, { present: true } or { absent: true }',
    ],
    [
      'version: 2\nrules:\n  - name: r\n    lock: { mode: GOVERNANCE, for: P1D }',
      '1:1 version: this Holdfast reads version: 1',
    ],
    ['version: 1\nrules: []', '2:1 rules: a policy needs at least one rule'],
    ['', '1:1 a policy file holds version, settings and rules'],
    ['version: 1\nversion: 1\n', '2:1 Map keys must be unique'],
    ['a: [', '1:5 Flow sequence in block collection must be sufficiently indented and end with a ]'],
  ])('%#', (text, expected) => {
    expect(faults(text)).toContain(`error ${expected}`);
  });

  it.each([
    [
      'over the maximum',
      'settings: { maximum: P5Y }\n',
      '{ mode: GOVERNANCE, for: P6Y }',
      'P6Y is longer than the maximum P5Y',
    ],
    [
      'under the minimum',
      'settings: { minimum: P7D }\n',
      '{ mode: GOVERNANCE, for: P1D }',
      'P1D is shorter than the minimum P7D',
    ],
    [
      'atMost over the maximum',
      'settings: { maximum: P5Y }\n',
      '{ mode: GOVERNANCE, for: { tag: t, atMost: P6Y, otherwise: P1Y } }',
      'P6Y is longer than the maximum P5Y',
    ],
    [
      'otherwise over atMost',
      '',
      '{ mode: GOVERNANCE, for: { tag: t, atMost: P1Y, otherwise: P2Y } }',
      'P2Y is longer than atMost P1Y',
    ],
    [
      'a rolling lock that passes cannot keep',
      '',
      '{ mode: GOVERNANCE, remaining: { atLeast: P30D, extendTo: P39D } }',
      'it must be 1 day longer',
    ],
    [
      'COMPLIANCE by tags without settling',
      '',
      '{ mode: COMPLIANCE, for: P1Y }',
      'state how long tags may settle',
    ],
  ])('a rule %s is an error', (_, settings, lock, expected) => {
    const text = `version: 1\n${settings}rules:\n  - name: r\n    match: { tags: { a: b } }\n    lock: ${lock}\n`;

    expect(faults(text).join('\n')).toContain(expected);
  });

  it('refuses a maximum over the cap of the deployment', () => {
    const text = `version: 1\nsettings: { maximum: P20Y }\nrules:\n  - name: r\n    lock: { mode: GOVERNANCE, for: P1D }\n`;

    expect(faults(text, 'P12Y')).toStrictEqual([
      "error 2:13 P20Y is over the deployment's cap of P12Y: a policy may only lower it",
    ]);
  });

  it('refuses two rules of one name', () => {
    const one = '  - name: r\n    lock: { mode: GOVERNANCE, for: P1D }\n';

    expect(faults(`version: 1\nrules:\n${one}${one}`)).toStrictEqual([
      'error 5:5 rule 1 is already called "r"',
    ]);
  });

  it('refuses a settling time that no queue can wait', () => {
    expect(faults(rule('{ mode: GOVERNANCE, for: P1D }', '    settle: PT16M\n')).join()).toContain(
      'over 15 minutes',
    );
  });

  it('refuses a file that would blow up when its aliases are expanded', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefghi'
        .split('')
        .map((name, at) => `${name}: &${name} [${`*${'abcdefgh'[at] ?? ''},`.repeat(9)}]`),
    ];

    expect(faults(bomb.join('\n')).join()).toContain('alias');
  });

  it('refuses a key that would vanish between the file and its meaning', () => {
    const match = '    match: { tags: { __proto__: x } }\n';

    expect(faults(rule('{ mode: GOVERNANCE, for: P1D }', match))).toStrictEqual([
      'error 4:22 __proto__ cannot be a key or a tag here',
    ]);
  });

  it.each(['P99999Y', 'P9999999D', '99999y'])('refuses %s with its place, and never throws', (period) => {
    const seen = faults(rule(`{ mode: GOVERNANCE, for: ${period} }`)).join();

    expect(seen).toContain('error 4:31 rules[0].lock.for');
  });

  it('says the first twenty faults of a file that repeats one', () => {
    const rules = Array.from(
      { length: 50 },
      (_, at) => `  - name: r${at}\n    lokc: 1\n    lock: { mode: GOVERNANCE, for: P1D }\n`,
    );

    expect(faults(`version: 1\nrules:\n${rules.join('')}`)).toHaveLength(20);
  });

  it('refuses a file over 1 MiB unread', () => {
    expect(faults('#'.repeat(1_048_577))).toStrictEqual([
      'error 1:1 the file is larger than 1 MiB: split the policy',
    ]);
  });
});

describe('a rule that could never be kept', () => {
  const now = parseInstant('2026-11-20T00:00:00Z');
  const problems = (text: string, maximum = 'P100Y'): string => {
    const parsed = parsePolicy(text, { hash: '', now, maximum });
    return (parsed.ok ? parsed.warnings : parsed.problems).map(({ message }) => message).join('\n');
  };

  it.each([
    ['settings: { buffer: P91D }', '{ mode: GOVERNANCE, for: P1Y }', 'longer than P90D'],
    ['settings: {}', '{ mode: GOVERNANCE, for: P1Y, buffer: P80Y }', 'longer than P90D'],
    [
      'settings: { maximum: P10Y }',
      '{ mode: GOVERNANCE, for: P10Y, from: { endOf: year } }',
      'up to 1 year until it starts is longer than the maximum P10Y',
    ],
    ['settings: { maximum: P12Y }', '{ mode: GOVERNANCE, until: 2199-12-31 }', 'is beyond the maximum P12Y'],
    [
      'settings: {}',
      '{ mode: GOVERNANCE, until: 2020-12-31 }',
      'is over: nothing is locked by this rule any more',
    ],
    ['settings: {}', '{ mode: GOVERNANCE, for: P0D }', 'no time at all'],
    [
      'settings: {}',
      '{ mode: GOVERNANCE, remaining: { atLeast: P20D, extendTo: P1M } }',
      'it must be 2 days longer',
    ],
    ['settings: {}', '{ mode: GOVERNANCE, for: 30 }', 'a length is a period such as P7Y'],
    ['settings: { roundUp: hour }', '{ mode: GOVERNANCE, for: P1D }', 'roundUp is second or day'],
  ])('%s, %s', (settings, lock, expected) => {
    const text = `version: 1\n${settings}\nrules:\n  - name: r\n    lock: ${lock}\n`;

    expect(problems(text)).toContain(expected);
  });

  it.each([
    ['{ created: { from: 2026-02-01, to: 2026-01-01 } }', 'no day is from'],
    ['{ size: { atLeast: 2, atMost: 1 } }', 'no size is at least'],
    ['{ except: [{}] }', 'leaves everything out'],
  ])('with conditions that nothing can satisfy: %s', (match, expected) => {
    const text = `version: 1\nrules:\n  - name: r\n    match: ${match}\n    lock: { mode: GOVERNANCE, for: P1D }\n`;

    expect(problems(text)).toContain(expected);
  });

  it('refuses a cap of the deployment that S3 itself would not keep', () => {
    expect(problems(rule('{ mode: GOVERNANCE, for: P1Y }'), 'P200Y')).toContain('P100Y is the most');
  });
});

describe('a warning', () => {
  it.each([
    [
      'every version under COMPLIANCE',
      '',
      '{ mode: COMPLIANCE, for: P1Y }',
      'puts every version of every bucket under COMPLIANCE',
    ],
    [
      'COMPLIANCE by tags',
      '    settle: PT10M\n    match: { tags: { a: b } }\n',
      '{ mode: COMPLIANCE, for: P1Y }',
      'whoever may tag decides',
    ],
    [
      'an uploader may ask for 100 years',
      '',
      '{ mode: GOVERNANCE, for: { tag: t, otherwise: P1Y } }',
      'set atMost here',
    ],
    [
      'event holds',
      '    match: { tags: { class: hr } }\n',
      '{ mode: COMPLIANCE, for: P6Y, from: { event: gone } }',
      'plans place no event holds',
    ],
  ])('is given for %s', (_, more, lock, expected) => {
    const [only, ...others] = faults(rule(lock, more));

    expect(only).toContain(expected);
    expect(only).toMatch(/^warning/);
    expect(others).toStrictEqual([]);
  });
});
