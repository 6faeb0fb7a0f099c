/** A run kept beside its plan on disk: `run/run.json`, and a journal of how each version ended. */
import { appendFileSync, closeSync, createReadStream, existsSync, fsyncSync, openSync } from 'node:fs';
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isOutcomeCode } from '../audit/outcome.ts';
import { HoldfastError } from '../errors.ts';
import { jsonOf } from '../json.ts';
import { type GroupRow, groupRowOf, type RowEnd, type RunStore } from '../ports/run-store.ts';
import { type Run, runSchema } from '../runs/run.ts';
import { makeFolder } from './make-folder.ts';
import { groupFile } from './plan-folder.ts';

/** Lines that wait in memory; what is lost with them is looked at again and found in place. */
const WAITING = 64;

export class RunFolder implements RunStore {
  private readonly plan: string;
  private readonly folder: string;
  private readonly waiting = new Map<string, string[]>();
  /** Groups whose journals this command has written to. */
  private readonly begun = new Set<string>();

  /** @param plan - the folder of the plan. */
  constructor(plan: string) {
    this.plan = plan;
    this.folder = join(plan, 'run');
  }

  /**
   * Keeps other commands out of this run until `release` is called.
   *
   * @throws HoldfastError `moved` while another command carries it out.
   */
  async hold(): Promise<{ release: () => Promise<void> }> {
    makeFolder(this.folder);
    const path = join(this.folder, 'lock');
    for (let attempt = 0; attempt < 2; attempt += 1) {
      try {
        const file = await open(path, 'wx');
        await file.writeFile(String(process.pid));
        await file.close();
        return { release: async () => rm(path, { force: true }) };
      } catch (cause) {
        if (codeOf(cause) !== 'EEXIST') throw cause;
        const pid = Number(await readFile(path, 'utf8').catch(() => ''));
        if (pid > 0 && isAlive(pid)) {
          throw new HoldfastError('moved', {
            what: `another command (process ${pid}) carries out this plan`,
            next: `wait until it has ended; if it has, delete ${path}`,
          });
        }
        // Whoever held it is no more: a crash, which this command resumes from.
        await rm(path, { force: true });
      }
    }
    throw new HoldfastError('moved', {
      what: `another command began to carry out this plan at the same moment`,
      next: 'wait until it has ended',
    });
  }

  async read(): Promise<Run | undefined> {
    const path = join(this.folder, 'run.json');
    if (!existsSync(path)) return undefined;
    const parsed = runSchema.safeParse(jsonOf(await readFile(path, 'utf8')));
    if (parsed.success) return parsed.data;
    throw new HoldfastError('bad-input', {
      what: `${path} cannot be read`,
      next: `delete ${this.folder} to begin again: versions that are locked are found in place`,
    });
  }

  async write(run: Run): Promise<void> {
    makeFolder(this.folder);
    const path = join(this.folder, 'run.json');
    await writeFile(`${path}.new`, `${JSON.stringify(run, undefined, 2)}\n`);
    await rename(`${path}.new`, path);
  }

  async *rows(group: string): AsyncGenerator<GroupRow> {
    let at = 0;
    for await (const line of linesOf(groupFile(this.plan, group))) {
      const row = groupRowOf(line, at);
      if (row === undefined) throw new Error(`${groupFile(this.plan, group)} cannot be read, line ${at + 1}`);
      yield row;
      at += 1;
    }
  }

  note(group: string, { at, outcome, asPlanned, detail }: RowEnd): void {
    let lines = this.waiting.get(group);
    if (lines === undefined) {
      lines = [];
      this.waiting.set(group, lines);
    }
    lines.push(JSON.stringify({ at, outcome, asPlanned, ...(detail !== undefined && { detail }) }));
    if (lines.length >= WAITING) this.append(group, lines);
  }

  async flush(): Promise<void> {
    for (const [group, lines] of this.waiting) if (lines.length > 0) this.append(group, lines, true);
    return Promise.resolve();
  }

  async *ends(group: string): AsyncGenerator<RowEnd> {
    await this.flush();
    const path = this.journal(group);
    if (!existsSync(path)) return;
    for await (const line of linesOf(path)) {
      const end = endOf(jsonOf(line));
      // The last line of a process that was killed may be half a line.
      if (end !== undefined) yield end;
    }
  }

  private append(group: string, lines: string[], isSynced = false): void {
    // The last line of a process that was killed may be half a line, which ends here.
    const isFirst = !this.begun.has(group);
    this.begun.add(group);
    const text = `${isFirst ? '\n' : ''}${lines.splice(0).join('\n')}\n`;
    const file = openSync(this.journal(group), 'a');
    try {
      appendFileSync(file, text);
      if (isSynced) fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  private journal(group: string): string {
    return join(this.folder, `${group}.ndjson`);
  }
}

/** Cut at line feeds alone: readline takes more for line ends than JSON escapes. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of createReadStream(path, 'utf8')) {
    const lines = (rest + String(piece)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

function codeOf(cause: unknown): unknown {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
}

function endOf(value: unknown): RowEnd | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { at, outcome, asPlanned, detail } = value as Partial<Record<keyof RowEnd, unknown>>;
  const isKnown = isOutcomeCode(outcome) || outcome === 'no-verdict' || outcome === 'by-job';
  if (typeof at !== 'number' || !isKnown || typeof asPlanned !== 'boolean') return undefined;
  return { at, outcome, asPlanned, ...(typeof detail === 'string' && { detail }) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return codeOf(cause) === 'EPERM';
  }
}
