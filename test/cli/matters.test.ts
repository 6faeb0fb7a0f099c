import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HoldfastError, type FailureCode } from '../../lib/errors.ts';
import { type MatterView, type Preview } from '../../lib/matters/messages.ts';
import { rollCsvHeader, rollCsvLine } from '../../lib/report/csv.ts';
import { fileOf, holdfast, type Ran } from '../helpers/cli.ts';
import { ANA, type MatterServer, startMatterServer } from '../helpers/matter-server.ts';

// Each command is a process of its own.
jest.setTimeout(30_000);

const AT = '2026-11-20T09:00:00Z';
const JONAS = { issuer: 'https://issuer.example', subject: 'jonas' };
const SCOPE: MatterView['scopes'][number] = {
  id: 's1',
  selector: { bucket: 'acme-docs', prefix: 'customers/4711/' },
  state: 'in force',
  asOf: '2026-11-20T10:00:00Z',
  addedBy: ANA,
  addedAt: AT,
  counts: { versions: 1_200, bytes: 3_400_000_000, on: 1_198, exceptions: 0 },
};
const MATTER: MatterView = {
  id: 'm-1',
  title: 'Doe v. Acme',
  reason: 'complaint served',
  group: 'legal',
  state: 'in force',
  openedBy: ANA,
  openedAt: AT,
  scopes: [SCOPE],
  history: [{ at: AT, what: 'opened', by: ANA }],
};
const PREVIEW: Preview = {
  versions: 1_200,
  bytes: 3_400_000_000,
  more: false,
  samples: ['a', 'b', 'c', 'd', 'e', 'f', 'g'],
  requests: 4_800,
  usd: 0.01,
};
const ESCAPE = '\u001b[2J\u202e';
const SELECTOR = ['--bucket', 'acme-docs', '--prefix', 'customers/4711/'];
const NEW = ['--title', 'Doe v. Acme', '--reason', 'complaint served'];
const CLAIMS = Buffer.from(JSON.stringify({ sub: 'ana', name: 'Ana Meyer' })).toString('base64url');
const TOKEN = `eyJhbGciOiJub25lIn0.${CLAIMS}.x`;
const ROW = {
  bucket: 'acme-docs',
  key: '=1+1, "quoted"\r\nkey',
  versionId: 'v1',
  size: 10,
  saw: 'off',
  outcome: 'on',
  at: AT,
  requestId: 'REQ1',
} as const;

let server: MatterServer;

beforeAll(async () => {
  server = await startMatterServer();
});
afterAll(async () => {
  await server.close();
});
beforeEach(() => {
  server.heard.length = 0;
  server.instead = () => undefined;
  server.api = {
    preview: async () => PREVIEW,
    get: async () => MATTER,
    list: async () => ({ matters: [MATTER] }),
  };
});

const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  holdfast(args, { HOLDFAST_API: server.url, HOLDFAST_TOKEN: TOKEN, ...env });
const matters = async (...args: readonly string[]): Promise<Ran> => run(['matters', ...args]);
const json = ({ out, err, code }: Ran): unknown => {
  expect([err, code]).toStrictEqual(['', 0]);
  return JSON.parse(out);
};
const refused = (code: FailureCode) => async (): Promise<never> => {
  throw new HoldfastError(code, { what: `refused as ${code}`, next: 'do something else' });
};
const inState = (state: (typeof SCOPE)['state']): MatterView => ({
  ...MATTER,
  state,
  scopes: [{ ...SCOPE, state, ...(state === 'opening' && { working: 'listing' }) }],
});
const lines = (): string[] => server.heard.map(({ line }) => line);
const keys = (): unknown[] => server.heard.map(({ headers }) => headers['idempotency-key']);

describe('holdfast matters preview', () => {
  it('tells what a scope covers and what it costs', async () => {
    const { out, err, code } = await matters('preview', ...SELECTOR);

    expect([err, code]).toStrictEqual(['', 0]);
    expect(out).toContain('1,200 versions, 3.4 GB\n  a\n  b\n');
    expect(out).toContain('… and 2 more samples');
    expect(out).toContain('4,800 requests, about $0.01');
  });

  it('says where counts are lower bounds', async () => {
    server.api = { preview: async () => ({ ...PREVIEW, more: true }) };

    expect((await matters('preview', ...SELECTOR)).out).toContain('at least 1,200 versions, at least 3.4 GB');
  });

  it('prints the answer of the API as one document', async () => {
    expect(json(await matters('preview', '--json', ...SELECTOR))).toStrictEqual(PREVIEW);
  });

  it.each([
    [
      [
        '--bucket',
        'acme-docs',
        '--suffix',
        '.pdf',
        '--key',
        '*/a',
        '--tag',
        'a=1=2',
        '--tag',
        'b=x',
        '--tag',
        'b=y',
      ],
      { selector: { bucket: 'acme-docs', suffix: '.pdf', key: '*/a', tags: { a: '1=2', b: ['x', 'y'] } } },
    ],
    [
      ['--bucket', 'acme-docs', '--created-from', '2026-01-01', '--created-to', '2026-01-31'],
      { selector: { bucket: 'acme-docs', created: { from: '2026-01-01', to: '2026-01-31' } } },
    ],
    [
      ['s3://acme-docs/a?b?versionId=v1', 's3://acme-docs/c d'],
      {
        versions: [
          { bucket: 'acme-docs', key: 'a?b', versionId: 'v1' },
          { bucket: 'acme-docs', key: 'c d' },
        ],
      },
    ],
    [
      ['--versions', fileOf('v.csv', 'bucket,key,versionId\r\nacme-docs,"a,b",v1\r\nacme-docs,c,\r\n')],
      {
        versions: [
          { bucket: 'acme-docs', key: 'a,b', versionId: 'v1' },
          { bucket: 'acme-docs', key: 'c' },
        ],
      },
    ],
  ])('reads %j as a scope', async (args, scope) => {
    const asked: unknown[] = [];
    server.api = {
      preview: async (given) => {
        asked.push(given);
        return PREVIEW;
      },
    };

    expect((await matters('preview', ...args)).err).toBe('');
    expect(asked).toStrictEqual([scope]);
  });

  it.each([
    [[], 'nothing was said of which versions'],
    [['--prefix', 'a/', '--tag', 'a=b'], '--prefix, --tag cannot stand alone'],
    [[...SELECTOR, 's3://acme-docs/a'], 'a scope is named in one way'],
    [['--bucket', 'Acme Docs'], 'the bucket: the name of one bucket'],
    [['--bucket', 'acme-docs', '--tag', 'b'], '--tag cannot be "b"'],
    [['--bucket', 'acme-docs', '--created-from', '2026-02-30'], '--created-from cannot be "2026-02-30"'],
    [
      ['--bucket', 'acme-docs', '--created-from', '2026-02-02', '--created-to', '2026-02-01'],
      'no day is from',
    ],
    [['s3://acme-docs'], 'write it as s3://bucket/key'],
    [['s3://acme-docs/a?versionId='], 'names no version'],
    [['s3://arn:aws:s3:eu-west-1:111122223333:accesspoint/docs/a'], 'is an access point'],
    [['--versions', 'none.csv'], 'there is no such file'],
    [['--versions', fileOf('v.csv', 'bucket,name\na,b\n')], 'header: has no column key'],
    [
      ['--versions', fileOf('v.csv', `bucket,key\n${'acme-docs,a\n'.repeat(101)}`)],
      '101 versions are more than',
    ],
    [['--versions', fileOf('v.csv', 'bucket,key\nACME,a\n')], 'version 1 bucket: the name of one bucket'],
  ])('refuses %j', async (args, text) => {
    const { err, code } = await matters('preview', ...args);

    expect(err).toContain(text);
    expect(code).toBe(2);
    expect(server.heard).toStrictEqual([]);
  });
});

describe('holdfast matters open', () => {
  const opening = async (...args: readonly string[]): Promise<Ran> =>
    matters('open', ...NEW, ...SELECTOR, '--yes', ...args);

  it('shows what is covered, opens it, and says where to look', async () => {
    const asked: unknown[] = [];
    server.api.open = async (request, key) => {
      asked.push(request, key);
      return { matter: MATTER, isNew: true };
    };

    const { out, err, code } = await opening('--group', 'legal', '--allow-empty');

    expect([err, code]).toStrictEqual(['', 0]);
    expect(out).toMatch(
      /1,200 versions, 3\.4 GB[^]*m-1 {2}in force {2}Doe v\. Acme\n.*holdfast matters show m-1/,
    );
    expect(asked).toStrictEqual([
      {
        title: 'Doe v. Acme',
        reason: 'complaint served',
        group: 'legal',
        scope: { selector: { bucket: 'acme-docs', prefix: 'customers/4711/' } },
        allowEmpty: true,
      },
      expect.stringMatching(/^[0-9a-f-]{36}$/),
    ]);
  });

  it('opens nothing where nobody can be asked', async () => {
    const { err, code } = await matters('open', ...NEW, ...SELECTOR);

    expect([err, code]).toStrictEqual([expect.stringContaining('nobody can be asked here'), 2]);
    expect(server.heard).toStrictEqual([]);
  });

  it('prints nothing but the answer for scripts', async () => {
    server.api.open = async () => ({ matter: MATTER, isNew: true });

    expect(json(await opening('--json'))).toStrictEqual(MATTER);
  });

  it('waits until it is in force, with a line for each change', async () => {
    const states = [inState('opening'), inState('opening'), MATTER];
    server.api.open = async () => ({ matter: inState('opening'), isNew: true });
    server.api.get = async () => states.shift() ?? MATTER;

    const { out, err, code } = await opening('--wait', '--every', '0.1');

    expect(err).toBe('m-1: opening, 1,198 / 1,200 versions ON, listing\n');
    expect(out).toContain('m-1  in force  Doe v. Acme');
    expect(code).toBe(0);
    expect(lines().filter((line) => line === 'GET /matters/m-1')).toHaveLength(3);
  });

  it('does not wait unless it is told to', async () => {
    server.api.open = async () => ({ matter: inState('opening'), isNew: true });

    const { out, code } = await opening();

    expect(out).toContain('the holds are being placed: follow it with holdfast matters show m-1');
    expect(code).toBe(0);
  });

  it('ends with 6 where something could not be held', async () => {
    server.api.open = async () => ({ matter: inState('opening'), isNew: true });
    server.api.get = async () => inState('in force with exceptions');

    expect(await opening('--wait', '--every', '0.1')).toMatchObject({
      code: 6,
      out: expect.stringContaining('in force with exceptions'),
    });
  });

  it('sends the same key again when it is told to come back later', async () => {
    server.instead = (line, attempt) =>
      line === 'POST /matters' && attempt < 3 ? { status: 503, headers: { 'retry-after': '0' } } : undefined;
    server.api.open = async () => ({ matter: MATTER, isNew: true });

    expect((await opening('--json')).code).toBe(0);
    expect(lines()).toStrictEqual(['POST /matters', 'POST /matters', 'POST /matters']);
    expect(new Set(keys()).size).toBe(1);
  });

  it('sends the same key again when the connection ends', async () => {
    server.instead = (_, attempt) => (attempt < 2 ? { status: 0, cut: true } : undefined);
    server.api.open = async () => ({ matter: MATTER, isNew: true });

    expect((await opening('--json')).code).toBe(0);
    expect(new Set(keys()).size).toBe(1);
    expect(server.heard).toHaveLength(2);
  });

  it('has another key for another request', async () => {
    server.api.open = async () => ({ matter: MATTER, isNew: true });

    await opening('--json');
    await opening('--json');

    expect(new Set(keys()).size).toBe(2);
  });

  it('names every fault that the API found', async () => {
    const { err, code } = await matters(
      'open',
      '--title',
      'a\nb',
      '--reason',
      'x'.repeat(2_001),
      ...SELECTOR,
      '--yes',
    );

    expect(code).toBe(2);
    expect(err).toMatch(/2 faults \(\/title: one line, without control characters, \/reason: /);
  });
});

describe('holdfast matters list', () => {
  it('follows every page', async () => {
    const second = {
      ...MATTER,
      id: 'm-2',
      title: null,
      scopes: [SCOPE, { ...SCOPE, asOf: '2026-11-20T09:30:00Z' }],
    };
    server.api.list = async ({ after }) =>
      after === undefined ? { matters: [MATTER], next: 'm-1' } : { matters: [second] };

    const { out, err, code } = await matters('list');

    expect([err, code]).toStrictEqual(['', 0]);
    expect(out).toMatch(/^id +state +title +group +ON \/ on roll +as of +opened\n/);
    expect(out).toMatch(
      /m-1 +in force +Doe v\. Acme +legal +1,198 \/ 1,200 +2026-11-20T10:00:00Z +2026-11-20T09:00:00Z/,
    );
    expect(out).toMatch(/m-2 +in force +\(erased\) +legal +2,396 \/ 2,400 +2026-11-20T09:30:00Z/);
    expect(lines()).toStrictEqual(['GET /matters?limit=100', 'GET /matters?limit=100&after=m-1']);
  });

  it('is one document for scripts, and what is asked for when nothing is named', async () => {
    expect(json(await matters('--json'))).toStrictEqual({ matters: [MATTER] });
  });

  it('says so where there are none', async () => {
    server.api.list = async () => ({ matters: [] });

    expect((await matters('list')).out).toBe('There are no matters that you may see.\n');
  });

  it('shows what could move the cursor as an escape', async () => {
    const hostile = { ...MATTER, title: ESCAPE, group: ESCAPE };
    server.api = { list: async () => ({ matters: [hostile] }), get: async () => hostile };

    for (const args of [['list'], ['show', 'm-1']]) {
      const { out } = await matters(...args);
      expect(out).not.toContain('\u001b');
      expect(out).not.toContain('\u202e');
      expect(out).toContain(String.raw`\u{1b}[2J\u{202e}`);
    }
  });
});

describe('holdfast matters show', () => {
  const exception = {
    bucket: 'acme-docs',
    key: `a${ESCAPE}`,
    versionId: 'v9',
    outcome: 'no-permission' as const,
  };
  const troubled: MatterView = {
    ...MATTER,
    state: 'release asked',
    scopes: [
      { ...SCOPE, state: 'in force with exceptions', counts: { ...SCOPE.counts, exceptions: 101 } },
      {
        id: 's2',
        named: 3,
        state: 'opening',
        addedBy: JONAS,
        addedAt: AT,
        counts: { versions: 0, bytes: 0, on: 0, exceptions: 0 },
        working: 'listing',
        released: { off: 1, needed: 2, notOurs: 3, gone: 4, failed: 5 },
      },
    ],
    release: { reason: 'settled', askedBy: JONAS, askedAt: AT },
    unprocessed: 2,
    exceptions: [exception],
  };

  it('tells everything, exceptions first', async () => {
    server.api.get = async () => troubled;

    const { out, err, code } = await matters('show', 'm-1');

    expect([err, code]).toStrictEqual(['', 0]);
    const parts = [
      'm-1  release asked  Doe v. Acme',
      '101 versions not as they should be',
      'no-permission',
      'all of them are on the roll: holdfast matters roll m-1',
      '2 messages about uploads wait',
      'reason    complaint served',
      'opened    2026-11-20T09:00:00Z by Ana Meyer (ana at https://issuer.example)',
      'release   asked 2026-11-20T09:00:00Z by jonas at https://issuer.example',
      'holdfast matters approve m-1',
      'scope s1',
      'covers    bucket acme-docs, prefix customers/4711/',
      'as of     2026-11-20T10:00:00Z',
      '1,198 ON of 1,200 on the roll, 3.4 GB, 101 exceptions',
      'scope s2',
      'covers    3 versions named one by one',
      'as of     not complete yet',
      'released  1 OFF, 2 needed by others, 3 ON before us or unclear, 4 gone, 5 failed',
      'working   listing',
      'opened  Ana Meyer',
    ];
    const places = parts.map((part) => [part, out.indexOf(part)] as const);
    expect(places.filter(([, at]) => at < 0)).toStrictEqual([]);
    expect(places.map(([, at]) => at)).toStrictEqual(places.map(([, at]) => at).toSorted((a, b) => a - b));
  });

  it('prints what the API answered', async () => {
    expect(json(await matters('show', 'm-1', '--json'))).toStrictEqual(MATTER);
  });

  it('ends with 2 where there is no such matter', async () => {
    server.api.get = refused('no-such-matter');

    expect(await matters('show', 'm-9')).toStrictEqual({
      code: 2,
      out: '',
      err: 'refused as no-such-matter; do something else\n',
    });
  });

  it('asks for nothing that can be no id', async () => {
    expect(await matters('show', '../events')).toMatchObject({
      code: 2,
      err: expect.stringContaining('not the id'),
    });
    expect(server.heard).toStrictEqual([]);
  });
});

describe('holdfast matters widen', () => {
  it('adds a scope, and waits for it', async () => {
    const asked: unknown[] = [];
    server.api.widen = async (...[id, request]) => {
      asked.push(id, JSON.stringify(request).includes('acme-docs'));
      return inState('opening');
    };

    const { out, code } = await matters(
      'widen',
      'm-1',
      's3://acme-docs/a',
      '--yes',
      '--wait',
      '--every',
      '0.1',
    );

    expect(code).toBe(0);
    expect(asked).toStrictEqual(['m-1', true]);
    expect(out).toMatch(/1,200 versions[^]*m-1 {2}in force/);
  });
});

describe('holdfast matters release', () => {
  const deletable = {
    looked: 1_000,
    of: 1_200,
    atOnce: 900,
    byLifecycle: [{ bucket: 'acme-docs', rule: `old${ESCAPE}`, versions: 50, when: 'after 2027-01-01' }],
    retained: 25,
    held: 20,
    gone: 5,
  };

  it('tells what becomes deletable, and who must act next', async () => {
    const reasons: string[] = [];
    server.api.askRelease = async (_, reason) => {
      reasons.push(reason);
      return { matter: { ...MATTER, state: 'release asked' }, deletable };
    };

    const { out, err, code } = await matters('release', 'm-1', '--reason', 'settled');

    expect([err, code, reasons]).toStrictEqual(['', 0, ['settled']]);
    expect(out).toContain('of the first 1,000 versions of 1,200:');
    expect(out).toMatch(/ 900 can be deleted at once/);
    expect(out).toMatch(/ 50 are deleted by lifecycle rules/);
    expect(out).toMatch(/50 +acme-docs +old\\u\{1b\}\S* +after 2027-01-01/);
    expect(out).toContain('holdfast matters approve m-1');
    expect(keys()).toStrictEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  });

  it('prints what the API answered', async () => {
    server.api.askRelease = async () => ({ matter: MATTER, deletable });

    expect(json(await matters('release', 'm-1', '--reason', 'x', '--json'))).toStrictEqual({
      matter: MATTER,
      deletable,
    });
  });

  it('says that it may have been done where only its answer was lost', async () => {
    server.instead = (_, attempt) =>
      attempt < 2 ? { status: 503, headers: { 'retry-after': '0' } } : undefined;
    server.api.askRelease = refused('already-asked');

    expect(await matters('release', 'm-1', '--reason', 'x')).toMatchObject({
      code: 2,
      err: expect.stringContaining('this command may have done it'),
    });
  });
});

describe('holdfast matters approve', () => {
  const asked: MatterView = {
    ...MATTER,
    state: 'release asked',
    release: { reason: 'settled', askedBy: JONAS, askedAt: AT },
  };

  it('shows what is released, and waits until it is', async () => {
    const states = [asked, inState('releasing'), inState('released')];
    server.api.get = async () => states.shift() ?? MATTER;
    server.api.approveRelease = async () => inState('releasing');

    const { out, err, code } = await matters('approve', 'm-1', '--yes', '--wait', '--every', '0.1');

    expect(code).toBe(0);
    expect(err).toContain('m-1: releasing');
    expect(out).toMatch(/release asked 2026-\S+ by jonas at \S+\n {2}settled\n[^]*m-1 {2}released {2}Doe/);
  });

  it('ends with 4 where it is approved by who asked for it', async () => {
    server.api.get = async () => asked;
    server.api.approveRelease = refused('self-approval');

    expect(await matters('approve', 'm-1', '--yes')).toMatchObject({
      code: 4,
      err: 'refused as self-approval; do something else\n',
    });
  });

  it('approves nothing where nobody can be asked', async () => {
    expect(await matters('approve', 'm-1')).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
    expect(server.heard).toStrictEqual([]);
  });

  it('ends with 6 where some holds could not be taken off', async () => {
    server.api.get = async () => asked;
    server.api.approveRelease = async () => inState('released with exceptions');

    const { code, out } = await matters('approve', 'm-1', '--yes', '--json');

    expect(code).toBe(6);
    expect(JSON.parse(out)).toMatchObject({ id: 'm-1', state: 'released with exceptions' });
  });
});

describe('holdfast matters roll', () => {
  const page = (...versions: readonly string[]): string[] => [
    rollCsvHeader,
    ...versions.map((versionId) => rollCsvLine({ ...ROW, versionId })),
  ];

  beforeEach(() => {
    server.api.roll = async (_, after) =>
      after === undefined ? { lines: page('v1', 'v2'), next: 'p/2&x' } : { lines: page(after) };
  });

  it('is one table of all pages, as it is stored', async () => {
    const { out, err, code } = await matters('roll', 'm-1');

    expect([err, code]).toStrictEqual(['', 0]);
    expect(out).toBe(
      page('v1', 'v2', 'p/2&x')
        .map((line) => `${line}\r\n`)
        .join(''),
    );
  });

  it('is a list of rows for scripts', async () => {
    expect(json(await matters('roll', 'm-1', '--json'))).toStrictEqual([
      ROW,
      { ...ROW, versionId: 'v2' },
      { ...ROW, versionId: 'p/2&x' },
    ]);
  });

  it('is an empty list where nothing is on it', async () => {
    server.api.roll = async () => ({ lines: [rollCsvHeader] });

    expect(json(await matters('roll', 'm-1', '--json'))).toStrictEqual([]);
  });

  it('stops where pages do not fit together', async () => {
    server.api.roll = async (_, after) =>
      after === undefined ? { lines: page('v1'), next: '2' } : { lines: ['bucket,key', 'b,k'] };

    expect(await matters('roll', 'm-1')).toMatchObject({
      code: 9,
      err: expect.stringContaining('different columns'),
    });
  });

  it('stops where a page leads to itself', async () => {
    server.api.roll = async () => ({ lines: page('v1'), next: '1' });

    expect(await matters('roll', 'm-1')).toMatchObject({
      code: 1,
      err: expect.stringContaining('of itself'),
    });
  });
});

describe('holdfast matters certificate', () => {
  const SHA = 'ab'.repeat(32);
  let folder: string;

  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'holdfast-certificate-')), 'new', 'folder');
    server.api.roll = async (_, after) => ({
      lines: [rollCsvHeader, rollCsvLine({ ...ROW, versionId: after ?? 'v1' })],
      ...(after === undefined && { next: 'v2' }),
    });
    server.api.pages = async (_, after) => ({
      pages: [{ name: `rolls/m-1/placed/s1/${after ?? '1'}.ndjson`, sha256: SHA }],
      ...(after === undefined && { next: '2' }),
    });
  });
  const certificate = async (...args: readonly string[]): Promise<Ran> =>
    matters('certificate', 'm-1', '--out', folder, ...args);
  const read = (kind: string): string => readFileSync(join(folder, `certificate-m-1.${kind}`), 'utf8');

  it('writes a page and a table, and prints where they are', async () => {
    const { out, err, code } = await certificate('--records', 'acme-records');

    expect([err, code]).toStrictEqual(['', 0]);
    expect(out).toBe(`${join(folder, 'certificate-m-1.html')}\n${join(folder, 'certificate-m-1.csv')}\n`);
    expect(read('csv')).toBe(
      [rollCsvHeader, rollCsvLine(ROW), rollCsvLine({ ...ROW, versionId: 'v2' })]
        .map((line) => `${line}\r\n`)
        .join(''),
    );
    for (const text of ['Doe v. Acme', 'Ana Meyer', SHA, 'rolls/m-1/placed/s1/2.ndjson', 'acme-records'])
      expect(read('html')).toContain(text);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it('names no digests where the deployment does not tell them', async () => {
    server.instead = (line) =>
      line.endsWith('/roll/pages') ? { status: 404, body: '{"message":"Not Found"}' } : undefined;

    expect(json(await certificate('--json'))).toMatchObject({ versions: 2, pages: 0 });
    expect(read('html')).toContain('No pages of the roll were named');
    expect((await certificate('--force')).err).toContain('no digests');
  });

  it.each(['html', 'csv'])('does not write over a %s that is there, unless it is told to', async (kind) => {
    await certificate();
    const other = kind === 'html' ? 'csv' : 'html';
    const path = join(folder, `certificate-m-1.${kind}`);
    writeFileSync(path, 'mine');
    const before = read(other);

    const { code, err } = await certificate();

    expect([code, err]).toStrictEqual([2, expect.stringContaining('is there already')]);
    expect([readFileSync(path, 'utf8'), read(other)]).toStrictEqual(['mine', before]);
    expect((await certificate('--force')).code).toBe(0);
    expect(readFileSync(path, 'utf8')).not.toBe('mine');
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it('writes nothing where the roll cannot be read as one', async () => {
    server.api.roll = async () => ({ lines: ['bucket,key', 'b,k'] });

    expect(await certificate()).toMatchObject({
      code: 1,
      err: expect.stringContaining('line 2 of the roll'),
    });
    expect(existsSync(folder)).toBe(false);
  });

  it('says where the work is not over', async () => {
    server.api.get = async () => inState('opening');

    expect(await certificate()).toMatchObject({ code: 0, err: expect.stringContaining('not the last word') });
  });

  it('names the folder that cannot be written to', async () => {
    expect(await matters('certificate', 'm-1', '--out', fileOf('a', ''))).toMatchObject({
      code: 2,
      err: expect.stringContaining('cannot be written into'),
    });
  });
});

describe('holdfast events post', () => {
  const events = async (...args: readonly string[]): Promise<Ran> =>
    run(['events', 'post', '--event', 'left', ...args]);
  const answer = {
    id: 'e-1',
    state: 'working' as const,
    versions: 3,
    counts: { released: 1, failed: 1 },
    results: [
      {
        bucket: 'acme-docs',
        key: ESCAPE,
        versionId: 'v1',
        outcome: 'released',
        until: '2033-01-01T00:00:00Z',
      },
    ],
  };

  it('tells what became of every version', async () => {
    const asked: unknown[] = [];
    server.api.postEvent = async (request, key) => {
      asked.push(request, key);
      return answer;
    };

    const { out, err, code } = await events('--release', 's3://acme-docs/a');

    expect([err, code]).toStrictEqual(['', 0]);
    expect(asked).toStrictEqual([
      { event: 'left', action: 'release', scope: { versions: [{ bucket: 'acme-docs', key: 'a' }] } },
      expect.any(String),
    ]);
    expect(out).toMatch(/^e-1 {2}3 versions, 1 released, 1 failed\n/);
    expect(out).toMatch(/released +acme-docs +\\u\{1b\}\S+ +v1 +2033-01-01T00:00:00Z/);
    expect(out).toContain('The rest is being done.');
  });

  it('prints what the API answered', async () => {
    server.api.postEvent = async () => answer;

    expect(json(await events('--hold', '--json', ...SELECTOR))).toStrictEqual(answer);
  });

  it.each([[[]], [['--hold', '--release']]])('refuses %j, which says not what happened', async (args) => {
    expect(await events(...args, ...SELECTOR)).toMatchObject({
      code: 2,
      err: expect.stringContaining('event'),
    });
  });
});

describe('the connection', () => {
  const list = async (env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Ran> =>
    run(['matters', 'list', ...args], env);

  it.each([
    ['no API', { HOLDFAST_API: '' }, 'no API was named; name it with --api or HOLDFAST_API'],
    ['no token', { HOLDFAST_TOKEN: '' }, 'there is no token that says who asks'],
    ['an empty token', { HOLDFAST_TOKEN: ' ' }, 'there is no token in HOLDFAST_TOKEN'],
    ['no address', { HOLDFAST_API: 'holdfast' }, 'the API cannot be "holdfast"'],
    [
      'http over a network',
      { HOLDFAST_API: 'http://holdfast.example' },
      'could be read by anybody on the way',
    ],
  ])('with %s is refused', async (_, env, text) => {
    expect(await list(env)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(text) });
    expect(server.heard).toStrictEqual([]);
  });

  it('with a password in the address is refused, and not shown', async () => {
    const { code, err } = await list({ HOLDFAST_API: 'https://me:secret@holdfast.example' });

    expect(code).toBe(2);
    expect(err).not.toContain('secret');
  });

  it.each([
    ['--token', TOKEN],
    ['--token-file', TOKEN],
  ])('refuses a token that was typed with %s, and does not show it', async (option, token) => {
    const { code, err } = await list({}, option, token);

    expect(code).toBe(2);
    expect(err).toContain('process list');
    expect(err).not.toContain(token);
    expect(server.heard).toStrictEqual([]);
  });

  it('takes the token from a file, as it was saved', async () => {
    const { code } = await list({ HOLDFAST_TOKEN: 'old' }, '--token-file', fileOf('token', `${TOKEN}\n`));

    expect(code).toBe(0);
    expect(server.heard[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  it('says what to do when the token has expired', async () => {
    const path = fileOf('token', 'old');

    expect(await list({}, '--token-file', path)).toMatchObject({
      code: 4,
      err: `the token has expired; sign in again, and put the new token into ${path}\n`,
    });
    expect(await list({ HOLDFAST_TOKEN: 'old' })).toMatchObject({
      code: 4,
      err: expect.stringContaining('HOLDFAST_TOKEN'),
    });
  });

  it('ends with 5 where nobody answers', async () => {
    const closed = await startMatterServer();
    await closed.close();

    const { code, err } = await list({ HOLDFAST_API: closed.url });

    expect(code).toBe(5);
    expect(err).toMatch(/ cannot be reached \(ECONNREFUSED: .*\); check the address and the network\n$/);
  });

  it.each([
    [
      'a page',
      { status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>Hi' },
      5,
      /answered 200, but not as/,
    ],
    ['another form', { status: 200, body: '{"matters":7}' }, 5, /in a form that this holdfast does not know/],
    [
      'a page of a proxy',
      { status: 504, body: `<h1>${ESCAPE}` },
      5,
      /answered 504 with a page of HTML, not as/,
    ],
    [
      'a redirect',
      { status: 302, headers: { location: 'https://login.example/' } },
      5,
      /answered 302 with something else, which leads to https:\/\/login\.example\//,
    ],
    [
      'the gateway on tokens',
      { status: 401, body: '{"message":"Unauthorized"}' },
      4,
      /"Unauthorized".*; sign in again/,
    ],
    ['the gateway on scopes', { status: 403, body: '{"message":"Forbidden"}' }, 4, /"Forbidden"/],
    ['the gateway on addresses', { status: 404, body: '{"message":"Not Found"}' }, 2, /check the address/],
  ])('tells apart what %s answers', async (_, reply, exit, text) => {
    server.instead = () => reply;

    const { code, err, out } = await list({});

    expect([code, out]).toStrictEqual([exit, '']);
    expect(err).toMatch(text);
    expect(err).not.toContain('\u001b');
  });

  it('takes a code that it does not know as unexpected', async () => {
    const problem = {
      type: 'urn:holdfast:fresh',
      title: 't',
      status: 418,
      code: 'fresh',
      detail: `new${ESCAPE}`,
      next: 'update',
      instance: 'i',
    };
    server.instead = () => ({ status: 418, body: JSON.stringify(problem) });

    const { code, err } = await list({});

    expect([code, err]).toStrictEqual([1, 'new\\u{1b}[2J\\u{202e}; update\n']);
  });

  it('asks four times at the most', async () => {
    server.instead = () => ({
      status: 429,
      headers: { 'retry-after': '0' },
      body: '{"message":"Too Many Requests"}',
    });

    const { code, err } = await list({});

    expect([code, err]).toStrictEqual([5, expect.stringContaining('Too Many Requests')]);
    expect(server.heard).toHaveLength(4);
  });

  it('asks under the path of the address', async () => {
    server.instead = (line) =>
      line.startsWith('GET /prod/matters?')
        ? { status: 200, body: JSON.stringify({ matters: [MATTER] }) }
        : { status: 404 };

    expect((await list({}, '--api', `${server.url}/prod/`)).code).toBe(0);
  });
});

describe('--help', () => {
  it.each([
    ...['preview', 'open', 'list', 'show', 'widen', 'release', 'approve', 'roll', 'certificate'].map(
      (name) => ['matters', name],
    ),
    ['events', 'post'],
  ])('of %s %s has an example, and keeps silent about --token', async (...command) => {
    const { out, code } = await run([...command, '--help']);

    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`Examples?:\n {2}holdfast ${command.join(' ')}`));
    expect(out).not.toMatch(/--token\b(?!-file)/);
  });
});
