/** The local cloud: S3, queues, logs and functions on the loopback address, wired as serverless.yml says. */
import { EventEmitter } from 'node:events';
import { resolve } from 'node:path';
import { BATCH_PRINCIPAL, BATCH_ROLE_ARN, startBatch } from './batch.ts';
import { makeBuckets } from './buckets.ts';
import { environmentOf, type OutsideStore, type Surroundings } from './environment.ts';
import { type CloudEvent, matchesPattern, toCloudEvent } from './event-bridge.ts';
import { type Front, startFront } from './front.ts';
import { type Lambda, startLambda } from './lambda.ts';
import type { WrittenInventory } from './inventory/index.ts';
import { INVENTORY_BUCKET, type InventoryRequest, takeInventory } from './inventory-bucket.ts';
import { startLogs } from './logs.ts';
import { startQueues } from './queues.ts';
import { startS3 } from './s3/index.ts';
import type { Lie } from './s3/types.ts';
import { readStack, type Stack } from './stack.ts';

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface CloudOptions {
  /** The port of the S3 endpoint; any free one when left out. */
  readonly port?: number;
  readonly credentials?: Credentials;
  /** The folder of serverless.yml and of dist/; this checkout when left out. */
  readonly root?: string;
  /** The policy file that the functions get. */
  readonly policyFile: string;
  /** Lock versions on this S3 instead of the embedded one. It sends no events: hand them over with `publish`. */
  readonly outside?: OutsideStore;
  /** Where the function that plans looks for inventories: `s3://bucket/prefix/source-bucket/id`. */
  readonly inventories?: readonly string[];
  /** Buckets whose events nobody listens to, though they are managed. */
  readonly unheard?: readonly string[];
  /** Values for parameters of serverless.yml, such as `engine: batch`. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** For tests of those who must notice it: what the embedded S3 wrongly allows. */
  readonly lies?: readonly Lie[];
}

/** What the functions wrote: `record` is an audit record in CloudWatch Logs, `log` any line of their own logs. */
export interface CloudEvents {
  record: [Readonly<Record<string, unknown>>];
  log: [string];
}

export interface Cloud extends Pick<Front, 'api' | 'tokens' | 'tables'> {
  /** Where the managed buckets are: the embedded S3, or the one outside. */
  readonly url: string;
  readonly region: string;
  readonly credentials: Credentials;
  /** The embedded S3, which always holds the buckets of the stack. */
  readonly control: { readonly url: string; readonly credentials: Credentials };
  /** S3 Control with S3 Batch Operations, on the embedded S3, and the role that its jobs may have. */
  readonly batch: { readonly url: string; readonly accountId: string; readonly roleArn: string };
  /** Writes an S3 Inventory of a managed bucket into the embedded S3, and tells where its manifest is. */
  inventory(bucket: string, request?: InventoryRequest): Promise<WrittenInventory>;
  /** The name of a bucket of the stack, such as `AuditBucket`. */
  bucketOf(resource: string): string;
  readonly output: EventEmitter<CloudEvents>;
  /** Puts an event on the bus, as S3 would. */
  publish(event: CloudEvent): void;
  /** Runs a function once, as its schedule would. */
  invoke(name: string, event: unknown): Promise<unknown>;
  /**
   * Kills the environment of a function when it next stores a record, before the record is stored.
   * Answers when that has happened.
   */
  killAtNextRecord(name: string): Promise<void>;
  close(): Promise<void>;
}

const CHECKOUT = resolve(import.meta.dirname, '..');
const REGION = 'us-east-1';
const ACCOUNT = '123456789012';
const DEFAULT_CREDENTIALS = { accessKeyId: 'holdfast', secretAccessKey: 'holdfast-secret' };

/** Every bucket that anybody makes here is managed, but for the stack's own. */
function paramsFor(own: readonly string[]): Record<string, unknown> {
  return { buckets: [{ 'anything-but': own }], enforce: 'apply' };
}

export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const { outside, policyFile, lies } = options;
  const root = options.root ?? CHECKOUT;
  const stackFile = resolve(root, 'serverless.yml');
  const own = readStack(stackFile, {}).buckets.map(({ name }) => name);
  const stack = readStack(stackFile, {
    ...paramsFor([...own, INVENTORY_BUCKET, ...(options.unheard ?? [])]),
    ...options.params,
  });
  checkWiring(stack);
  const output = new EventEmitter<CloudEvents>();
  // Everybody who waits for a record listens: a test of many uploads has as many.
  output.setMaxListeners(0);
  const credentials = options.credentials ?? DEFAULT_CREDENTIALS;
  const onLog = (line: string): boolean => output.emit('log', line);

  let kill: (() => void) | undefined;
  // The bus exists before the S3 that sends to it, and the queues only after it.
  let publish: Cloud['publish'] = () => undefined;
  const s3 = await startS3({
    port: outside === undefined ? (options.port ?? 0) : 0,
    principals: [credentials, BATCH_PRINCIPAL],
    accountId: ACCOUNT,
    ...(lies && { lies }),
    fault: ({ operation, key }) => {
      if (kill === undefined || operation !== 'PutObject' || key?.startsWith('records/') !== true)
        return undefined;
      kill();
      kill = undefined;
      return { status: 500, code: 'InternalError', message: 'The function that asked is no more.' };
    },
    notify: (event) => {
      const cloudEvent = toCloudEvent(event, { region: REGION, account: ACCOUNT });
      if (cloudEvent !== undefined) publish(cloudEvent);
    },
  });
  await makeBuckets(s3.url, credentials, stack.buckets);
  const queues = await startQueues(stack.queues, REGION);
  const logs = await startLogs((_, message) => {
    output.emit('record', JSON.parse(message) as Readonly<Record<string, unknown>>);
  });
  publish = (event) => {
    for (const { pattern, targets } of stack.rules) {
      if (!matchesPattern(pattern, event)) continue;
      for (const queue of targets)
        queues.send(queue, JSON.stringify(event)).catch((error: unknown) => onLog(String(error)));
    }
  };
  // S3 Control exists before the functions that ask it, and jobs invoke them.
  let lambdas: ReadonlyMap<string, Lambda> = new Map();
  const invoke: Cloud['invoke'] = async (name, event) => {
    const lambda = lambdas.get(name);
    if (lambda === undefined) throw new Error(`serverless.yml has no function "${name}"`);
    return lambda.invoke(event);
  };
  const control = await startBatch({
    s3Url: s3.url,
    region: REGION,
    accountId: ACCOUNT,
    credentials,
    invoke,
    publish: (event) => {
      publish(event);
    },
  });
  const front = await startFront(stack, {
    region: REGION,
    accountId: ACCOUNT,
    machines: [credentials],
    invoke,
    onLog,
  });
  const around: Surroundings = {
    region: REGION,
    credentials,
    s3Url: s3.url,
    controlUrl: control.url,
    queues,
    logsUrl: logs.url,
    policyFile: resolve(policyFile),
    buckets: stack.buckets,
    tables: stack.tables,
    front,
    inventories: options.inventories ?? [],
    ...(outside === undefined ? { account: ACCOUNT } : { outside }),
  };
  lambdas = startFunctions(stack, root, around, onLog);
  const timers = startSchedules(stack, lambdas, onLog);

  return {
    url: outside?.url ?? s3.url,
    region: outside?.region ?? REGION,
    credentials: outside?.credentials ?? credentials,
    control: { url: s3.url, credentials },
    api: front.api,
    tokens: front.tokens,
    tables: front.tables,
    batch: { url: control.url, accountId: ACCOUNT, roleArn: BATCH_ROLE_ARN },
    inventory: async (bucket, request = {}) =>
      takeInventory(bucket, request, {
        source: outside ?? { url: s3.url, region: REGION, credentials },
        destination: { url: s3.url, region: REGION, credentials },
      }),
    output,
    bucketOf: (resource) => stack.buckets.find((bucket) => bucket.resource === resource)?.name ?? '',
    publish: (event) => {
      publish(event);
    },
    invoke,
    killAtNextRecord: async (name) =>
      new Promise((resolve) => {
        kill = () => {
          lambdas.get(name)?.kill();
          resolve();
        };
      }),
    async close() {
      for (const timer of timers) clearInterval(timer);
      await front.close();
      await queues.close();
      await control.close();
      await Promise.all([
        ...[...lambdas.values()].map(async (lambda) => lambda.close()),
        s3.close(),
        logs.close(),
      ]);
    },
  };
}

/** A queue that a rule sends to and nobody takes from would lose every event silently. */
function checkWiring({ functions, rules }: Stack): void {
  const taken = new Set(functions.flatMap(({ queues }) => queues.map(({ queue }) => queue)));
  for (const { name, targets } of rules) {
    const lost = targets.find((queue) => !taken.has(queue));
    if (lost !== undefined)
      throw new WiringError(`serverless.yml: ${name} sends to ${lost}, and no function takes from it`);
  }
}

/** serverless.yml cannot work as it is. */
export class WiringError extends Error {
  override readonly name = 'WiringError';
}

function startFunctions(
  stack: Stack,
  root: string,
  around: Surroundings,
  onLog: (line: string) => void,
): Map<string, Lambda> {
  return new Map(
    stack.functions.map((fn) => {
      const lambda = startLambda({
        name: fn.name,
        handler: fn.handler,
        root,
        timeoutSeconds: fn.timeoutSeconds,
        environment: environmentOf(fn, around),
        onLog,
      });
      for (const { queue, batchSize } of fn.queues) {
        around.queues.feed(queue, batchSize, lambda, (error) => {
          onLog(`${fn.name}: ${error.message}`);
        });
      }
      return [fn.name, lambda] as const;
    }),
  );
}

function startSchedules(
  stack: Stack,
  lambdas: ReadonlyMap<string, Lambda>,
  onLog: (line: string) => void,
): NodeJS.Timeout[] {
  return stack.functions.flatMap(({ name, everyMs }) => {
    if (everyMs === undefined) return [];
    const run = (): void => {
      lambdas
        .get(name)
        ?.invoke({})
        .catch((error: unknown) => {
          onLog(`${name}: ${String(error)}`);
        });
    };
    return [setInterval(run, everyMs)];
  });
}
