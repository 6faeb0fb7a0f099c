/** Sets up buckets through the S3 API. */
import {
  CreateBucketCommand,
  GetBucketNotificationConfigurationCommand,
  HeadBucketCommand,
  type InventoryOptionalField,
  ListBucketInventoryConfigurationsCommand,
  type ListBucketInventoryConfigurationsCommandOutput,
  type NotificationConfiguration,
  PutBucketInventoryConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { HoldfastError } from '../errors.ts';
import {
  type BucketAdmin,
  type BucketState,
  type BucketWiring,
  type DefaultRule,
  type Inventory,
  type SetupAnswer,
} from '../ports/bucket-admin.ts';
import { type VersionListing } from '../ports/version-listing.ts';
import { ask, isRefused, type Refusal } from './answers.ts';

const NO_LOCK = new Set(['ObjectLockConfigurationNotFoundError', 'NoSuchObjectLockConfiguration']);
const TAKEN = new Set(['BucketAlreadyOwnedByYou', 'BucketAlreadyExists']);

export class S3BucketAdmin implements BucketAdmin {
  private readonly client: S3Client;
  private readonly listing: VersionListing;
  private readonly owner: { ExpectedBucketOwner?: string };

  constructor(client: S3Client, listing: VersionListing, expectedBucketOwner?: string) {
    this.client = client;
    this.listing = listing;
    this.owner = expectedBucketOwner === undefined ? {} : { ExpectedBucketOwner: expectedBucketOwner };
  }

  async read(bucket: string): Promise<BucketState | undefined> {
    const input = { Bucket: bucket, ...this.owner };
    const versioning = await ask(`read the versioning of ${bucket}`, async () =>
      this.client.send(new GetBucketVersioningCommand(input)),
    );
    if (isRefused(versioning)) {
      if (versioning.refused.status === 404) return undefined;
      throw refusedTo(`read the versioning of ${bucket}`, versioning.refused, 's3:GetBucketVersioning');
    }
    const lock = await ask(`read the Object Lock of ${bucket}`, async () =>
      this.client.send(new GetObjectLockConfigurationCommand(input)),
    );
    const status =
      versioning.Status === 'Enabled' ? 'enabled' : versioning.Status === 'Suspended' ? 'suspended' : 'never';
    if (isRefused(lock)) {
      if (NO_LOCK.has(lock.refused.code)) return { versioning: status, lock: false };
      throw refusedTo(
        `read the Object Lock of ${bucket}`,
        lock.refused,
        's3:GetBucketObjectLockConfiguration',
      );
    }
    const rule = ruleOf(lock.ObjectLockConfiguration?.Rule?.DefaultRetention ?? {});
    const enabled = lock.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled';
    return { versioning: status, lock: enabled, ...(rule && { rule }) };
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
    const notifications = await this.notifications(bucket);
    const {
      QueueConfigurations = [],
      TopicConfigurations = [],
      LambdaFunctionConfigurations = [],
    } = notifications;
    return {
      notifications:
        QueueConfigurations.length + TopicConfigurations.length + LambdaFunctionConfigurations.length,
      eventBridge: notifications.EventBridgeConfiguration !== undefined,
      inventories: await this.inventories(bucket),
    };
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
    const answer = await ask(what, async () =>
      this.client.send(
        new PutBucketInventoryConfigurationCommand({
          Bucket: bucket,
          Id: inventory.id,
          InventoryConfiguration: {
            Id: inventory.id,
            IsEnabled: true,
            IncludedObjectVersions: 'All',
            Schedule: { Frequency: 'Daily' },
            OptionalFields: [...inventory.fields] as InventoryOptionalField[],
            Destination: {
              S3BucketDestination: {
                Bucket: `arn:aws:s3:::${destination}`,
                Format: 'Parquet',
                Prefix: 'inventory',
              },
            },
          },
          ...this.owner,
        }),
      ),
    );
    if (isRefused(answer)) throw refusedTo(what, answer.refused, 's3:PutInventoryConfiguration');
  }

  private async notifications(bucket: string): Promise<NotificationConfiguration> {
    const what = `read the notifications of ${bucket}`;
    const answer = await ask(what, async () =>
      this.client.send(new GetBucketNotificationConfigurationCommand({ Bucket: bucket, ...this.owner })),
    );
    if (isRefused(answer)) throw refusedTo(what, answer.refused, 's3:GetBucketNotification');
    return answer;
  }

  private async inventories(bucket: string): Promise<Inventory[]> {
    const what = `read the inventories of ${bucket}`;
    const found: Inventory[] = [];
    let token: string | undefined;
    do {
      const page: ListBucketInventoryConfigurationsCommandOutput | { refused: Refusal } = await ask(
        what,
        async () =>
          this.client.send(
            new ListBucketInventoryConfigurationsCommand({
              Bucket: bucket,
              ...(token !== undefined && { ContinuationToken: token }),
              ...this.owner,
            }),
          ),
      );
      if (isRefused(page)) throw refusedTo(what, page.refused, 's3:GetInventoryConfiguration');
      for (const {
        Id,
        IsEnabled,
        IncludedObjectVersions,
        OptionalFields = [],
      } of page.InventoryConfigurationList ?? []) {
        const allVersions = IncludedObjectVersions === 'All';
        found.push({ id: Id ?? '', enabled: IsEnabled === true, allVersions, fields: OptionalFields });
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return found;
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

function ruleOf(shown: {
  Mode?: string | undefined;
  Days?: number | undefined;
  Years?: number | undefined;
}): DefaultRule | undefined {
  const { Mode: mode, Days: days, Years: years } = shown;
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') return undefined;
  if (days !== undefined) return { mode, unit: 'days', length: days };
  return years === undefined ? undefined : { mode, unit: 'years', length: years };
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
