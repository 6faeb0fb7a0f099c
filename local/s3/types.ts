import type { Retention } from './lock.ts';

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
  readonly retention?: { readonly mode: Retention['mode']; readonly retainUntilDate: string };
}

/**
 * A way in which a store that claims Object Lock may not enforce it: `delete` lets locked versions be deleted,
 * `shorten` takes any retention over any other, `forget` accepts a retention and does not keep it.
 */
export type Lie = 'delete' | 'shorten' | 'forget';

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
}

/** A server that is listening. */
export interface RunningS3 {
  readonly url: string;
  readonly port: number;
  readonly region: string;
  close(): Promise<void>;
}
