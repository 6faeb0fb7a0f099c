/** Files of this machine between one object of the bulk functions and the next: a function's own disk. */
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type PlannedChange } from '../plan/difference.ts';
import { type Assignment } from '../plan/groups.ts';
import { type Plan } from '../plan/plan.ts';
import { type PlanRow } from '../plan/row.ts';
import { type Place } from '../plan/tally.ts';
import { type BulkStore } from '../ports/bulk-store.ts';
import { changeLine, PlanWriter } from './plan-folder.ts';

/** Keeps the changes of one file of an inventory until they are stored. */
export class FileSpool {
  private readonly folder: string;
  private readonly bulk: BulkStore;
  private readonly stream: WriteStream;

  private constructor(folder: string, bulk: BulkStore) {
    this.folder = folder;
    this.bulk = bulk;
    this.stream = createWriteStream(join(folder, 'changes.csv'));
  }

  static async begin(bulk: BulkStore): Promise<FileSpool> {
    const spool = new FileSpool(await mkdtemp(join(tmpdir(), 'holdfast-count-')), bulk);
    await once(spool.stream, 'open');
    return spool;
  }

  add(row: PlanRow, change: PlannedChange, place: Place): void {
    this.stream.write(`${changeLine(row, change, place)}\n`);
  }

  async drained(): Promise<void> {
    if (this.stream.writableNeedDrain) await once(this.stream, 'drain');
  }

  async store(name: string): Promise<void> {
    this.stream.end();
    await once(this.stream, 'close');
    await this.bulk.putFile(name, join(this.folder, 'changes.csv'));
  }

  async close(): Promise<void> {
    // What was still being written is of no use to anybody.
    this.stream.on('error', () => undefined).destroy();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Sorts the changes of all files into the manifests of a plan. */
export class FileAssembly {
  private readonly folder: string;
  private readonly bulk: BulkStore;
  private readonly writer: PlanWriter;

  private constructor(folder: string, bulk: BulkStore, writer: PlanWriter) {
    this.folder = folder;
    this.bulk = bulk;
    this.writer = writer;
  }

  static async begin(bulk: BulkStore): Promise<FileAssembly> {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-plan-'));
    return new FileAssembly(folder, bulk, await PlanWriter.begin(folder));
  }

  async addLines(lines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) {
      this.writer.addLine(line);
      await this.writer.drained();
    }
  }

  /** The manifests first: who finds the plan finds them. */
  async store(plan: Plan, assignment: Assignment, prefix: string): Promise<{ seal: string }> {
    const seal = await this.writer.finish(plan, assignment);
    const groups = join(this.folder, 'groups');
    for (const name of (await readdir(groups)).sort())
      await this.bulk.putFile(`${prefix}/groups/${basename(name)}`, join(groups, name));
    await this.bulk.putFile(`${prefix}/plan.json`, join(this.folder, 'plan.json'));
    return { seal };
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
