import { type DefaultRule } from '../lock/default-rule.ts';

/** How a bucket is set up, as far as locks depend on it. */
export interface BucketState {
  readonly versioning: 'enabled' | 'suspended' | 'never';
  /** Versions are deleted only with a device in hand. */
  readonly mfaDelete: boolean;
  readonly lock: boolean;
  readonly rule?: DefaultRule;
}

/** How a store took a change: `not-possible` when it cannot give Object Lock to a bucket made without it. */
export type SetupAnswer = 'done' | 'not-possible' | 'exists';

/** Whether a listing that S3 writes by itself shows what bulk plans need. */
export interface Inventory {
  readonly id: string;
  readonly enabled: boolean;
  readonly allVersions: boolean;
  /** The only prefix that it lists, where it does not list the whole bucket. */
  readonly prefix?: string;
  readonly fields: readonly string[];
}

/** What a bucket tells of itself: its events, and its inventories. */
export interface BucketWiring {
  /** How many queues, topics and functions its notifications name. */
  readonly notifications: number;
  readonly eventBridge: boolean;
  readonly inventories: readonly Inventory[];
}

/** Sets buckets up; every method throws HoldfastError when the store refused for another reason. */
export interface BucketAdmin {
  /** `undefined` where there is no such bucket. */
  read(bucket: string): Promise<BucketState | undefined>;
  create(bucket: string): Promise<SetupAnswer>;
  enableVersioning(bucket: string): Promise<void>;
  /** Enables Object Lock, or changes the default rule of a bucket that has it; without a rule there is none. */
  setLock(bucket: string, rule: DefaultRule | undefined): Promise<SetupAnswer>;
  readWiring(bucket: string): Promise<BucketWiring>;
  /** Sends the events of the bucket to EventBridge as well; every notification that it has is kept. */
  enableEventBridge(bucket: string): Promise<void>;
  /** Adds an inventory under an id of its own; every other one is kept. */
  putInventory(bucket: string, inventory: Inventory, destination: string): Promise<void>;
  /** How many versions lie in the bucket; counting stops at a limit. */
  countVersions(bucket: string, atMost: number): Promise<number>;
}
