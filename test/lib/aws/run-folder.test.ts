import { beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunFolder } from '../../../lib/aws/run-folder.ts';
import { type RowEnd } from '../../../lib/ports/run-store.ts';
import { type VersionRef, versionIdOf } from '../../../lib/ports/lock-store.ts';
import { HOSTILE, madePlan, type MadePlan, runOf } from '../../helpers/bulk.ts';
import { allOf } from '../../helpers/records.ts';

const refOf = (key: string, versionId = 'v1'): VersionRef => ({
  ...{ bucket: 'acme-docs', key },
  versionId: versionIdOf(versionId),
});
const REFS = [refOf('a'), refOf(HOSTILE), refOf('old', 'null'), refOf('line\u2028sep\r'), refOf('日本/x')];

let made: MadePlan;
let runs: RunFolder;

beforeEach(() => {
  made = madePlan([{ refs: REFS }]);
  runs = new RunFolder(made.folder);
});

const end = (at: number, more: Partial<RowEnd> = {}): RowEnd => ({
  ...{ at, outcome: 'locked', asPlanned: true },
  ...more,
});
const lockFile = (): string => join(made.folder, 'run', 'lock');
const journal = (): string => join(made.folder, 'run', 'g001.ndjson');
const ends = async (from = new RunFolder(made.folder)): Promise<RowEnd[]> => allOf(from.ends('g001'));

describe('a run', () => {
  it('is none before it began', async () => {
    expect(await runs.read()).toBeUndefined();
  });

  it('is read as it was written, by whoever comes next', async () => {
    const run = runOf(made);
    await runs.write(run);
    await runs.write({ ...run, state: 'running' });

    expect(await new RunFolder(made.folder).read()).toStrictEqual({ ...run, state: 'running' });
  });

  it.each([
    ['half of it', '{"version":1,"id":"run-0123'],
    ['another version of it', '{"version":2}'],
    ['a state that nobody knows', '{"state":"asleep"}'],
  ])('of which there is %s is refused, and not begun anew', async (_, text) => {
    await runs.write(runOf(made));
    writeFileSync(join(made.folder, 'run', 'run.json'), text);

    await expect(runs.read()).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('found in place'),
    });
  });
});

describe('the hold on a run', () => {
  it('keeps a second command out until it is released', async () => {
    const { release } = await runs.hold();

    await expect(new RunFolder(made.folder).hold()).rejects.toMatchObject({
      code: 'moved',
      exitCode: 9,
      message: expect.stringContaining(`process ${process.pid}`),
    });

    await release();
    await (await new RunFolder(made.folder).hold()).release();
    expect(existsSync(lockFile())).toBe(false);
  });

  it('is respected as long as the process lives that has it', async () => {
    await (await runs.hold()).release();
    writeFileSync(lockFile(), String(process.ppid));

    await expect(runs.hold()).rejects.toThrow(`process ${process.ppid}`);
    expect(readFileSync(lockFile(), 'utf8')).toBe(String(process.ppid));
  });

  it.each([
    ['a process that was killed', () => String(spawnSync(process.execPath, ['-e', '0']).pid)],
    ['a process that was killed before it wrote its number', () => ''],
  ])('of %s is taken over', async (_, left) => {
    await (await runs.hold()).release();
    writeFileSync(lockFile(), left());

    await runs.hold();

    expect(readFileSync(lockFile(), 'utf8')).toBe(String(process.pid));
  });
});

describe('the versions of a group', () => {
  it('come in the order of the plan, with their keys and ids as they are', async () => {
    expect(await allOf(runs.rows('g001'))).toStrictEqual(REFS.map((ref, at) => ({ at, ref })));
  });

  it('have dates of their own where the plan says so', async () => {
    const dates = ['2027-01-01T00:00:00Z', '2028-01-01T00:00:00Z'];
    made = madePlan([{ refs: REFS.slice(0, 2), dates, route: 'own-date' }]);

    expect(await allOf(new RunFolder(made.folder).rows('g001'))).toStrictEqual([
      { at: 0, ref: REFS[0], until: dates[0] },
      { at: 1, ref: REFS[1], until: dates[1] },
    ]);
  });

  it('are refused where a key cannot be what was written', async () => {
    appendFileSync(join(made.folder, 'groups', 'g001.csv'), 'acme-docs,100%,v1\n');

    await expect(allOf(runs.rows('g001'))).rejects.toThrow('cannot be read, line 6');
  });
});

describe('how versions ended', () => {
  beforeEach(async () => {
    await runs.write(runOf(made));
  });

  it('is none before any has', async () => {
    expect(await ends()).toStrictEqual([]);
  });

  it('is stored when it is flushed', async () => {
    const noted = [
      end(0),
      end(3, { outcome: 'no-verdict', asPlanned: false, detail: 'a "reason",\nin two lines' }),
      end(1, { outcome: 'by-job' }),
    ];
    for (const each of noted) runs.note('g001', each);
    expect(await ends()).toStrictEqual([]);

    await runs.flush();

    expect(await ends()).toStrictEqual(noted);
  });

  it('is stored after some dozens in any case: little is lost with a process', async () => {
    for (let at = 0; at < 100; at += 1) runs.note('g001', end(at));

    expect((await ends()).length).toBeGreaterThanOrEqual(64);
  });

  it('is told with what still waits', async () => {
    runs.note('g001', end(0));

    expect(await ends(runs)).toStrictEqual([end(0)]);
  });

  it('is kept apart by group', async () => {
    runs.note('g001', end(0));
    runs.note('g002', end(7));
    await runs.flush();

    expect(await ends()).toStrictEqual([end(0)]);
  });

  it('is told without the half line of a process that was killed', async () => {
    runs.note('g001', end(0));
    await runs.flush();
    appendFileSync(journal(), '{"at":1,"outcome":"loc');

    expect(await ends()).toStrictEqual([end(0)]);
  });

  it('is not lost by a half line before it', async () => {
    runs.note('g001', end(0));
    await runs.flush();
    appendFileSync(journal(), '{"at":1,"outcome":"loc');

    const resumed = new RunFolder(made.folder);
    resumed.note('g001', end(1, { outcome: 'no-permission', asPlanned: false }));
    resumed.note('g001', end(2));
    await resumed.flush();

    expect(await ends()).toStrictEqual([
      end(0),
      end(1, { outcome: 'no-permission', asPlanned: false }),
      end(2),
    ]);
  });

  it('is not lost by line ends that only some readers know', async () => {
    const detail = 'paused: \u2028 \u2029 \u0085 and \r';
    runs.note('g001', end(0, { outcome: 'paused', asPlanned: false, detail }));
    await runs.flush();

    expect(await ends()).toStrictEqual([end(0, { outcome: 'paused', asPlanned: false, detail })]);
  });

  it('is told without lines that are none of ours', async () => {
    await runs.flush();
    appendFileSync(
      journal(),
      [
        'null',
        '1',
        '{}',
        '{"at":"0","outcome":"locked","asPlanned":true}',
        '{"at":0,"outcome":"flown","asPlanned":true}',
        '',
      ].join('\n'),
    );

    expect(await ends()).toStrictEqual([]);
  });
});
