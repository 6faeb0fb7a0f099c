import type { Bucket } from './bucket.ts';
import type { Dialect, Lie, Fault, FaultCall, Principal, S3Event, S3Options } from './types.ts';
import { VersionIds } from './version-id.ts';

/** The whole server's state and settings. */
export interface Service {
  readonly region: string;
  readonly accountId: string;
  readonly ownerId: string;
  readonly clock: () => number;
  readonly checksSkew: boolean;
  readonly principals: ReadonlyMap<string, Principal>;
  readonly buckets: Map<string, Bucket>;
  readonly versionIds: VersionIds;
  readonly completed: Map<string, CompletedUpload>;
  readonly notify: (event: S3Event) => void;
  readonly fault: (call: FaultCall) => Fault | undefined;
  readonly lies: ReadonlySet<Lie>;
  readonly dialect: Dialect;
}

/** What a finished multipart upload answered: asking again gets the same. */
export interface CompletedUpload {
  readonly bucket: string;
  readonly key: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const DEFAULT_PRINCIPAL: Principal = { accessKeyId: 'holdfast', secretAccessKey: 'holdfast-secret' };

/** An empty S3 of one account and region. */
export function newService(options: S3Options): Service {
  const accountId = options.accountId ?? '123456789012';
  return {
    region: options.region ?? 'us-east-1',
    accountId,
    ownerId: accountId.padStart(64, '0'),
    clock: options.clock ?? Date.now,
    checksSkew: options.clock === undefined,
    principals: new Map((options.principals ?? [DEFAULT_PRINCIPAL]).map((each) => [each.accessKeyId, each])),
    buckets: new Map(),
    versionIds: new VersionIds(),
    completed: new Map(),
    notify: options.notify ?? (() => undefined),
    fault: options.fault ?? (() => undefined),
    lies: new Set(options.lies),
    dialect: options.dialect ?? {},
  };
}
