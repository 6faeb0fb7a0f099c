/** The LockStore on the AWS SDK: S3 itself and every store that speaks its API. */
import {
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  type ObjectLockRetention,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type Write } from '../lock/change.ts';
import { type HoldDuration } from '../lock/duration.ts';
import { instantOf } from '../lock/instant.ts';
import { type Hold, type LockedRetention, type Retention } from '../lock/state.ts';
import { type Tags } from '../policy/facts.ts';
import {
  type LockAnswer,
  type LockPart,
  type LockStore,
  type ObjectRef,
  type ReadAnswer,
  type VersionRef,
  versionIdOf,
  type WriteAnswer,
} from '../ports/lock-store.ts';
import { type Provider } from '../providers/record.ts';
import { ask, isRefused, type Refusal } from './answers.ts';
import { type ClockWatch } from './clock-watch.ts';
import { findByListing } from './read-by-listing.ts';

export interface S3LockStoreOptions {
  readonly client: S3Client;
  readonly provider: Provider;
  /** The account that must own every bucket; S3 refuses requests to a bucket of anybody else. */
  readonly expectedBucketOwner?: string;
  /** Who knows whether lock dates may be computed here. */
  readonly watch?: ClockWatch;
  /** How long one request may take, its retries included (milliseconds); several pages of a listing count as one. */
  readonly budget?: number;
}

const NOT_FOUND = 404;
const MARKER = 405;
const DENIED = 403;
const FAULTY = 400;
/** The 404s that say that the version itself is missing; any other one shows nothing. */
const GONE = new Set(['NoSuchKey', 'NoSuchVersion', 'NoSuchBucket', 'NotFound']);
const NO_TAGS: Tags = new Map();

/**
 * Reads and writes locks through the S3 API.
 *
 * @example
 * const store = new S3LockStore({ client: s3Client({}), provider: providerNamed('aws') });
 */
export class S3LockStore implements LockStore {
  readonly capabilities: Provider;
  private readonly client: S3Client;
  private readonly owner: { ExpectedBucketOwner?: string };
  private readonly budget: number;
  private readonly watch: ClockWatch | undefined;

  constructor({ client, provider, expectedBucketOwner, watch, budget = 10_000 }: S3LockStoreOptions) {
    this.watch = watch;
    this.client = client;
    this.capabilities = provider;
    this.owner = expectedBucketOwner === undefined ? {} : { ExpectedBucketOwner: expectedBucketOwner };
    this.budget = budget;
  }

  async read(ref: ObjectRef): Promise<ReadAnswer> {
    const head = await this.head(ref);
    if (!isRefused(head)) return this.fromHead(ref, head);
    switch (head.refused.status) {
      case NOT_FOUND:
        return { kind: 'gone' };
      case MARKER:
        return { kind: 'marker' };
      case DENIED:
        return { kind: 'no-permission', action: 's3:GetObject or s3:GetObjectVersion' };
      default:
        // HEAD has no error body to tell why; an SSE-C version without its key is the common case.
        return this.readWithoutHead(ref);
    }
  }

  async readLock(ref: VersionRef, part: LockPart): Promise<LockAnswer> {
    return part === 'retention' ? this.readRetention(ref) : this.readHold(ref);
  }

  async readTags(ref: VersionRef): Promise<Tags | 'unknown'> {
    if (!this.capabilities.keepsTags) return 'unknown';
    const answer = await ask(`read the tags of ${nameOf(ref)}`, () =>
      this.client.send(new GetObjectTaggingCommand(this.input(ref)), this.options()),
    );
    if (isRefused(answer)) return 'unknown';
    return new Map((answer.TagSet ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));
  }

  async readCurrent(ref: VersionRef): Promise<boolean | 'unknown'> {
    const head = await this.head({ bucket: ref.bucket, key: ref.key });
    if (!isRefused(head)) return head.VersionId === undefined ? 'unknown' : head.VersionId === ref.versionId;
    if (head.refused.status === NOT_FOUND) return false;
    if (head.refused.status === DENIED) return 'unknown';
    const listed = await findByListing(this.client, ref, this.owner, this.signal());
    return listed === undefined ? false : 'refused' in listed ? 'unknown' : listed.latest;
  }

  requireWritable(write: Write): void {
    // A hold has no date; an event hold gets one from the store, unless it names one.
    if ('until' in write) this.watch?.requireAgreement();
  }

  async write(ref: VersionRef, write: Write): Promise<WriteAnswer> {
    this.requireWritable(write);
    // It would drop what it does not know, and take the rest for all that is wanted.
    if (isAboutEventHold(write) && !this.knowsEventHolds)
      return { kind: 'rejected', code: 'EventHoldsUnknownHere' };
    const input = this.input(ref);
    const answer = await ask(`lock ${nameOf(ref)}`, async () =>
      write.kind === 'hold-on'
        ? this.client.send(
            new PutObjectLegalHoldCommand({ ...input, LegalHold: { Status: 'ON' } }),
            this.options(),
          )
        : this.client.send(
            new PutObjectRetentionCommand({ ...input, Retention: sent(write) }),
            this.options(),
          ),
    );
    if (isRefused(answer)) return this.writeRefused(ref, answer.refused);
    const { requestId, attempts } = answer.$metadata;
    return {
      kind: 'accepted',
      ...(requestId !== undefined && { requestId }),
      ...(attempts !== undefined && attempts > 1 && { attempts }),
    };
  }

  private async writeRefused(ref: VersionRef, refused: Refusal): Promise<WriteAnswer> {
    const { status, code, requestId } = refused;
    if (status !== FAULTY || code !== 'InvalidRequest') return answerOf(refused);
    // So S3 answers on a bucket without Object Lock, and MinIO where a stored lock refuses.
    const lock = await this.readRetention(ref);
    if (lock.kind === 'no-lock-on-bucket') return lock;
    return { kind: 'denied', code, ...(requestId !== undefined && { requestId }) };
  }

  private get knowsEventHolds(): boolean {
    return this.capabilities.eventHolds === 'native';
  }

  private async head(ref: ObjectRef): Promise<HeadObjectCommandOutput | { readonly refused: Refusal }> {
    const input = {
      Bucket: ref.bucket,
      Key: ref.key,
      ...(ref.versionId !== undefined && { VersionId: ref.versionId }),
      ...this.owner,
    };
    return ask(`read ${nameOf(ref)}`, () => this.client.send(new HeadObjectCommand(input), this.options()));
  }

  private fromHead(ref: ObjectRef, head: HeadObjectCommandOutput): ReadAnswer {
    const versionId = ref.versionId ?? head.VersionId;
    if (versionId === undefined) return { kind: 'no-lock-on-bucket' };
    const retention = retentionOf(
      {
        Mode: head.ObjectLockMode,
        RetainUntilDate: head.ObjectLockRetainUntilDate,
        EventHold: head.ObjectLockEventHold,
        EventHoldDuration: {
          Days: head.ObjectLockEventHoldDurationDays,
          Years: head.ObjectLockEventHoldDurationYears,
        },
      },
      this.knowsEventHolds,
    );
    return {
      kind: 'found',
      version: {
        ref: { bucket: ref.bucket, key: ref.key, versionId: versionIdOf(versionId) },
        created: instantOf(head.LastModified?.getTime() ?? Number.NaN),
        size: head.ContentLength ?? 'unknown',
        tags: head.TagCount === 0 && this.capabilities.keepsTags ? NO_TAGS : 'unknown',
        lock: {
          retention: retention ?? { state: 'absent' },
          hold: holdOf(head.ObjectLockLegalHoldStatus) ?? 'absent',
        },
      },
    };
  }

  private async readWithoutHead(ref: ObjectRef): Promise<ReadAnswer> {
    const listed = await findByListing(this.client, ref, this.owner, this.signal());
    if (listed === undefined) return { kind: 'gone' };
    if ('refused' in listed) return { kind: 'no-permission', action: 's3:ListBucketVersions' };
    const found = { bucket: ref.bucket, key: ref.key, versionId: versionIdOf(listed.versionId) };
    const [retention, hold] = await Promise.all([this.readRetention(found), this.readHold(found)]);
    if (retention.kind !== 'seen') return retention;
    return {
      kind: 'found',
      version: {
        ref: found,
        created: instantOf(listed.modified.getTime()),
        size: listed.size ?? 'unknown',
        tags: 'unknown',
        lock: { retention: retention.lock.retention, hold: hold.kind === 'seen' ? hold.lock.hold : 'absent' },
      },
    };
  }

  private async readRetention(ref: VersionRef): Promise<LockAnswer> {
    const answer = await ask(`read the retention of ${nameOf(ref)}`, () =>
      this.client.send(new GetObjectRetentionCommand(this.input(ref)), this.options()),
    );
    if (!isRefused(answer)) {
      const retention = retentionOf(answer.Retention ?? {}, this.knowsEventHolds);
      return seen(retention ?? { state: 'absent' }, 'absent');
    }
    return this.lockRefused(answer.refused, seen({ state: 'none' }, 'absent'));
  }

  private async readHold(ref: VersionRef): Promise<LockAnswer> {
    const answer = await ask(`read the legal hold of ${nameOf(ref)}`, () =>
      this.client.send(new GetObjectLegalHoldCommand(this.input(ref)), this.options()),
    );
    if (!isRefused(answer)) return seen({ state: 'absent' }, holdOf(answer.LegalHold?.Status) ?? 'absent');
    return this.lockRefused(answer.refused, seen({ state: 'absent' }, 'none'));
  }

  /** Only the answer that says so means "no lock"; a denial means that nothing was seen. */
  private lockRefused(refused: Refusal, none: LockAnswer): LockAnswer {
    const { status, code } = refused;
    if (status === NOT_FOUND && GONE.has(code)) return { kind: 'gone' };
    // MinIO says so with 400.
    const isNone = status === NOT_FOUND || status === FAULTY;
    if (isNone && this.capabilities.unlockedCodes.includes(code)) return none;
    if (status === MARKER) return { kind: 'marker' };
    if (status === FAULTY && code === 'InvalidRequest') return { kind: 'no-lock-on-bucket' };
    return seen({ state: 'absent' }, 'absent');
  }

  private input(ref: VersionRef): {
    Bucket: string;
    Key: string;
    VersionId: string;
    ExpectedBucketOwner?: string;
  } {
    return { Bucket: ref.bucket, Key: ref.key, VersionId: ref.versionId, ...this.owner };
  }

  private options(): { abortSignal: AbortSignal } {
    return { abortSignal: this.signal() };
  }

  private signal(): AbortSignal {
    return AbortSignal.timeout(this.budget);
  }
}

function answerOf({ status, code, requestId }: Refusal): WriteAnswer {
  const id = requestId === undefined ? {} : { requestId };
  if (status === DENIED) return { kind: 'denied', ...id };
  if (status === NOT_FOUND && GONE.has(code)) return { kind: 'gone' };
  if (status === MARKER) return { kind: 'marker' };
  return { kind: 'rejected', code, ...id };
}

/** A lock as a response shows it. */
interface Shown {
  Mode?: string | undefined;
  RetainUntilDate?: Date | undefined;
  EventHold?: string | undefined;
  EventHoldDuration?: { Days?: number | undefined; Years?: number | undefined } | undefined;
}

/** A lock is seen only with both its mode and its date; anything less shows nothing. */
function retentionOf(shown: Shown, knowsEventHolds: boolean): Retention | undefined {
  const { RetainUntilDate: date, EventHold: eventHold, EventHoldDuration: duration } = shown;
  // Some stores take a mode in any letter case, and give it back as it was written.
  const mode = shown.Mode?.toUpperCase();
  if (date === undefined || (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE')) return undefined;
  const retention: LockedRetention = { state: 'locked', mode, until: instantOf(date.getTime()) };
  if (eventHold === 'ON') {
    // Where it cannot be sent again, its duration is of no use.
    const told = knowsEventHolds ? durationOf(duration) : undefined;
    return { ...retention, eventHeld: true, ...(told && { eventHold: told }) };
  }
  return eventHold === 'OFF' && knowsEventHolds ? { ...retention, eventReleased: true } : retention;
}

function durationOf(shown: Shown['EventHoldDuration']): HoldDuration | undefined {
  const { Days: days, Years: years } = shown ?? {};
  if (days !== undefined) return { days };
  return years === undefined ? undefined : { years };
}

function isAboutEventHold({ kind }: Write): boolean {
  return kind === 'event-hold-on' || kind === 'event-hold-off';
}

/** A retention as S3 takes it. */
function sent(write: Exclude<Write, { kind: 'hold-on' }>): ObjectLockRetention {
  const { mode: Mode, until } = write;
  const date = until === undefined ? {} : { RetainUntilDate: new Date(until) };
  switch (write.kind) {
    case 'retention':
      return { Mode, ...date };
    case 'event-hold-on': {
      const { duration } = write;
      const EventHoldDuration = 'days' in duration ? { Days: duration.days } : { Years: duration.years };
      return { Mode, ...date, EventHold: 'ON', EventHoldDuration };
    }
    case 'event-hold-off':
      return { Mode, ...date, EventHold: 'OFF' };
  }
}

function holdOf(status: string | undefined): Hold | undefined {
  if (status === undefined) return undefined;
  return status.toUpperCase() === 'ON' ? 'on' : 'none';
}

function seen(retention: Retention, hold: Hold): LockAnswer {
  return { kind: 'seen', lock: { retention, hold } };
}

/** A version as messages name it; the key quoted, since uploaders choose it. */
function nameOf({ bucket, key, versionId }: ObjectRef): string {
  return `${bucket}/${JSON.stringify(key)}${versionId === undefined ? '' : ` version ${versionId}`}`;
}
