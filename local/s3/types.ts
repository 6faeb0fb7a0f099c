import type { RetentionMode } from './lock.ts';

/** Somebody who may sign requests. */
export interface Principal {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** IAM actions refused to this principal, such as `s3:GetObjectRetention`; a trailing `*` matches any ending. */
  readonly deny?: readonly string[];
}

/** One destination of a bucket's notification configuration. */
export interface NotificationTarget {
  readonly kind: 'queue' | 'topic' | 'lambda';
  readonly id: string;
  readonly arn: string;
  /** Event names as configured, such as `s3:ObjectCreated:*`. */
  readonly events: readonly string[];
  readonly filters: readonly { readonly name: 'prefix' | 'suffix'; readonly value: string }[];
}

/** A bucket's notification configuration, parsed. */
export interface NotificationConfiguration {
  readonly targets: readonly NotificationTarget[];
  readonly eventBridge: boolean;
}

/** What happened, told whatever the bucket's notification configuration says. */
export interface S3Event {
  /** The name without `s3:`, such as `ObjectCreated:Put`. */
  readonly name: string;
  readonly time: number;
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
  readonly size?: number;
  readonly eTag?: string;
  readonly sequencer?: string;
  readonly requestId: string;
  readonly principalId: string;
  readonly sourceIp: string;
  readonly notification: NotificationConfiguration;
  readonly retention?: {
    readonly mode: RetentionMode;
    readonly retainUntilDate: string;
    /** Where the version has, or had, an event hold. */
    readonly eventHold?: 'ON' | 'OFF';
    readonly eventHoldDuration?: { readonly days: number } | { readonly years: number };
  };
}

/** A way in which a store that claims Object Lock may not enforce it. */
export type Lie =
  /** Lets locked versions be deleted. */
  | 'delete'
  /** Takes any retention over any other. */
  | 'shorten'
  /** Accepts a retention and does not keep it. */
  | 'forget'
  /** Ignores the lock headers of multipart uploads. */
  | 'headers'
  /** Copies the source's lock and ignores the request's. */
  | 'copy'
  /** Copies without the legal hold that the request asks for. */
  | 'copy-hold'
  /** Keeps dates in 32 bits of seconds, so that a far one is an early one. */
  | 'far'
  /** Heeds the bypass header of anybody. */
  | 'bypass'
  /** Leaves the default retention out where an upload names a legal hold. */
  | 'default'
  /** Destroys the current version where a marker should hide it. */
  | 'marker'
  /** Lets versioning be suspended under Object Lock. */
  | 'suspend'
  /** Lets Object Lock be switched off. */
  | 'unlock'
  /** Ignores that a new bucket should have Object Lock; an existing one can get it. */
  | 'create'
  /** Takes the default rule of a bucket to be what it was. */
  | 'default-stays'
  /** Keeps one set of tags for all versions of a key. */
  | 'tags';

/** How stores that tell the truth differ from S3. */
export interface Dialect {
  /** To a question about the lock of a version that has none. */
  readonly none?: { readonly status: number; readonly code: string };
  /** To a retention that a stored lock refuses. */
  readonly refusal?: { readonly status: number; readonly code: string };
  /** What a store without event holds makes of them: 501, or what is left when they are dropped. */
  readonly eventHolds?: 'refused' | 'ignored';
}

/** The request a fault injector is asked about. */
export interface FaultCall {
  readonly operation: string;
  readonly bucket?: string;
  readonly key?: string;
  readonly method: string;
}

/** The refusal a fault injector may answer with. */
export interface Fault {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** How to start the server; everything has a default. */
export interface S3Options {
  /** 0, the default, takes any free port; the address is always 127.0.0.1. */
  readonly port?: number;
  readonly principals?: readonly Principal[];
  /** Epoch milliseconds; an injected clock switches the 15-minute signature check off, since clients sign by the machine's time. */
  readonly clock?: () => number;
  readonly region?: string;
  readonly accountId?: string;
  readonly notify?: (event: S3Event) => void;
  readonly fault?: (call: FaultCall) => Fault | undefined;
  /** For tests of those who must notice it: what this server wrongly allows. */
  readonly lies?: readonly Lie[];
  /** For tests of those who must understand it: how other stores answer the same. */
  readonly dialect?: Dialect;
}

/** A server that is listening. */
export interface RunningS3 {
  readonly url: string;
  readonly port: number;
  readonly region: string;
  close(): Promise<void>;
}
