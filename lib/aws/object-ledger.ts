/** The ledger on one bucket, for stores without DynamoDB: an object for each item, changed by conditional writes. */
import { randomUUID } from 'node:crypto';
import { addAbortSignal, Readable } from 'node:stream';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import * as z from 'zod';
import { HoldfastError } from '../errors.ts';
import { jsonOf } from '../json.ts';
import { type Ledger, type LedgerItem, type LedgerKey } from '../ports/ledger.ts';
import { ask, isRefused } from './answers.ts';
import { Attempts, mayHaveHappened } from './attempts.ts';
import { type EtagForm, inForm, putIf, refusedLedger, requireEtag } from './conditional-put.ts';
import { itemAt, requireBody, requireKey, requireName } from './ledger-limits.ts';
import { nameOf, objectKeyOf, prefixOf } from './ledger-object-keys.ts';

export interface ObjectLedgerOptions {
  readonly expectedBucketOwner?: string;
  /** As `requireConditionalWrites` found it; as AWS takes them when left out. */
  readonly etags?: EtagForm;
  /** How many keys a page of a list has at most; the store decides when left out. */
  readonly pageSize?: number;
  /** How long one request may take, its retries included (milliseconds). */
  readonly budget?: number;
}

/** The nonce: an ETag tells content from content, and the same body written again is another item. */
const stored = z.object({ nonce: z.string(), body: z.string() });
type Stored = z.infer<typeof stored> & { readonly rev: string };

/** How many items of a list are fetched at once. */
const FETCHES = 32;
/** How often a write is tried on an item that is as expected, and yet in the way of something. */
const TRIES = 4;
const MISSING = 'NoSuchKey';

/**
 * Keeps items in a bucket, best a versioned one. Only where `requireConditionalWrites` passed: anywhere else two
 * writers would overwrite each other.
 *
 * @example
 * const etags = await requireConditionalWrites(client, bucket);
 * const ledger = new ObjectLedger(client, bucket, { etags });
 */
export class ObjectLedger implements Ledger {
  private readonly client: S3Client;
  private readonly bucket: { Bucket: string; ExpectedBucketOwner?: string };
  private readonly etags: EtagForm;
  private readonly pageSize: number | undefined;
  private readonly budget: number;

  constructor(
    client: S3Client,
    bucket: string,
    { expectedBucketOwner, etags = 'quoted', pageSize, budget = 10_000 }: ObjectLedgerOptions = {},
  ) {
    this.client = client;
    this.bucket = {
      Bucket: bucket,
      ...(expectedBucketOwner !== undefined && { ExpectedBucketOwner: expectedBucketOwner }),
    };
    this.etags = etags;
    this.pageSize = pageSize;
    this.budget = budget;
  }

  async get(key: LedgerKey): Promise<LedgerItem | undefined> {
    const found = await this.read(key);
    return found && { ...key, body: found.body, rev: found.rev };
  }

  async put(
    key: LedgerKey,
    body: string,
    expected: { readonly rev: string } | 'none',
  ): Promise<{ readonly rev: string } | undefined> {
    requireKey(key);
    requireBody(key, body);
    const nonce = randomUUID();
    const text = JSON.stringify({ nonce, body });
    const attempts = new Attempts();
    for (let tries = 1; tries <= TRIES; tries += 1) {
      const written = await putIf(this.client, {
        what: `write ${itemAt(key)}`,
        input: {
          ...this.bucket,
          ...{ Key: objectKeyOf(key), Body: text },
          ...(expected === 'none' ? { IfNoneMatch: '*' } : { IfMatch: inForm(expected.rev, this.etags) }),
        },
        budget: this.budget,
        attempts,
      });
      if (written !== 'conflict') return { rev: written.etag };
      // Refused, perhaps only because an earlier attempt was taken and its answer lost.
      const now = await this.read(key);
      if (now?.nonce === nonce) return { rev: now.rev };
      // Of two writers in the same moment some stores refuse both.
      const isAsExpected = expected === 'none' ? now === undefined : now?.rev === expected.rev;
      if (isAsExpected) continue;
      if (attempts.isUnclear) throw mayHaveHappened(itemAt(key));
      return undefined;
    }
    throw new HoldfastError('throttled', {
      what: `write ${itemAt(key)}: the store refused it ${TRIES} times, though nobody else had changed the item`,
      next: 'run it again later',
    });
  }

  async *list(group: string): AsyncGenerator<LedgerItem> {
    requireName('group', group);
    for await (const names of this.pages(group)) {
      for (let at = 0; at < names.length; at += FETCHES) {
        const some = names.slice(at, at + FETCHES).map(async (name) => this.get({ group, name }));
        for (const item of await Promise.all(some)) if (item !== undefined) yield item;
      }
    }
  }

  private async *pages(group: string): AsyncGenerator<readonly string[]> {
    let token: string | undefined;
    do {
      const page = await this.page(group, token);
      yield (page.Contents ?? []).flatMap(
        ({ Key = '' }) => nameOf(group, decoded(Key, page.EncodingType)) ?? [],
      );
      const next = page.IsTruncated === true ? page.NextContinuationToken : undefined;
      // A store that answers with the token that it was given would be asked for ever.
      token = next === token ? undefined : next;
    } while (token !== undefined);
  }

  private async page(group: string, token: string | undefined): Promise<ListObjectsV2CommandOutput> {
    const what = `list the group ${JSON.stringify(group)} of the ledger`;
    const command = new ListObjectsV2Command({
      ...this.bucket,
      ...{ Prefix: prefixOf(group), EncodingType: 'url' },
      ...(this.pageSize !== undefined && { MaxKeys: this.pageSize }),
      ...(token !== undefined && { ContinuationToken: token }),
    });
    const page = await ask(what, () => this.client.send(command, { abortSignal: this.signal() }));
    if (isRefused(page)) throw refusedLedger(what, this.bucket.Bucket, page.refused);
    return page;
  }

  private async read(key: LedgerKey): Promise<Stored | undefined> {
    requireKey(key);
    const what = `read ${itemAt(key)}`;
    const answer = await ask(what, () => this.fetch(objectKeyOf(key)));
    if (isRefused(answer)) {
      if (answer.refused.code === MISSING) return undefined;
      throw refusedLedger(what, this.bucket.Bucket, answer.refused);
    }
    const { success, data } = stored.safeParse(jsonOf(answer.text));
    if (success) return { ...data, rev: requireEtag(what, answer.etag) };
    throw new HoldfastError('bad-input', {
      what: `${what}: the object holds something else`,
      next: `restore the version before it of ${objectKeyOf(key)} in the bucket ${this.bucket.Bucket}`,
    });
  }

  private async fetch(Key: string): Promise<{ text: string; etag: string | undefined }> {
    const abortSignal = this.signal();
    const { Body, ETag } = await this.client.send(new GetObjectCommand({ ...this.bucket, Key }), {
      abortSignal,
    });
    // The SDK watches the time until the answer begins, and no longer.
    if (Body instanceof Readable) addAbortSignal(abortSignal, Body);
    return { text: (await Body?.transformToString()) ?? '', etag: ETag };
  }

  private signal(): AbortSignal {
    return AbortSignal.timeout(this.budget);
  }
}

/** Keys come encoded, since XML cannot hold every character that a key may; not every store does as it is asked. */
function decoded(key: string, encoding: string | undefined): string {
  return encoding === 'url' ? decodeURIComponent(key.replaceAll('+', ' ')) : key;
}
