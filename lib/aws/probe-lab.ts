/** A scratch bucket on the S3 API: the requests of the experiments. None of them can go round a lock. */
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectRetentionCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { type Instant, instantOf } from '../lock/instant.ts';
import { type Clock } from '../ports/clock.ts';
import { type LockPart, versionIdOf } from '../ports/lock-store.ts';
import {
  type Answer,
  type Born,
  type Lab,
  type Lock,
  type Look,
  RefusedUpload,
  type Scratch,
} from '../probe/lab.ts';
import { providerNamed } from '../providers/index.ts';
import { ask, isRefused } from './answers.ts';
import { refusedBy, verdictOf } from './probe-answers.ts';
import { ProbeBucket, unreadable } from './probe-bucket.ts';
import { S3LockStore } from './s3-lock-store.ts';

const GENERIC = providerNamed('generic');
/** Codes that say something else of the version or its bucket, wherever they come from. */
const MISLEADING = new Set([
  ...['NoSuchKey', 'NoSuchVersion', 'NoSuchBucket', 'NotFound', 'MethodNotAllowed', 'NotImplemented'],
  ...['InvalidRequest', 'InvalidArgument', 'BadRequest', 'MalformedXML', 'UnknownError', 'Unknown'],
]);

export interface S3LabOptions {
  readonly client: S3Client;
  readonly bucket: string;
  readonly clock: Clock;
  /** How far the store's clock is ahead (milliseconds). */
  readonly offset: number;
  readonly span: number;
  readonly youngFor: number;
  /** The folder that the probe has in a bucket which is not its own. */
  readonly folder?: string;
  /** Whether the bucket has a default rule. */
  readonly isBornLocked?: boolean;
}

export class S3Lab extends ProbeBucket implements Lab {
  readonly span: number;
  readonly youngFor: number;
  readonly place: Lab['place'];
  readonly isBornLocked: boolean;
  /** What every key of the probe begins with. */
  readonly folder: string;
  private readonly clock: Clock;
  private readonly offset: number;
  private store: S3LockStore;
  private readonly unlockedCodes = [...GENERIC.unlockedCodes];

  constructor({ client, bucket, clock, offset, span, youngFor, folder = '', isBornLocked }: S3LabOptions) {
    super(client, bucket);
    this.folder = folder;
    this.place = folder === '' ? 'bucket' : 'folder';
    this.isBornLocked = isBornLocked === true;
    this.span = span;
    this.youngFor = youngFor;
    this.clock = clock;
    this.offset = offset;
    this.store = storeOf(client, this.unlockedCodes);
  }

  now(): Instant {
    return instantOf(this.clock.now() + this.offset);
  }

  async wait(milliseconds: number): Promise<void> {
    await this.clock.wait(milliseconds);
  }

  async put(name: string, born: Born = {}): Promise<Scratch> {
    const key = this.folder + name;
    const input = { Bucket: this.bucket, Key: key, Body: 'holdfast probe', ...headersOf(born) };
    return this.made(key, async () => this.client.send(new PutObjectCommand(input)));
  }

  async multipart(name: string, born: Born): Promise<Scratch> {
    const key = this.folder + name;
    const place = { Bucket: this.bucket, Key: key };
    return this.made(key, async () => {
      const { UploadId } = await this.client.send(
        new CreateMultipartUploadCommand({ ...place, ...headersOf(born) }),
      );
      const part = { ...place, UploadId, PartNumber: 1 };
      const { ETag, ChecksumCRC32 } = await this.client.send(
        new UploadPartCommand({ ...part, Body: 'holdfast probe' }),
      );
      const Parts = [{ ETag, PartNumber: 1, ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }) }];
      return this.client.send(
        new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }),
      );
    });
  }

  async copy(source: Scratch, name: string, born: Born): Promise<Scratch> {
    const path = source.key.split('/').map(encodeURIComponent).join('/');
    const CopySource = `${this.bucket}/${path}?versionId=${encodeURIComponent(source.versionId)}`;
    const key = this.folder + name;
    const input = { Bucket: this.bucket, Key: key, CopySource, ...headersOf(born) };
    return this.made(key, async () => this.client.send(new CopyObjectCommand(input)));
  }

  async look(version: Scratch): Promise<Look> {
    const ref = { bucket: this.bucket, key: version.key, versionId: versionIdOf(version.versionId) };
    const read = await this.store.read(ref);
    if (read.kind === 'no-permission') throw unreadable('AccessDenied', read.action);
    if (read.kind !== 'found') return { there: false };
    const part = async (name: LockPart): ReturnType<S3LockStore['readLock']> =>
      this.store.readLock(ref, name);
    const [retention, hold] = [await part('retention'), await part('hold')];
    if (retention.kind === 'seen' && retention.lock.retention.state === 'absent')
      throw unreadable('AccessDenied', 's3:GetObjectRetention');
    if (hold.kind === 'seen' && hold.lock.hold === 'absent')
      throw unreadable('AccessDenied', 's3:GetObjectLegalHold');
    return {
      there: true,
      lock: {
        retention: retention.kind === 'seen' ? retention.lock.retention : { state: 'absent' },
        hold: hold.kind === 'seen' ? hold.lock.hold : 'absent',
      },
    };
  }

  async learnNone(version: Scratch): Promise<string | undefined> {
    const answer = await verdictOf('read the retention of an unlocked version', async () =>
      this.client.send(new GetObjectRetentionCommand(this.at(version))),
    );
    if (answer.took) return undefined;
    if (answer.status === 403) throw unreadable(answer.code, 's3:GetObjectRetention');
    if (MISLEADING.has(answer.code)) return undefined;
    this.unlockedCodes.push(answer.code);
    this.store = storeOf(this.client, this.unlockedCodes);
    return answer.code;
  }

  async shown(key: string): Promise<boolean> {
    const input = { Bucket: this.bucket, Key: key };
    return (await verdictOf('look for a key', async () => this.client.send(new HeadObjectCommand(input))))
      .took;
  }

  async retain(version: Scratch, lock: Lock | 'empty'): Promise<Answer> {
    const Retention = lock === 'empty' ? {} : { Mode: lock.mode, RetainUntilDate: new Date(lock.until) };
    const input = { ...this.at(version), Retention };
    return verdictOf('lock a scratch version', async () =>
      this.client.send(new PutObjectRetentionCommand(input)),
    );
  }

  async hold(version: Scratch, status: 'ON' | 'OFF'): Promise<Answer> {
    const input = { ...this.at(version), LegalHold: { Status: status } };
    return verdictOf('hold a scratch version', async () =>
      this.client.send(new PutObjectLegalHoldCommand(input)),
    );
  }

  async remove(version: Scratch): Promise<Answer> {
    const input = this.at(version);
    return verdictOf('delete a scratch version', async () =>
      this.client.send(new DeleteObjectCommand(input)),
    );
  }

  async removeInBatch({ key, versionId }: Scratch): Promise<Answer> {
    const Delete = { Objects: [{ Key: key, VersionId: versionId }] };
    const answer = await ask('delete scratch versions', async () =>
      this.client.send(new DeleteObjectsCommand({ Bucket: this.bucket, Delete })),
    );
    if (isRefused(answer)) return refusedBy(answer.refused);
    const [error] = answer.Errors ?? [];
    return error === undefined ? { took: true } : { took: false, status: 200, code: error.Code ?? 'no code' };
  }

  async hide(key: string): Promise<Answer> {
    const input = { Bucket: this.bucket, Key: key };
    return verdictOf('hide a scratch key', async () => this.client.send(new DeleteObjectCommand(input)));
  }

  async tag(version: Scratch, value: string): Promise<Answer> {
    const input = { ...this.at(version), Tagging: { TagSet: [{ Key: 'probe', Value: value }] } };
    return verdictOf('tag a scratch version', async () =>
      this.client.send(new PutObjectTaggingCommand(input)),
    );
  }

  async tagOf(version: Scratch): Promise<string | undefined> {
    const answer = await ask('read the tags of a scratch version', async () =>
      this.client.send(new GetObjectTaggingCommand(this.at(version))),
    );
    return isRefused(answer) ? undefined : answer.TagSet?.find(({ Key }) => Key === 'probe')?.Value;
  }

  private at({ key, versionId }: Scratch): { Bucket: string; Key: string; VersionId: string } {
    return { Bucket: this.bucket, Key: key, VersionId: versionId };
  }

  private async made(
    key: string,
    request: () => Promise<{ readonly VersionId?: string | undefined }>,
  ): Promise<Scratch> {
    const answer = await ask(`upload ${key} to the scratch bucket`, request);
    if (isRefused(answer)) throw new RefusedUpload(refusedBy(answer.refused));
    if (answer.VersionId !== undefined) return { key, versionId: answer.VersionId };
    const head = await ask(`read ${key}`, async () =>
      this.client.send(new HeadObjectCommand({ Bucket: this.bucket, Key: key })),
    );
    return { key, versionId: (isRefused(head) ? undefined : head.VersionId) ?? 'null' };
  }
}

/** The record that expects the least, with every code for "no lock" that was learnt. */
const storeOf = (client: S3Client, unlockedCodes: readonly string[]): S3LockStore =>
  new S3LockStore({ client, provider: { ...GENERIC, unlockedCodes: [...unlockedCodes] } });

interface LockHeaders {
  readonly ObjectLockMode?: Lock['mode'];
  readonly ObjectLockRetainUntilDate?: Date;
  readonly ObjectLockLegalHoldStatus?: 'ON';
}

function headersOf({ lock, hold }: Born): LockHeaders {
  return {
    ...(lock && { ObjectLockMode: lock.mode, ObjectLockRetainUntilDate: new Date(lock.until) }),
    ...(hold && { ObjectLockLegalHoldStatus: 'ON' }),
  };
}
