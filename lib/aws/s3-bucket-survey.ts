/** Looks at a bucket through the S3 API, and changes nothing. */
import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  type GetBucketNotificationConfigurationCommandOutput,
  GetBucketPolicyCommand,
  GetBucketReplicationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  type InventoryConfiguration,
  type LifecycleRule as StoredLifecycleRule,
  ListBucketInventoryConfigurationsCommand,
  type ListBucketInventoryConfigurationsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { HoldfastError } from '../errors.ts';
import { type DefaultRule } from '../lock/default-rule.ts';
import { type Inventory } from '../ports/bucket-admin.ts';
import {
  type Attempt,
  type BucketSurvey,
  type EventWiring,
  type LifecycleRule,
  type LockSetting,
  type Permission,
  type Seen,
  type Versioning,
} from '../ports/bucket-survey.ts';
import { ask, BAD_CREDENTIALS, badCredentials, isRefused } from './answers.ts';
import { harmlessTry } from './harmless-tries.ts';

interface Question<T, V> {
  readonly what: string;
  readonly action: string;
  readonly send: () => Promise<T>;
  readonly read: (answer: T) => V;
  /** The codes with which the store says that nothing of the kind is configured, and what that means. */
  readonly none?: { readonly codes: readonly string[]; readonly value: V };
}

export class S3BucketSurvey implements BucketSurvey {
  private readonly client: S3Client;
  private readonly owner: { ExpectedBucketOwner?: string };

  constructor(client: S3Client, expectedBucketOwner?: string) {
    this.client = client;
    this.owner = expectedBucketOwner === undefined ? {} : { ExpectedBucketOwner: expectedBucketOwner };
  }

  async versioning(bucket: string): Promise<Seen<Versioning>> {
    return seen(bucket, {
      what: 'the versioning',
      action: 's3:GetBucketVersioning',
      send: async () => this.client.send(new GetBucketVersioningCommand(this.of(bucket))),
      read: ({ Status, MFADelete }) => ({
        status: Status === 'Enabled' ? 'enabled' : Status === 'Suspended' ? 'suspended' : 'never',
        mfaDelete: MFADelete === 'Enabled',
      }),
    });
  }

  async lock(bucket: string): Promise<Seen<LockSetting>> {
    return seen(bucket, {
      what: 'the Object Lock',
      action: 's3:GetBucketObjectLockConfiguration',
      send: async () => this.client.send(new GetObjectLockConfigurationCommand(this.of(bucket))),
      read: ({ ObjectLockConfiguration: shown }) => {
        const rule = ruleOf(shown?.Rule?.DefaultRetention ?? {});
        return { enabled: shown?.ObjectLockEnabled === 'Enabled', ...(rule && { rule }) };
      },
      none: {
        codes: ['ObjectLockConfigurationNotFoundError', 'NoSuchObjectLockConfiguration'],
        value: { enabled: false },
      },
    });
  }

  async lifecycle(bucket: string): Promise<Seen<readonly LifecycleRule[]>> {
    return seen(bucket, {
      what: 'the lifecycle rules',
      action: 's3:GetLifecycleConfiguration',
      send: async () => this.client.send(new GetBucketLifecycleConfigurationCommand(this.of(bucket))),
      read: ({ Rules = [] }) => Rules.filter(({ Status }) => Status === 'Enabled').map(lifecycleRule),
      none: { codes: ['NoSuchLifecycleConfiguration'], value: [] },
    });
  }

  async replication(bucket: string): Promise<Seen<readonly string[]>> {
    return seen(bucket, {
      what: 'the replication',
      action: 's3:GetReplicationConfiguration',
      send: async () => this.client.send(new GetBucketReplicationCommand(this.of(bucket))),
      read: ({ ReplicationConfiguration }) => [
        ...new Set(
          (ReplicationConfiguration?.Rules ?? [])
            .filter(({ Status }) => Status === 'Enabled')
            .map(({ Destination }) => (Destination?.Bucket ?? '').replace(/^arn:[^:]*:s3:::/, '')),
        ),
      ],
      none: { codes: ['ReplicationConfigurationNotFoundError'], value: [] },
    });
  }

  async events(bucket: string): Promise<Seen<EventWiring>> {
    return seen(bucket, {
      what: 'the notifications',
      action: 's3:GetBucketNotification',
      send: async () => this.client.send(new GetBucketNotificationConfigurationCommand(this.of(bucket))),
      read: eventWiring,
    });
  }

  async inventories(bucket: string): Promise<Seen<readonly Inventory[]>> {
    const found: Inventory[] = [];
    let token: string | undefined;
    do {
      const page: Seen<ListBucketInventoryConfigurationsCommandOutput> = await seen(bucket, {
        what: 'the inventories',
        action: 's3:GetInventoryConfiguration',
        send: async () =>
          this.client.send(
            new ListBucketInventoryConfigurationsCommand({
              ...this.of(bucket),
              ...(token !== undefined && { ContinuationToken: token }),
            }),
          ),
        read: (answer) => answer,
      });
      if (page.kind !== 'seen') return page;
      found.push(...(page.value.InventoryConfigurationList ?? []).map(inventoryOf));
      token = page.value.NextContinuationToken;
    } while (token !== undefined);
    return { kind: 'seen', value: found };
  }

  async policy(bucket: string): Promise<Seen<string | undefined>> {
    return seen(bucket, {
      what: 'the bucket policy',
      action: 's3:GetBucketPolicy',
      send: async () => this.client.send(new GetBucketPolicyCommand(this.of(bucket))),
      read: ({ Policy }) => Policy,
      none: { codes: ['NoSuchBucketPolicy'], value: undefined },
    });
  }

  async attempt(bucket: string, permission: Permission): Promise<Attempt> {
    return harmlessTry(this.client, this.of(bucket), permission);
  }

  private of(bucket: string): { Bucket: string; ExpectedBucketOwner?: string } {
    return { Bucket: bucket, ...this.owner };
  }
}

async function seen<T extends object, V>(
  bucket: string,
  { what, action, send, read, none }: Question<T, V>,
): Promise<Seen<V>> {
  const answer = await ask(`read ${what} of ${bucket}`, send);
  if (!isRefused(answer)) return { kind: 'seen', value: read(answer) };
  const { status, code } = answer.refused;
  if (none?.codes.includes(code) === true) return { kind: 'seen', value: none.value };
  if (BAD_CREDENTIALS.has(code)) throw badCredentials(`read ${what} of ${bucket}`, code);
  if (status === 403) return { kind: 'denied', action };
  if (code === 'NoSuchBucket') {
    throw new HoldfastError('bad-input', {
      what: `there is no bucket ${bucket}`,
      next: 'check its name, the endpoint and the account',
    });
  }
  return { kind: 'not-offered', code };
}

function inventoryOf(stored: InventoryConfiguration): Inventory {
  const { Id = '', IsEnabled, IncludedObjectVersions, OptionalFields = [], Filter } = stored;
  const prefix = Filter?.Prefix ?? '';
  return {
    id: Id,
    enabled: IsEnabled === true,
    allVersions: IncludedObjectVersions === 'All',
    fields: OptionalFields,
    ...(prefix !== '' && { prefix }),
  };
}

function eventWiring({
  QueueConfigurations = [],
  TopicConfigurations = [],
  LambdaFunctionConfigurations = [],
  EventBridgeConfiguration,
}: GetBucketNotificationConfigurationCommandOutput): EventWiring {
  return {
    eventBridge: EventBridgeConfiguration !== undefined,
    notifications:
      QueueConfigurations.length + TopicConfigurations.length + LambdaFunctionConfigurations.length,
  };
}

function lifecycleRule(rule: StoredLifecycleRule): LifecycleRule {
  const { ID = 'without a name', Filter, Expiration, NoncurrentVersionExpiration } = rule;
  // Rules from before filters have a prefix of their own, which the SDK calls deprecated.
  const older: unknown = Reflect.get(rule, 'Prefix');
  const { Prefix, Tag, And, ObjectSizeGreaterThan, ObjectSizeLessThan } = Filter ?? {};
  const prefix = Prefix ?? And?.Prefix ?? (typeof older === 'string' ? older : '');
  const tags = [...(Tag === undefined ? [] : [Tag]), ...(And?.Tags ?? [])];
  const sizes = [
    ...[ObjectSizeGreaterThan, ObjectSizeLessThan],
    ...[And?.ObjectSizeGreaterThan, And?.ObjectSizeLessThan],
  ].filter((size) => size !== undefined);
  const narrowed = [
    ...(prefix === '' ? [] : [prefix]),
    ...tags.map(({ Key = '', Value = '' }) => `tag ${Key}=${Value}`),
    ...(sizes.length === 0 ? [] : ['some sizes']),
  ];
  const noncurrentDays = NoncurrentVersionExpiration?.NoncurrentDays;
  return {
    id: ID,
    about: narrowed.length === 0 ? 'everything' : narrowed.join(', '),
    isForAll: narrowed.length === 0,
    expiresCurrent: Expiration?.Days !== undefined || Expiration?.Date !== undefined,
    removesMarkers: Expiration?.ExpiredObjectDeleteMarker === true,
    ...(noncurrentDays !== undefined && { noncurrentDays }),
  };
}

function ruleOf(shown: {
  Mode?: string | undefined;
  Days?: number | undefined;
  Years?: number | undefined;
}): DefaultRule | undefined {
  const { Days: days, Years: years } = shown;
  // Some stores give a mode back as it was written.
  const mode = shown.Mode?.toUpperCase();
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') return undefined;
  if (days !== undefined) return { mode, unit: 'days', length: days };
  return years === undefined ? undefined : { mode, unit: 'years', length: years };
}
