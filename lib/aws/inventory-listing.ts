/** A listing that S3 Inventory wrote: the files of a manifest, each checked against its MD5. */
import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { HoldfastError } from '../errors.ts';
import { DAY, formatInstant, type Instant } from '../lock/instant.ts';
import { type PlanRow } from '../plan/row.ts';
import { type ListedBatch, type Listing, type ListingPart } from '../ports/listing.ts';
import { type ByteSource } from './byte-source.ts';
import { csvRows } from './inventory-csv.ts';
import { type InventoryFile, type InventoryManifest } from './inventory-manifest.ts';
import { parquetRows } from './inventory-parquet.ts';

/** Text is taken in pieces of about this size: larger ones cost memory, smaller ones turns. */
const PIECE = 1 << 19;

export class InventoryListing implements Listing {
  readonly kind = 'inventory';
  readonly source: string;
  readonly asOf: Instant;
  readonly tellsEventHolds: boolean;
  readonly tellsLocks = true;
  private readonly bytes: ByteSource;
  private readonly key: string;
  private readonly manifest: InventoryManifest;
  private readonly files: readonly InventoryFile[];

  /** @param files - some of the files of the manifest, for whoever takes only a part of it. */
  constructor(source: ByteSource, key: string, manifest: InventoryManifest, files = manifest.files) {
    this.bytes = source;
    this.key = key;
    this.manifest = manifest;
    this.files = files;
    this.source = source.nameOf(key);
    this.asOf = manifest.created;
    this.tellsEventHolds = manifest.columns.includes('objectlockeventholdstatus');
  }

  /** Each file alone, where there are several. */
  get parts(): ListingPart[] | undefined {
    if (this.files.length < 2) return undefined;
    return this.files.map((file) => ({
      listing: new InventoryListing(this.bytes, this.key, this.manifest, [file]),
      weight: file.size,
    }));
  }

  fingerprint(): string {
    return this.manifest.hash;
  }

  async *batches(): AsyncGenerator<ListedBatch> {
    const total = this.files.reduce((sum, { size }) => sum + size, 0);
    let before = 0;
    for (const file of this.files) {
      const progress = { read: 0 };
      const rows = this.manifest.format === 'CSV' ? this.csv(file, progress) : this.parquet(file, progress);
      try {
        for await (const batch of rows) {
          let hasLate = false;
          for (const { bucket, key, created } of batch.rows) {
            if (bucket !== this.manifest.bucket) throw this.otherBucket(file, bucket, key);
            if (created > this.asOf + DAY) hasLate = true;
          }
          const read = hasLate ? this.withoutLate(batch, file) : batch;
          yield { ...read, done: total === 0 ? 1 : (before + Math.min(progress.read, file.size)) / total };
        }
      } catch (cause) {
        throw isMissing(cause) ? this.missing(file, cause) : cause;
      }
      before += file.size;
    }
  }

  /** A version that was made after its report: its term, and with it its cap, would count from a made-up day. */
  private withoutLate(
    { rows, markers, unreadable }: Omit<ListedBatch, 'done'>,
    { key: file }: InventoryFile,
  ): Omit<ListedBatch, 'done'> {
    const isLate = ({ created }: PlanRow): boolean => created > this.asOf + DAY;
    const late = rows.filter(isLate).map(({ key, created }) => ({
      where: `${this.bytes.nameOf(file)}, ${JSON.stringify(key)}`,
      why: `it says that it was created at ${formatInstant(created)}, after the report`,
    }));
    return { rows: rows.filter((row) => !isLate(row)), markers, unreadable: [...unreadable, ...late] };
  }

  private async *csv(
    file: InventoryFile,
    progress: { read: number },
  ): AsyncGenerator<Omit<ListedBatch, 'done'>> {
    const md5 = createHash('md5');
    const stream = await this.bytes.stream(file.key);
    const counted = new Transform({
      highWaterMark: PIECE,
      transform(chunk: Buffer, _, done) {
        md5.update(chunk);
        progress.read += chunk.length;
        done(null, chunk);
      },
    });
    const name = this.bytes.nameOf(file.key);
    const unzipped = createGunzip({ chunkSize: PIECE });
    const fail = (cause: Error): void => {
      unzipped.destroy(cause);
    };
    stream.on('error', fail).pipe(counted).on('error', fail).pipe(unzipped);
    try {
      yield* csvRows(unzipped, this.manifest.columns, name);
    } catch (cause) {
      if (memberOf(cause, 'code').startsWith('Z_')) throw this.broken(file, 'gzip', cause);
      throw cause;
    } finally {
      // Whoever takes no more must not leave a file or a socket open.
      stream.destroy();
      counted.destroy();
    }
    this.check(file, md5.digest('hex'));
  }

  private async *parquet(
    file: InventoryFile,
    progress: { read: number },
  ): AsyncGenerator<Omit<ListedBatch, 'done'>> {
    // A file is read in ranges, so its checksum costs a read of its own.
    const md5 = createHash('md5');
    for await (const chunk of await this.bytes.stream(file.key)) md5.update(chunk as Buffer);
    this.check(file, md5.digest('hex'));
    const unread: unknown[] = [];
    const buffer = {
      byteLength: file.size,
      slice: async (start: number, end = file.size): Promise<ArrayBuffer> => {
        progress.read += end - start;
        const bytes = await this.bytes.range(file.key, start, end).catch((cause: unknown) => {
          unread.push(cause);
          throw cause;
        });
        return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
      },
    };
    try {
      yield* parquetRows(buffer, this.bytes.nameOf(file.key));
    } catch (cause) {
      if (unread.includes(cause) || cause instanceof HoldfastError) throw cause;
      throw this.broken(file, 'Parquet', cause);
    }
  }

  private check({ key, md5 }: InventoryFile, found: string): void {
    if (md5 === found) return;
    throw new HoldfastError('moved', {
      what: `${this.bytes.nameOf(key)} has the MD5 ${found}, and the manifest says ${md5}`,
      next: 'fetch the file again, or take the report of another day; nothing was planned',
    });
  }

  private broken({ key }: InventoryFile, format: string, cause: unknown): HoldfastError {
    return new HoldfastError('moved', {
      what: `${this.bytes.nameOf(key)} is no whole ${format} file`,
      next: 'fetch the file again, or take the report of another day; nothing was planned',
      cause,
    });
  }

  private missing({ key }: InventoryFile, cause: unknown): HoldfastError {
    return new HoldfastError('moved', {
      what: `${this.bytes.nameOf(key)} is not there, and the manifest names it`,
      next: 'fetch all files of the manifest, or take the report of another day; nothing was planned',
      cause,
    });
  }

  private otherBucket({ key }: InventoryFile, bucket: string, named: string): HoldfastError {
    return new HoldfastError('bad-input', {
      what: `${this.bytes.nameOf(key)} lists ${JSON.stringify(named)} of the bucket ${JSON.stringify(bucket)}, and the manifest is about ${this.manifest.bucket}`,
      next: 'take the report as S3 wrote it',
    });
  }
}

/** Whether a file is not there, in a folder or in a bucket. */
function isMissing(cause: unknown): boolean {
  return memberOf(cause, 'code') === 'ENOENT' || memberOf(cause, 'name') === 'NoSuchKey';
}

function memberOf(cause: unknown, member: 'code' | 'name'): string {
  const value: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, member) : undefined;
  return typeof value === 'string' ? value : '';
}
