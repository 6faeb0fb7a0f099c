/** A plan on disk: `plan.json`, and for each group the versions that belong to it, as S3 Batch Operations takes them. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, type WriteStream } from 'node:fs';
import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { HoldfastError } from '../errors.ts';
import { jsonOf } from '../json.ts';
import { formatInstant } from '../lock/instant.ts';
import { type PlannedChange } from '../plan/difference.ts';
import { manifestLine } from '../plan/manifest-line.ts';
import { type Assignment, assignmentKey } from '../plan/groups.ts';
import {
  canonical,
  type Manifest,
  type Manifests,
  type Plan,
  planIdOf,
  type StoredPlan,
} from '../plan/plan.ts';
import { type PlanRow } from '../plan/row.ts';
import { type Place } from '../plan/tally.ts';
import { makeFolder } from './make-folder.ts';
import { storedPlanSchema } from './stored-plan.ts';

/** Characters that wait in memory before they are written. */
const WAITING = 16 << 20;

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Keeps the changes of a pass on disk, and sorts them into groups when the plan is made. */
export class PlanWriter {
  private readonly folder: string;
  private spool: WriteStream;
  private readonly spoolPath: string;
  private failure: Error | undefined;

  private constructor(folder: string) {
    this.folder = folder;
    this.spoolPath = join(folder, 'changes.spool');
    this.spool = this.newSpool();
  }

  private newSpool(): WriteStream {
    // A full disk is told to whoever waits next; without a listener it would end the process.
    return createWriteStream(this.spoolPath).on('error', (cause) => {
      this.failure = cause;
    });
  }

  /** @throws HoldfastError `bad-input` where the folder holds a plan already, or cannot be written. */
  static async begin(folder: string): Promise<PlanWriter> {
    if (existsSync(join(folder, 'plan.json')) || existsSync(join(folder, 'run'))) {
      throw new HoldfastError('bad-input', {
        what: `${folder} holds a plan already, or the run of one`,
        next: 'name another folder with --out: a plan is never changed',
      });
    }
    try {
      // What a pass that was killed left behind belongs to no plan.
      await rm(join(folder, 'groups'), { recursive: true, force: true });
      makeFolder(join(folder, 'groups'));
      const writer = new PlanWriter(folder);
      await once(writer.spool, 'open');
      return writer;
    } catch (cause) {
      throw new HoldfastError('bad-input', {
        what: `${folder} cannot be written`,
        next: 'name a folder for the plan with --out',
        cause,
      });
    }
  }

  add(row: PlanRow, change: PlannedChange, place: Place): void {
    this.addLine(changeLine(row, change, place));
  }

  /** Adds a change that was kept as a line by {@link changeLine}. */
  addLine(line: string): void {
    this.spool.write(`${line}\n`);
  }

  /** Forgets what was added: another pass begins. */
  async restart(): Promise<void> {
    this.spool.end();
    await once(this.spool, 'close');
    this.spool = this.newSpool();
  }

  /** Waits while the disk is slower than the listing. */
  async drained(): Promise<void> {
    if (this.spool.writableNeedDrain) await this.drainedOrClosed();
    if (this.failure !== undefined) throw this.unwritable();
  }

  /** Whoever lost the race listens no more: a long plan waits many thousand times. */
  private async drainedOrClosed(): Promise<void> {
    const over = new AbortController();
    const { signal } = over;
    try {
      await Promise.race([once(this.spool, 'drain', { signal }), once(this.spool, 'close', { signal })]);
    } catch (cause) {
      if (this.failure === undefined) throw cause;
    } finally {
      over.abort();
    }
  }

  private unwritable(): HoldfastError {
    return new HoldfastError('bad-input', {
      what: `the plan could not be written to ${this.folder}`,
      next: 'make room there, or name another folder with --out',
      cause: this.failure,
    });
  }

  /**
   * Writes the manifests and, last, the plan: a folder without plan.json holds none.
   *
   * @returns the seal that holds all of it together.
   */
  async finish(plan: Plan, assignment: Assignment): Promise<string> {
    this.spool.end();
    if (!this.spool.closed) await once(this.spool, 'close');
    if (this.failure !== undefined) throw this.unwritable();
    const groups = new GroupFiles(join(this.folder, 'groups'));
    const places = new Map([...assignment].map(([name, slots]) => [lineName(name), slots]));
    for await (const line of createInterface({
      input: createReadStream(this.spoolPath),
      crlfDelay: Infinity,
    })) {
      const first = line.indexOf(',');
      const second = line.indexOf(',', first + 1);
      const group = places.get(line.slice(0, first))?.get(Number(line.slice(first + 1, second)));
      if (group === undefined) throw new Error(`a change belongs to no group: ${line}`);
      if (groups.add(group, line.slice(second + 1))) await groups.flush();
    }
    const manifests = await groups.close();
    await rm(this.spoolPath);
    const stored: StoredPlan = { plan, manifests, seal: sealOf(plan, manifests) };
    // Renamed into place, so that a crash leaves no half of a plan.
    const path = join(this.folder, 'plan.json');
    await writeFile(`${path}.new`, `${JSON.stringify(stored, undefined, 2)}\n`);
    await rename(`${path}.new`, path);
    return stored.seal;
  }

  /** Takes back what was written, where no plan came of it. */
  async abandon(): Promise<void> {
    this.spool.destroy();
    await rm(this.spoolPath, { force: true });
    await rm(join(this.folder, 'groups'), { recursive: true, force: true });
  }
}

/** A change as a line of text: where it belongs, and then what the manifest of its group will hold. */
export function changeLine(
  { bucket, key, versionId }: PlanRow,
  { write }: PlannedChange,
  { to, route, slot }: Place,
): string {
  const name = lineName(assignmentKey(bucket, to, route));
  const own = write.kind === 'retention' && route === 'own-date' ? { until: formatInstant(write.until) } : {};
  return `${name},${slot},${manifestLine({ bucket, key, versionId, ...own })}`;
}

/** A line of text cannot hold what separates the parts of the name. */
function lineName(assignment: string): string {
  return assignment.replaceAll('\u0000', ' ');
}

/** Many files that grow a line at a time, without a file handle for each. */
class GroupFiles {
  private readonly folder: string;
  private readonly groups = new Map<string, { text: string[]; rows: number; hash: Hash }>();
  private waiting = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** @returns whether it is time to write. */
  add(id: string, line: string): boolean {
    let group = this.groups.get(id);
    if (group === undefined) {
      group = { text: [], rows: 0, hash: createHash('sha256') };
      this.groups.set(id, group);
    }
    group.text.push(line);
    group.rows += 1;
    this.waiting += line.length + 1;
    return this.waiting > WAITING;
  }

  async flush(): Promise<void> {
    for (const [id, group] of this.groups) {
      if (group.text.length === 0) continue;
      const text = `${group.text.join('\n')}\n`;
      group.text = [];
      group.hash.update(text);
      await appendFile(manifestPath(this.folder, id), text);
    }
    this.waiting = 0;
  }

  async close(): Promise<Record<string, Manifest>> {
    await this.flush();
    return Object.fromEntries(
      [...this.groups].sort().map(([id, { rows, hash }]) => [id, { rows, sha256: hash.digest('hex') }]),
    );
  }
}

function manifestPath(folder: string, id: string): string {
  return join(folder, `${id}.csv`);
}

/** The file with the versions of a group. */
export function groupFile(folder: string, id: string): string {
  return manifestPath(join(folder, 'groups'), id);
}

/**
 * Reads a plan from its folder, or from its plan.json.
 *
 * @throws HoldfastError `bad-input` where there is none; `moved` where somebody changed it.
 */
export async function readPlan(path: string): Promise<StoredPlan & { readonly folder: string }> {
  const folder = path.endsWith('plan.json') ? join(path, '..') : path;
  let text: string;
  try {
    text = await readFile(join(folder, 'plan.json'), 'utf8');
  } catch (cause) {
    throw new HoldfastError('bad-input', {
      what: `there is no plan in ${folder}`,
      next: 'make one with holdfast plan ... --out, and name its folder',
      cause,
    });
  }
  return { ...parseStoredPlan(text, folder), folder };
}

/**
 * Reads the text of a plan.json.
 *
 * @throws HoldfastError `bad-input` where it is none; `moved` where somebody changed it.
 */
export function parseStoredPlan(text: string, folder: string): StoredPlan {
  const parsed = storedPlanSchema.safeParse(jsonOf(text));
  if (!parsed.success) {
    throw new HoldfastError('bad-input', {
      what: `${folder}/plan.json is no plan of this version of Holdfast`,
      next: 'make it anew with holdfast plan',
    });
  }
  const { plan, manifests, seal } = parsed.data;
  if (planIdOf(plan, sha256) !== plan.id || sealOf(plan, manifests) !== seal) {
    throw new HoldfastError('moved', {
      what: `${folder}/plan.json was changed after it was made: it is not ${plan.id} any more`,
      next: 'make it anew with holdfast plan; nothing was written',
    });
  }
  return { plan, manifests, seal };
}

function sealOf(plan: Plan, manifests: Manifests): string {
  return sha256(canonical({ plan, manifests }));
}

/**
 * Makes sure that the versions of a group are still those of the plan.
 *
 * @throws HoldfastError `moved` where the file was changed.
 */
export async function checkManifest(
  folder: string,
  id: string,
  { sha256: expected }: Manifest,
): Promise<void> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(groupFile(folder, id))) hash.update(chunk as Buffer);
  } catch (cause) {
    throw new HoldfastError('moved', {
      what: `${groupFile(folder, id)} cannot be read`,
      next: 'make the plan anew with holdfast plan; nothing was written',
      cause,
    });
  }
  if (hash.digest('hex') === expected) return;
  throw new HoldfastError('moved', {
    what: `${groupFile(folder, id)} was changed after the plan was made`,
    next: 'make the plan anew with holdfast plan; nothing was written',
  });
}
