/** Keeps batches of records as files: for terminals without an audit bucket, and for reading a copy of one. */
import { existsSync } from 'node:fs';
import { access, link, open, readdir, readFile, unlink } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Batch } from '../audit/chain.ts';
import { type FoundBatch } from '../audit/verify.ts';
import { HoldfastError } from '../errors.ts';
import { type AuditStore } from '../ports/audit-store.ts';
import { makeFolder } from './make-folder.ts';

const PACKED = '.ndjson.gz';
const PLAIN = '.ndjson';

/**
 * The audit store in a folder. A batch is one file, never written over: `<folder>/<name>.ndjson.gz`.
 * It has the form of a copy made by `aws s3 sync`; unpacked batches (`.ndjson`) are read too.
 */
export class FileAuditStore implements AuditStore {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** @throws HoldfastError `bad-input` when the folder cannot be written, or a batch of that name is there. */
  async put({ name, lines }: Batch): Promise<void> {
    const path = join(this.folder, `${name}${PACKED}`);
    await inOneSentence(path, async () => {
      makeFolder(dirname(path));
      // Whole or not there: a process that is killed in the middle leaves no half of a batch.
      const half = `${path}.${process.pid}.half`;
      const file = await open(half, 'wx');
      try {
        await file.writeFile(gzipSync(`${lines.join('\n')}\n`));
        // Stored means stored: a record that a power failure takes away was never one.
        await file.sync();
      } finally {
        await file.close();
      }
      try {
        // A link is made only where there is none of that name; a rename would write over it.
        await link(half, path);
      } finally {
        await unlink(half);
      }
    });
  }

  /**
   * The batches whose names begin with a prefix such as `2026/11/20/`, or all, in the order of their names.
   *
   * @param from - leaves out the names that sort before it, unread.
   */
  async *read(prefix = '', from = ''): AsyncGenerator<FoundBatch> {
    for (const { name, path } of await this.files(prefix, from)) {
      const bytes = await inOneSentence(path, async () => readFile(path));
      yield { name, text: path.endsWith(PACKED) ? unpack(bytes) : bytes.toString('utf8') };
    }
  }

  /** The names of the batches of a prefix, without reading them. */
  async *names(prefix = '', from = ''): AsyncGenerator<string> {
    for (const { name } of await this.files(prefix, from)) yield name;
  }

  /** Files that are no batches lie in many a folder, and are none of our business. */
  private async files(prefix: string, from: string): Promise<{ name: string; path: string }[]> {
    await inOneSentence(this.folder, async () => access(this.folder));
    const inner = join(this.folder, prefix.slice(0, prefix.lastIndexOf('/') + 1));
    if (!existsSync(inner)) return [];
    const entries = await inOneSentence(inner, async () =>
      readdir(inner, { recursive: true, withFileTypes: true }),
    );
    return entries
      .filter((entry) => entry.isFile() && (entry.name.endsWith(PACKED) || entry.name.endsWith(PLAIN)))
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => ({ name: nameOf(relative(this.folder, path)), path }))
      .filter(({ name }) => name.startsWith(prefix) && name >= from)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

function nameOf(path: string): string {
  return path
    .split(sep)
    .join('/')
    .slice(0, path.endsWith(PACKED) ? -PACKED.length : -PLAIN.length);
}

function unpack(bytes: Uint8Array): string | undefined {
  try {
    return gunzipSync(bytes).toString('utf8');
  } catch {
    return undefined;
  }
}

async function inOneSentence<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code =
      typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : 'unknown fault';
    throw new HoldfastError('bad-input', {
      what: code === 'EEXIST' ? `${path} is there already` : `${path} cannot be used (${code})`,
      next: code === 'ENOENT' ? 'check the name of the folder' : 'check the folder and its permissions',
      cause,
    });
  }
}
