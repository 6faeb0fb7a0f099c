import { GetObjectRetentionCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeBucket } from '../helpers/bucket.ts';
import { fileOf, holdfast } from '../helpers/cli.ts';
import { startEmbedded } from '../helpers/embedded.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const policy = fileOf(
  'policy.yaml',
  `version: 1
settings: { maximum: P12Y }
rules:
  - name: invoices
    match: { prefix: invoices/ }
    lock: { mode: COMPLIANCE, for: P10Y }
  - name: big
    match: { prefix: big/, size: { atLeast: 1000 } }
    lock: { mode: GOVERNANCE, for: P1Y }
  - name: hr
    match: { prefix: hr/ }
    lock: { mode: COMPLIANCE, for: P6Y, from: { event: left } }
`,
);
const NOW = ['--now', '2026-11-20T12:00:00Z'];
const UPLOAD = ['headers', '--policy', policy, '--bucket', 'b', ...NOW];
const INVOICE = [...UPLOAD, '--rule', 'invoices', '--key', 'invoices/1'];

describe('holdfast headers', () => {
  it('prints lines that can be pasted, and comments', async () => {
    const { code, out, err } = await holdfast(INVOICE);

    expect({ code, err }).toStrictEqual({ code: 0, err: '' });
    expect(out.split('\n').filter((line) => !line.startsWith('#'))).toStrictEqual([
      'x-amz-object-lock-mode: COMPLIANCE',
      'x-amz-object-lock-retain-until-date: 2036-11-20T12:00:00Z',
      '',
    ]);
    expect(out).toContain('x-amz-object-lock-retain-until-date: {{ date.now | date.add_years 10 }}');
    expect(out).toContain('Content-MD5');
  });

  it('asks for nothing but the rule, where the policy lies here under its usual name', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'holdfast-headers-'));
    cpSync(policy, join(cwd, 'policy.yaml'));

    const { out } = await holdfast(['headers', '--rule', 'invoices', ...NOW], {}, cwd);

    expect(out).toContain('# s3://example/invoices/example, as rule invoices wants');
    expect(out).toContain('x-amz-object-lock-mode: COMPLIANCE');
  });

  it.each([
    ['ceph-rgw', true],
    ['aws', false],
  ])('says whether %s keeps them: a warning %s', async (provider, isWarned) => {
    const { out } = await holdfast([...INVOICE, '--provider', provider]);

    expect(out.includes('does not keep the lock headers of multipart uploads and copies')).toBe(isWarned);
  });

  it.each([['--format', 'json'], ['--json']])('prints one JSON document: %s %s', async (...format) => {
    const { code, out, err } = await holdfast([...INVOICE, ...format]);

    expect({ code, err }).toStrictEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toStrictEqual({
      rule: 'invoices',
      headers: {
        'x-amz-object-lock-mode': 'COMPLIANCE',
        'x-amz-object-lock-retain-until-date': '2036-11-20T12:00:00Z',
      },
      template: '{{ date.now | date.add_years 10 }}',
      notes: expect.arrayContaining([expect.stringContaining('Content-MD5')]),
    });
  });

  it.each([
    [
      'aws',
      '--object-lock-mode COMPLIANCE --object-lock-retain-until-date 2036-11-20T12:00:00Z\n',
      'Content-MD5',
    ],
    [
      'curl',
      "-H 'x-amz-object-lock-mode: COMPLIANCE' -H 'x-amz-object-lock-retain-until-date: 2036-11-20T12:00:00Z'\n",
      'Content-MD5',
    ],
    [
      'rclone',
      '--s3-object-lock-mode COMPLIANCE --s3-object-lock-retain-until-date 2036-11-20T12:00:00Z\n',
      '1.74',
    ],
  ])('prints the options of %s, with the notes elsewhere', async (format, options, note) => {
    const { code, out, err } = await holdfast([...INVOICE, '--format', format]);

    expect({ code, out }).toStrictEqual({ code: 0, out: options });
    expect(err).toContain(note);
  });

  it('lets no key write a header line', async () => {
    const { out } = await holdfast([
      ...UPLOAD,
      '--key',
      'invoices/1\nx-amz-object-lock-legal-hold: ON\r\u001b[2J',
    ]);

    expect(out).not.toMatch(/^x-amz-object-lock-legal-hold/m);
    expect(out).not.toMatch(/\r|\p{Cc}\[2J/u);
  });

  it.each([
    ['a rule that does not cover it', ['--rule', 'invoices', '--key', 'x'], 'rule invoices does not cover'],
    ['no rule that covers it', ['--key', 'x'], 'no rule covers'],
    ['a misspelt rule', ['--rule', 'invoice', '--key', 'x'], 'did you mean invoices?'],
    ['an event hold', ['--rule', 'hr', '--key', 'hr/1'], 'cannot be placed by headers yet'],
    ['a size that is missing', ['--rule', 'big', '--key', 'big/1'], 'give --size'],
    ['no key', [], '--key is missing'],
    ['another format', ['--key', 'x', '--format', 'xml'], 'write lines, json, aws, curl, rclone'],
    ['a moment that is none', ['--key', 'x', '--now', 'noon'], 'is not a date and time'],
  ])('answers %s with one sentence and exit code 2', async (_, args, expected) => {
    const { code, out, err } = await holdfast([...UPLOAD, ...args]);

    expect({ code, out }).toStrictEqual({ code: 2, out: '' });
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    expect(err).toContain(expected);
  });

  it('prints what a store takes: the upload is born locked', async () => {
    const embedded = await startEmbedded();
    try {
      const client = embedded.clientFor();
      const object = { Bucket: await makeBucket(client), Key: 'invoices/1' };
      const { out } = await holdfast([
        'headers',
        '--policy',
        policy,
        '--bucket',
        'b',
        '--key',
        object.Key,
        '--json',
      ]);
      const { headers } = JSON.parse(out) as { headers: Record<string, string> };

      const upload = new PutObjectCommand({ ...object, Body: 'x' });
      upload.middlewareStack.add(
        (next) => async (args) => {
          Object.assign((args.request as { headers: object }).headers, headers);
          return next(args);
        },
        { step: 'build' },
      );
      await client.send(upload);

      const { Retention } = await client.send(new GetObjectRetentionCommand(object));
      expect(Retention).toStrictEqual({
        Mode: headers['x-amz-object-lock-mode'],
        RetainUntilDate: new Date(headers['x-amz-object-lock-retain-until-date'] ?? ''),
      });
    } finally {
      await embedded.close();
    }
  });
});

describe('holdfast headers check', () => {
  const template = fileOf(
    'headers.txt',
    'x-amz-object-lock-mode: COMPLIANCE\nx-amz-object-lock-retain-until-date:{{ date.now | date.add_months 1 }}\n',
  );
  const broken = fileOf('broken.txt', '# backups\nx-amz-object-lock-mode: compliance\n');

  it('accepts a computed date, and shows what it means today', async () => {
    const { code, out, err } = await holdfast(['headers', 'check', template, ...NOW]);

    expect(code).toBe(0);
    expect(out).toContain('x-amz-object-lock-retain-until-date: 2026-12-20T12:00:00Z');
    expect(err).toContain('nobody can take a COMPLIANCE lock back');
  });

  it('names faults as file:line, with exit code 2', async () => {
    const { code, out, err } = await holdfast(['headers', 'check', broken, ...NOW]);

    expect({ code, out }).toStrictEqual({ code: 2, out: '' });
    expect(err).toContain(`${broken}:2: mode-case: `);
    expect(err).toContain(`${broken}:2: partner-missing: `);
  });

  it('prints JSON for scripts', async () => {
    const good = await holdfast(['headers', 'check', template, ...NOW, '--json']);
    const bad = await holdfast(['headers', 'check', '--json', broken, ...NOW]);

    expect([good.code, JSON.parse(good.out)]).toStrictEqual([
      0,
      {
        ok: true,
        faults: [],
        headers: {
          'x-amz-object-lock-mode': 'COMPLIANCE',
          'x-amz-object-lock-retain-until-date': '2026-12-20T12:00:00Z',
        },
      },
    ]);
    expect([bad.code, JSON.parse(bad.out)]).toStrictEqual([
      2,
      {
        ok: false,
        faults: [
          { line: 2, code: 'mode-case', message: expect.stringContaining('write COMPLIANCE') },
          { line: 2, code: 'partner-missing', message: expect.stringContaining('add a line') },
        ],
        headers: {},
      },
    ]);
  });

  it('takes what headers prints, from standard input', async () => {
    const { out } = await holdfast(INVOICE);

    expect(await checkInput(out)).toStrictEqual({ code: 0, shown: expect.stringContaining('✔ stdin') });
    expect(await checkInput('x-amz-object-lock-mode: WORM')).toMatchObject({
      code: 2,
      shown: expect.stringContaining('stdin:1: mode-unknown'),
    });
  });

  it.each([
    ['--maximum', 'P20D', 2, 'date-too-far'],
    ['--maximum', 'P31D', 0, '2026-12-20'],
    ['--maximum', '6m', 2, 'write 6mo'],
  ])('%s %s ends with %i', async (option, value, expected, message) => {
    const { code, out, err } = await holdfast(['headers', 'check', template, ...NOW, option, value]);

    expect(code).toBe(expected);
    expect(out + err).toContain(message);
  });

  it('says that a file is not there', async () => {
    const { code, err } = await holdfast(['headers', 'check', '/no/such.txt']);

    expect(code).toBe(2);
    expect(err).toContain('/no/such.txt cannot be read');
  });
});

describe('docs/HEADERS.md', () => {
  const page = readFileSync(join(ROOT, 'docs/HEADERS.md'), 'utf8');
  const shown = Array.from(
    page.matchAll(/^```console\n\$ holdfast (.*)\n([^]*?)^```/gm),
    ([, command = '', text = '']) => [command, text.trimEnd()],
  );
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-docs-'));
  cpSync(join(ROOT, 'docs/examples'), join(folder, 'docs/examples'), { recursive: true });
  for (const [, name = '', text = ''] of page.matchAll(/^```text (\S+)\n([^]*?)^```/gm))
    writeFileSync(join(folder, name), text);

  it('shows commands', () => {
    expect(shown.length).toBeGreaterThan(3);
  });

  it.each(shown)('$ holdfast %s', async (command = '', text) => {
    const printed = await new Promise((done) => {
      const args = [join(ROOT, 'cli/main.ts'), ...command.split(' ')];
      execFile(
        process.execPath,
        args,
        { cwd: folder, env: { PATH: process.env.PATH ?? '' } },
        (_, out, err) => {
          done(`${out}${err}`.trimEnd());
        },
      );
    });

    expect(printed).toBe(text);
  });

  it('has a row for every fault', () => {
    const codes = readFileSync(join(ROOT, 'lib/headers/faults.ts'), 'utf8').matchAll(/^ {2}\| '([a-z-]+)'/gm);
    const rows = page.matchAll(/^\| `([a-z-]+)` \|/gm);

    expect(Array.from(rows, ([, code]) => code).sort()).toStrictEqual(
      Array.from(codes, ([, code]) => code).sort(),
    );
  });
});

/** What `headers check -` says of a text. */
async function checkInput(text: string): Promise<{ code: number | null; shown: string }> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(ROOT, 'cli/main.ts'), 'headers', 'check', '-', ...NOW]);
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    child.on('close', (code) => {
      done({ code, shown: printed });
    });
    child.stdin.end(text);
  });
}
