/** The local cloud: S3, queues and functions on the loopback address, wired as serverless.yml says. */
import { EventEmitter } from 'node:events';
import { resolve } from 'node:path';
import { type CloudEvent, matchesPattern, toCloudEvent } from './event-bridge.ts';
import { type Lambda, startLambda } from './lambda.ts';
import { type Queues, startQueues } from './queues.ts';
import { type Principal, type RunningS3, startS3 } from './s3/index.ts';
import { type Intrinsic, readStack, type Stack, type StackFunction } from './stack.ts';

export interface CloudOptions {
  /** The port of the S3 endpoint; any free one when left out. */
  readonly port?: number;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The folder of serverless.yml and of dist/; this checkout when left out. */
  readonly root?: string;
  /** The policy file that the functions get. */
  readonly policyFile: string;
  /** Lock versions on this S3 instead of the embedded one. It sends no events: hand them over with `publish`. */
  readonly outside?: OutsideStore;
}

export interface OutsideStore {
  readonly url: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The kind of store, as the functions know it. */
  readonly kind: string;
  /** The account that owns its buckets, where it has accounts. */
  readonly account?: string;
}

/** What the functions wrote to their logs: `record` for audit records, `log` for everything else. */
export interface CloudEvents {
  record: [Readonly<Record<string, unknown>>];
  log: [string];
}

export interface Cloud {
  readonly url: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly output: EventEmitter<CloudEvents>;
  /** Puts an event on the bus, as S3 would. */
  publish(event: CloudEvent): void;
  close(): Promise<void>;
}

const CHECKOUT = resolve(import.meta.dirname, '..');
const ACCOUNT = '123456789012';
const DEFAULT_CREDENTIALS = { accessKeyId: 'holdfast', secretAccessKey: 'holdfast-secret' };
/** Every bucket that anybody makes here is managed. */
const EVERY_BUCKET = { buckets: [{ exists: true }] };

export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const { outside } = options;
  const root = options.root ?? CHECKOUT;
  const stack = readStack(resolve(root, 'serverless.yml'), EVERY_BUCKET);
  const output = new EventEmitter<CloudEvents>();
  const credentials = outside?.credentials ?? options.credentials ?? DEFAULT_CREDENTIALS;
  const principals: readonly Principal[] = [credentials];

  // The bus exists before the S3 that sends to it, and the queues only after it.
  let publish: Cloud['publish'] = () => undefined;
  const s3: RunningS3 | undefined =
    outside === undefined
      ? await startS3({
          port: options.port ?? 0,
          principals,
          accountId: ACCOUNT,
          notify: (event) => {
            const cloudEvent = toCloudEvent(event, { region: 'us-east-1', account: ACCOUNT });
            if (cloudEvent !== undefined) publish(cloudEvent);
          },
        })
      : undefined;
  const store = outside ?? {
    url: s3?.url ?? '',
    region: 'us-east-1',
    credentials,
    kind: 'aws',
    account: ACCOUNT,
  };
  const queues = await startQueues(stack.queues, store.region);
  publish = (event) => {
    for (const { pattern, targets } of stack.rules) {
      if (!matchesPattern(pattern, event)) continue;
      for (const queue of targets)
        queues
          .send(queue, JSON.stringify(event))
          .catch((error: unknown) => output.emit('log', String(error)));
    }
  };
  const lambdas = startFunctions(stack, root, store, queues, resolve(options.policyFile), output);

  return {
    url: store.url,
    region: store.region,
    credentials,
    output,
    publish: (event) => {
      publish(event);
    },
    async close() {
      await queues.close();
      await Promise.all([...lambdas.map(async (lambda) => lambda.close()), s3?.close()]);
    },
  };
}

function startFunctions(
  stack: Stack,
  root: string,
  store: OutsideStore,
  queues: Queues,
  policyFile: string,
  output: EventEmitter<CloudEvents>,
): Lambda[] {
  return stack.functions.map((fn) => {
    const lambda = startLambda({
      name: fn.name,
      handler: fn.handler,
      root,
      timeoutSeconds: fn.timeoutSeconds,
      environment: environmentOf(fn, store, queues, policyFile),
      onLog: (line) => {
        const record = auditRecord(line);
        if (record === undefined) output.emit('log', line);
        else output.emit('record', record);
      },
    });
    for (const { queue, batchSize } of fn.queues) {
      queues.feed(queue, batchSize, lambda, (error) => output.emit('log', `${fn.name}: ${error.message}`));
    }
    return lambda;
  });
}

/** The variables of serverless.yml, resolved; and what Lambda itself would set. */
function environmentOf(
  fn: StackFunction,
  store: OutsideStore,
  queues: Queues,
  policyFile: string,
): Record<string, string> {
  const resolved = Object.entries(fn.environment).flatMap(([name, value]) => {
    const text = resolveValue(value, queues, store);
    return text === undefined ? [] : [[name, text] as const];
  });
  return {
    ...Object.fromEntries(resolved),
    HOLDFAST_POLICY: policyFile,
    HOLDFAST_BUCKETS: '*',
    HOLDFAST_STORE: store.kind,
    AWS_REGION: store.region,
    AWS_ACCESS_KEY_ID: store.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: store.credentials.secretAccessKey,
    AWS_ENDPOINT_URL_S3: store.url,
    AWS_ENDPOINT_URL_SQS: queues.url,
  };
}

/** Strings, queues and the account; what only AWS can resolve is left out. */
function resolveValue(value: unknown, queues: Queues, store: OutsideStore): string | undefined {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  const { intrinsic, argument } = value as Partial<Intrinsic>;
  if (intrinsic !== 'Ref' || typeof argument !== 'string') return undefined;
  if (argument === 'AWS::AccountId') return store.account;
  return argument.startsWith('AWS::') ? undefined : queues.urlOf(argument);
}

function auditRecord(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { audit } = JSON.parse(line) as { audit?: Readonly<Record<string, unknown>> };
    return audit;
  } catch {
    return undefined;
  }
}
