/** Sets up buckets through the S3 API. */
import {
  CreateBucketCommand,
  GetBucketNotificationConfigurationCommand,
  HeadBucketCommand,
  type InventoryOptionalField,
  type NotificationConfiguration,
  PutBucketInventoryConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { HoldfastError } from '../errors.ts';
import {
  type BucketAdmin,
  type BucketState,
  type BucketWiring,
  type Inventory,
  type SetupAnswer,
} from '../ports/bucket-admin.ts';
import { type VersionListing } from '../ports/version-listing.ts';
import { type DefaultRule } from '../lock/default-rule.ts';
import { type Seen } from '../ports/bucket-survey.ts';
import { ask, isRefused, type Refusal } from './answers.ts';
import { S3BucketSurvey } from './s3-bucket-survey.ts';

const TAKEN = new Set(['BucketAlreadyOwnedByYou', 'BucketAlreadyExists']);

export class S3BucketAdmin implements BucketAdmin {
  private readonly client: S3Client;
  private readonly listing: VersionListing;
  private readonly owner: { ExpectedBucketOwner?: string };
  private readonly survey: S3BucketSurvey;

  constructor(client: S3Client, listing: VersionListing, expectedBucketOwner?: string) {
    this.client = client;
    this.listing = listing;
    this.owner = expectedBucketOwner === undefined ? {} : { ExpectedBucketOwner: expectedBucketOwner };
    this.survey = new S3BucketSurvey(client, expectedBucketOwner);
  }

  async read(bucket: string): Promise<BucketState | undefined> {
    const there = await ask(`look for the bucket ${bucket}`, async () =>
      this.client.send(new HeadBucketCommand({ Bucket: bucket, ...this.owner })),
    );
    if (isRefused(there) && there.refused.status === 404) return undefined;
    const { status, mfaDelete } = must(
      `read the versioning of ${bucket}`,
      await this.survey.versioning(bucket),
    );
    const { enabled, rule } = must(`read the Object Lock of ${bucket}`, await this.survey.lock(bucket));
    return { versioning: status, mfaDelete, lock: enabled, ...(rule && { rule }) };
  }

  async create(bucket: string): Promise<SetupAnswer> {
    // In us-east-1 S3 makes a bucket of one's own "again", answers 200, and resets its ACLs.
    const there = await ask(`look for the bucket ${bucket}`, async () =>
      this.client.send(new HeadBucketCommand({ Bucket: bucket })),
    );
    if (!isRefused(there)) return 'exists';
    const answer = await ask(`make the bucket ${bucket}`, async () =>
      this.client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true })),
    );
    if (!isRefused(answer)) return 'done';
    if (TAKEN.has(answer.refused.code)) return 'exists';
    throw refusedTo(
      `make the bucket ${bucket}`,
      answer.refused,
      's3:CreateBucket, s3:PutBucketObjectLockConfiguration',
    );
  }

  async enableVersioning(bucket: string): Promise<void> {
    const VersioningConfiguration = { Status: 'Enabled' as const };
    const answer = await ask(`enable versioning on ${bucket}`, async () =>
      this.client.send(
        new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration, ...this.owner }),
      ),
    );
    if (isRefused(answer))
      throw refusedTo(`enable versioning on ${bucket}`, answer.refused, 's3:PutBucketVersioning');
  }

  async setLock(bucket: string, rule: DefaultRule | undefined): Promise<SetupAnswer> {
    const DefaultRetention = rule && {
      Mode: rule.mode,
      ...(rule.unit === 'days' ? { Days: rule.length } : { Years: rule.length }),
    };
    const answer = await ask(`set the Object Lock of ${bucket}`, async () =>
      this.client.send(
        new PutObjectLockConfigurationCommand({
          Bucket: bucket,
          ObjectLockConfiguration: {
            ObjectLockEnabled: 'Enabled',
            ...(DefaultRetention && { Rule: { DefaultRetention } }),
          },
          ...this.owner,
        }),
      ),
    );
    if (!isRefused(answer)) return 'done';
    // S3 says so of a bucket without versioning; stores that lock only from the start say so of any other.
    if (answer.refused.status === 409 || answer.refused.status === 501) return 'not-possible';
    throw refusedTo(
      `set the Object Lock of ${bucket}`,
      answer.refused,
      's3:PutBucketObjectLockConfiguration',
    );
  }

  async readWiring(bucket: string): Promise<BucketWiring> {
    const events = must(`read the notifications of ${bucket}`, await this.survey.events(bucket));
    const inventories = must(`read the inventories of ${bucket}`, await this.survey.inventories(bucket));
    return { ...events, inventories };
  }

  async enableEventBridge(bucket: string): Promise<void> {
    // The whole configuration is replaced: what was read goes back as it was, with EventBridge beside it.
    const { QueueConfigurations, TopicConfigurations, LambdaFunctionConfigurations } =
      await this.notifications(bucket);
    const what = `send the events of ${bucket} to EventBridge`;
    const answer = await ask(what, async () =>
      this.client.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket: bucket,
          NotificationConfiguration: {
            QueueConfigurations,
            TopicConfigurations,
            LambdaFunctionConfigurations,
            EventBridgeConfiguration: {},
          },
          ...this.owner,
        }),
      ),
    );
    if (isRefused(answer)) throw refusedTo(what, answer.refused, 's3:PutBucketNotification');
  }

  async putInventory(bucket: string, inventory: Inventory, destination: string): Promise<void> {
    const what = `give ${bucket} the inventory ${inventory.id}`;
    let answer = await this.tryInventory(what, bucket, inventory, destination);
    // One field that a Region does not know yet fails the whole configuration.
    if (isRefused(answer) && answer.refused.status === 400) {
      const fields = inventory.fields.filter((field) => !field.startsWith('ObjectLockEventHold'));
      answer = await this.tryInventory(what, bucket, { ...inventory, fields }, destination);
    }
    if (isRefused(answer)) throw refusedTo(what, answer.refused, 's3:PutInventoryConfiguration');
  }

  private async tryInventory(
    what: string,
    Bucket: string,
    { id: Id, fields }: Inventory,
    destination: string,
  ): Promise<object | { readonly refused: Refusal }> {
    const S3BucketDestination = {
      Bucket: `arn:aws:s3:::${destination}`,
      Format: 'Parquet' as const,
      Prefix: 'inventory',
    };
    return ask(what, async () =>
      this.client.send(
        new PutBucketInventoryConfigurationCommand({
          Bucket,
          Id,
          InventoryConfiguration: {
            Id,
            IsEnabled: true,
            IncludedObjectVersions: 'All',
            Schedule: { Frequency: 'Daily' },
            OptionalFields: [...fields] as InventoryOptionalField[],
            Destination: { S3BucketDestination },
          },
          ...this.owner,
        }),
      ),
    );
  }

  private async notifications(bucket: string): Promise<NotificationConfiguration> {
    const what = `read the notifications of ${bucket}`;
    const answer = await ask(what, async () =>
      this.client.send(new GetBucketNotificationConfigurationCommand({ Bucket: bucket, ...this.owner })),
    );
    if (isRefused(answer)) throw refusedTo(what, answer.refused, 's3:GetBucketNotification');
    return answer;
  }

  async countVersions(bucket: string, atMost: number): Promise<number> {
    let count = 0;
    let page = await this.listing.page(bucket);
    for (;;) {
      count += page.versions.length;
      if (page.next === undefined || count >= atMost) return count;
      page = await this.listing.page(bucket, page.next);
    }
  }
}

/** What was seen; changing a bucket needs to see it first. */
function must<T>(what: string, answer: Seen<T>): T {
  if (answer.kind === 'seen') return answer.value;
  throw answer.kind === 'denied'
    ? refusedTo(what, { status: 403, code: 'AccessDenied' }, answer.action)
    : refusedTo(what, { status: 501, code: answer.code }, '');
}

function refusedTo(what: string, { status, code }: Refusal, action: string): HoldfastError {
  return status === 403
    ? new HoldfastError('no-permission', {
        what: `${what}: the store denied it`,
        next: `get the permission ${action}`,
      })
    : new HoldfastError('bad-input', {
        what: `${what}: the store answered ${code}`,
        next: 'check the name and the values',
      });
}
