/** What a bucket tells of itself, and what the credentials may do in it: everything that doctor looks at. */
import { type DefaultRule } from '../lock/default-rule.ts';
import { type Inventory } from './bucket-admin.ts';

/** What was asked for, or why it was not seen. */
export type Seen<T> =
  | { readonly kind: 'seen'; readonly value: T }
  /** The store denied it. */
  | { readonly kind: 'denied'; readonly action: string }
  /** The store does not know the request at all. */
  | { readonly kind: 'not-offered'; readonly code: string };

export interface Versioning {
  readonly status: 'enabled' | 'suspended' | 'never';
  readonly mfaDelete: boolean;
}

export interface LockSetting {
  readonly enabled: boolean;
  readonly rule?: DefaultRule;
}

/** An enabled lifecycle rule, as far as it takes versions away or hides them. */
export interface LifecycleRule {
  readonly id: string;
  /** What it is about, in words: `everything`, or what narrows it. */
  readonly about: string;
  readonly isForAll: boolean;
  /** It hides current versions behind delete markers. */
  readonly expiresCurrent: boolean;
  /** Old versions are deleted so many days after they were replaced. */
  readonly noncurrentDays?: number;
  /** Delete markers under which nothing is left are removed. */
  readonly removesMarkers: boolean;
}

export interface EventWiring {
  readonly eventBridge: boolean;
  /** How many queues, topics and functions its notifications name. */
  readonly notifications: number;
}

/** A permission that can be tried without changing anything. */
export const TRIABLE = [
  's3:ListBucket',
  's3:ListBucketVersions',
  's3:ListBucketMultipartUploads',
  's3:GetBucketLocation',
  's3:GetBucketVersioning',
  's3:GetBucketObjectLockConfiguration',
  's3:GetObject',
  's3:GetObjectVersion',
  's3:GetObjectTagging',
  's3:GetObjectVersionTagging',
  's3:GetObjectRetention',
  's3:GetObjectLegalHold',
  's3:PutObject',
  's3:PutObjectRetention',
  's3:PutObjectLegalHold',
  's3:PutObjectTagging',
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
  's3:DeleteObjectVersion',
] as const;

export type Permission = (typeof TRIABLE)[number];

/** How a harmless try ended; `unclear` with the reason why it tells nothing. */
export type Attempt =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'unclear'; readonly why: string };

/** Reads only, and tries only what cannot change anything; every method throws HoldfastError without a verdict. */
export interface BucketSurvey {
  versioning(bucket: string): Promise<Seen<Versioning>>;
  lock(bucket: string): Promise<Seen<LockSetting>>;
  lifecycle(bucket: string): Promise<Seen<readonly LifecycleRule[]>>;
  /** The buckets that its versions are copied to. */
  replication(bucket: string): Promise<Seen<readonly string[]>>;
  events(bucket: string): Promise<Seen<EventWiring>>;
  inventories(bucket: string): Promise<Seen<readonly Inventory[]>>;
  /** The bucket policy as its owner wrote it; undefined where there is none. */
  policy(bucket: string): Promise<Seen<string | undefined>>;
  attempt(bucket: string, permission: Permission): Promise<Attempt>;
}
