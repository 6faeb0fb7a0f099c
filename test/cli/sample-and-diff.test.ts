import { describe, expect, it } from '@jest/globals';
import { fileOf, holdfast, type Ran } from '../helpers/cli.ts';
import { inFolder, inventory, type Listed } from '../helpers/inventory.ts';

const NOW = Date.now();
const DAY = 86_400_000;
const KEYS = { AWS_ACCESS_KEY_ID: 'owner', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'us-east-1' };
const ROWS: readonly Listed[] = Array.from({ length: 400 }, (_, at) => ({
  key: `${at % 4 === 0 ? 'invoices' : 'logs'}/${at}`,
  created: new Date(NOW - 20 * DAY).toISOString(),
}));
const manifest = (): string => inFolder(inventory({ rows: ROWS, files: 4, created: NOW - DAY / 2 }));
const policy = (rules: string): string => fileOf('policy.yaml', `version: 1\nrules:\n${rules}`);
const INVOICES =
  '  - { name: invoices, match: { prefix: invoices/ }, lock: { mode: GOVERNANCE, for: P1Y } }\n';
const BY_TAG =
  '  - { name: by-tag, match: { tags: { keep: { present: true } } }, lock: { mode: GOVERNANCE, for: P2Y } }\n';
const run = async (...args: string[]): Promise<Ran> => holdfast(args, KEYS);

describe('holdfast plan --sample', () => {
  it('estimates how many versions would change, with a range that holds the truth', async () => {
    const args = ['--policy', policy(INVOICES), '--inventory', manifest(), '--sample', '200', '--json'];

    const { code, out } = await run('plan', ...args);

    expect(code).toBe(0);
    const { looked, parts, total, changes } = JSON.parse(out) as {
      looked: number;
      parts: object;
      total: number;
      changes: { low: number; mid: number; high: number };
    };
    expect({ looked, parts, total }).toStrictEqual({ looked: 200, parts: { looked: 4, all: 4 }, total: 400 });
    expect(changes.low).toBeLessThanOrEqual(100);
    expect(changes.high).toBeGreaterThanOrEqual(100);
  });

  it('is the truth where it is as large as the listing', async () => {
    const args = ['--policy', policy(INVOICES), '--inventory', manifest(), '--sample', '1000', '--json'];

    const { out } = await run('plan', ...args);

    expect(JSON.parse(out)).toMatchObject({ changes: { low: 100, mid: 100, high: 100 } });
  });

  it('is no plan, and cannot be kept as one', async () => {
    const args = ['--policy', policy(INVOICES), '--inventory', manifest(), '--sample', '10', '--out', 'x'];

    expect(await run('plan', ...args)).toMatchObject({ code: 2, err: expect.stringContaining('no plan') });
  });
});

describe('holdfast policy diff', () => {
  const diff = async (before: string, after: string): Promise<Record<string, unknown>> => {
    const { code, out, err } = await run(
      'policy',
      'diff',
      before,
      after,
      '--inventory',
      manifest(),
      '--json',
    );
    expect([code, err]).toStrictEqual([0, '']);
    return JSON.parse(out) as Record<string, unknown>;
  };

  it('counts the versions for which a longer term, another mode and a new rule change something', async () => {
    const before = policy(INVOICES);
    const longer = policy(INVOICES.replace('P1Y', 'P3Y'));
    const stricter = policy(INVOICES.replace('GOVERNANCE', 'COMPLIANCE'));
    const wider = policy(
      `${INVOICES}  - { name: logs, match: { prefix: logs/ }, lock: { mode: GOVERNANCE, for: P1Y } }\n`,
    );

    expect(await diff(before, longer)).toMatchObject({
      same: 300,
      lines: [{ change: 'longer', versions: 100 }],
    });
    expect(await diff(longer, before)).toMatchObject({ lines: [{ change: 'shorter', versions: 100 }] });
    expect(await diff(before, stricter)).toMatchObject({
      lines: [{ change: 'stricter-mode', versions: 100 }],
    });
    expect(await diff(before, wider)).toMatchObject({ lines: [{ change: 'newly-covered', versions: 300 }] });
    expect(await diff(wider, before)).toMatchObject({
      lines: [{ change: 'no-longer-covered', versions: 300 }],
    });
  });

  it('finds no difference between a policy and itself, whatever its rules ask of tags', async () => {
    const same = policy(INVOICES + BY_TAG);

    expect(await diff(same, same)).toMatchObject({ changes: [], rows: 400, same: 400, lines: [] });
  });

  it('says where tags decide, and only there', async () => {
    const before = policy(INVOICES + BY_TAG);

    expect(await diff(before, policy(INVOICES.replace('P1Y', 'P3Y') + BY_TAG))).toMatchObject({
      ...{ same: 300, lines: [{ change: 'longer', versions: 100 }] },
    });
    expect(await diff(before, policy(INVOICES + BY_TAG.replace('P2Y', 'P3Y')))).toMatchObject({
      ...{ same: 0, lines: expect.arrayContaining([expect.objectContaining({ change: 'depends-on-tags' })]) },
    });
  });
});
