import { describe, expect, it } from '@jest/globals';
import { fileOf, holdfast } from '../helpers/cli.ts';

const POLICY = `version: 1
settings: { maximum: P12Y, buffer: P6D, roundUp: day }
rules:
  - name: invoices
    match: { prefix: invoices/ }
    lock: { mode: COMPLIANCE, for: P10Y }
  - name: by-tag
    match: { tags: { retention: { present: true } } }
    lock: { mode: GOVERNANCE, for: { tag: retention, atMost: P7Y, otherwise: P1Y } }
`;
const policy = fileOf('policy.yaml', POLICY);
const VERSION = ['--bucket', 'b', '--created', '2024-02-29T10:00:00Z', '--now', '2024-03-01T00:00:00Z'];

describe('holdfast decide', () => {
  it('counts ten years from a leap day, adds the buffer and rounds up', async () => {
    const { code, out } = await holdfast(['decide', '--policy', policy, '--key', 'invoices/1', ...VERSION]);

    expect(code).toBe(0);
    expect(out).toContain('COMPLIANCE until 2034-03-08T00:00:00Z  by rule invoices');
  });

  it('prints one JSON document for scripts', async () => {
    const { code, out } = await holdfast([
      'decide',
      '--json',
      '--policy',
      policy,
      '--key',
      'x',
      '--tags',
      'retention=P2Y,a=b=c',
      ...VERSION,
    ]);

    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      mode: 'GOVERNANCE',
      until: '2026-03-08T00:00:00Z',
      rule: 'by-tag',
      hold: false,
      changes: [{ kind: 'set', write: { mode: 'GOVERNANCE', until: '2026-03-08T00:00:00Z' } }],
    });
  });

  it('says what the law makes of a lock that is already there', async () => {
    const stored = ['--mode-now', 'GOVERNANCE', '--until-now', '2030-01-01'];
    const { out } = await holdfast([
      'decide',
      '--policy',
      policy,
      '--key',
      'invoices/1',
      ...VERSION,
      ...stored,
    ]);

    expect(out).toContain('the stored mode is weaker and stays');
  });

  it('shows what an uploader wrote with its control characters made visible', async () => {
    const { out } = await holdfast([
      'decide',
      '--policy',
      policy,
      '--key',
      'x',
      '--tags',
      'retention=\u001b[2J',
      ...VERSION,
    ]);

    expect(out).not.toContain('\u001b');
    expect(out).toContain('P1Y instead');
  });

  it.each([
    ['a date without a mode', ['--until-now', '2030-01-01'], 'give --mode-now too'],
    ['a mode without a date', ['--mode-now', 'GOVERNANCE'], 'give --until-now too'],
    ['a lower-case mode', ['--mode-now', 'governance', '--until-now', '2030-01-01'], 'in capitals'],
    [
      'a day that does not exist',
      ['--mode-now', 'GOVERNANCE', '--until-now', '2023-02-29'],
      'is not a day of the calendar',
    ],
    ['a time without an offset', ['--created', '2024-02-29T10:00'], 'is not a date and time'],
    ['a size that is none', ['--size', '10MB'], 'write a number of bytes'],
    ['tags without a value', ['--tags', 'retention'], 'write --tags name=value'],
    ['a policy that is not there', ['--policy', '/no/such.yaml'], 'cannot be read'],
    ['an option that is misspelt', ['--bukcet', 'b'], 'Did you mean --bucket?'],
  ])('answers %s with one sentence and exit code 2', async (_, args, expected) => {
    const { code, out, err } = await holdfast([
      'decide',
      '--policy',
      policy,
      '--bucket',
      'b',
      '--key',
      'k',
      ...args,
    ]);

    expect({ code, out }).toStrictEqual({ code: 2, out: '' });
    expect(err).toContain(expected);
    expect(err).not.toContain('    at ');
  });
});

describe('holdfast validate', () => {
  it('is content with a good policy', async () => {
    expect(await holdfast(['validate', policy])).toMatchObject({
      code: 0,
      out: expect.stringContaining('2 rules, maximum P12Y'),
    });
  });

  it('names the place of a fault, and what was meant', async () => {
    const broken = fileOf(
      'broken.yaml',
      'version: 1\nrules:\n  - name: a\n    retian: 3\n    lock: { mode: GOVERNANCE, for: P1D }\n',
    );

    const { code, err } = await holdfast(['validate', broken]);

    expect(code).toBe(2);
    expect(err).toContain(`${broken}:4:5: rules[0].retian: unknown key, did you mean "lock"?`);
  });

  it('takes the cap of the deployment from the environment', async () => {
    const { code, err } = await holdfast(['validate', policy], { HOLDFAST_MAXIMUM: 'P1Y' });

    expect(code).toBe(2);
    expect(err).toContain("over the deployment's cap of P1Y");
  });

  it('prints JSON for scripts', async () => {
    const { out } = await holdfast(['validate', '--json', policy]);

    expect(JSON.parse(out)).toStrictEqual({ ok: true, problems: [] });
  });
});

describe('holdfast policy test', () => {
  const cases = (until: string): string =>
    fileOf(
      'cases.yaml',
      `policy: ${policy}
now: 2024-03-01T00:00:00Z
cases:
  - name: an invoice
    version: { bucket: b, key: invoices/1, created: 2024-02-29T10:00:00Z }
    expect: { mode: COMPLIANCE, until: ${until}, rule: invoices }
  - name: anything else
    version: { bucket: b, key: x, created: 2024-02-29T10:00:00Z, tags: { a: b } }
    expect: { mode: none }
`,
    );

  it('passes when every version gets the lock expected', async () => {
    expect(await holdfast(['policy', 'test', cases('2034-03-08T00:00:00Z')])).toMatchObject({
      code: 0,
      out: expect.stringContaining('2 passed, 0 failed'),
    });
  });

  it('fails with what differs, and exit code 7', async () => {
    const { code, out } = await holdfast(['policy', 'test', cases('2034-03-09T00:00:00Z')]);

    expect(code).toBe(7);
    expect(out).toContain('until is 2034-03-08T00:00:00Z, not 2034-03-09T00:00:00Z');
    expect(out).toContain('1 passed, 1 failed');
  });

  it('refuses a file of another form', async () => {
    const { code, err } = await holdfast(['policy', 'test', fileOf('c.yaml', 'cases: [{ name: x }]')]);

    expect(code).toBe(2);
    expect(err).toContain('cases.0.version');
  });
});

describe('holdfast', () => {
  it('prints the schema that editors use', async () => {
    const { code, out } = await holdfast(['schema']);

    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      title: 'Holdfast policy',
      properties: { rules: { type: 'array' } },
    });
  });

  it.each(
    [
      ['--help'],
      ['decide', '--help'],
      ['policy', 'test', '--help'],
      ['local', '--help'],
      ['tour', '--help'],
    ].map((args) => [args]),
  )('helps with %j: options and an example', async (args) => {
    const { code, out } = await holdfast(args);

    expect(code).toBe(0);
    expect(out).toMatch(/Usage: holdfast/);
    expect(out).toMatch(/Examples?:|Exit codes:/);
  });

  it('suggests the command that was meant', async () => {
    const { code, err } = await holdfast(['validte', 'x']);

    expect(code).toBe(2);
    expect(err).toContain('Did you mean validate?');
  });
});
