/** What serverless.yml wires together, as far as the local cloud can run it: functions, queues, event rules. */
import { readFileSync } from 'node:fs';
import { parse, type ScalarTag } from 'yaml';
import { type Fields, isFields, list, number, record, text } from './fields.ts';
import { routesOf, type StackRoute } from './stack-routes.ts';

export interface StackFunction {
  readonly name: string;
  /** The bundle and the name of its export: `dist/on-object-event.handler`. */
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, unknown>>;
  /** The queues that it takes batches from. */
  readonly queues: readonly { readonly queue: string; readonly batchSize: number }[];
  /** How often it runs by itself (milliseconds), where it does. */
  readonly everyMs?: number;
  /** What it answers of the HTTP API. */
  readonly routes: readonly StackRoute[];
}

export interface StackBucket {
  /** Its name here; in AWS the deployment makes one up. */
  readonly name: string;
  readonly resource: string;
  /** The default rule of its Object Lock. */
  readonly lock?: { readonly mode: string; readonly days?: number; readonly years?: number };
}

export interface StackTable {
  /** Its name here; in AWS the deployment makes one up. */
  readonly name: string;
  readonly resource: string;
  readonly properties: Fields;
}

export interface StackQueue {
  readonly name: string;
  readonly visibilitySeconds: number;
  readonly deadLetters?: { readonly queue: string; readonly maxReceives: number };
}

export interface StackRule {
  readonly name: string;
  readonly pattern: unknown;
  /** The queues that it sends to. */
  readonly targets: readonly string[];
}

export interface Stack {
  readonly functions: readonly StackFunction[];
  readonly queues: readonly StackQueue[];
  readonly buckets: readonly StackBucket[];
  readonly tables: readonly StackTable[];
  readonly rules: readonly StackRule[];
}

/** A CloudFormation function, as the local cloud resolves it. */
export interface Intrinsic {
  readonly intrinsic: 'Ref' | 'GetAtt' | 'Sub' | 'Join';
  readonly argument: unknown;
}

const TAGS: ScalarTag[] = (['Ref', 'GetAtt', 'Sub'] as const).map((intrinsic) => ({
  tag: `!${intrinsic}`,
  resolve: (argument: string): Intrinsic => ({ intrinsic, argument }),
}));
const JOIN = {
  tag: '!Join',
  collection: 'seq' as const,
  resolve: (): Intrinsic => ({ intrinsic: 'Join', argument: undefined }),
};

/**
 * Reads serverless.yml.
 *
 * @param params - values for `${param:...}`, in place of the defaults of the file.
 */
export function readStack(path: string, params: Readonly<Record<string, unknown>>): Stack {
  const file = record(parse(readFileSync(path, 'utf8'), { customTags: [...TAGS, JOIN], merge: true }));
  const values = { ...record(record(file.params).default), ...params };
  const authorizers = record(record(record(file.provider).httpApi).authorizers);
  const resources = Object.entries(record(record(file.resources).Resources));
  const ofType = (type: string): [string, Fields][] =>
    resources
      .filter(([, resource]) => record(resource).Type === type)
      .map(([name, resource]) => [name, record(substitute(record(resource).Properties, values))]);
  return {
    functions: Object.entries(record(file.functions)).map(([name, fn]) =>
      functionOf(name, record(substitute(fn, values)), authorizers),
    ),
    queues: ofType('AWS::SQS::Queue').map(([name, queue]) => queueOf(name, queue)),
    buckets: ofType('AWS::S3::Bucket').map(([name, bucket]) => bucketOf(name, bucket)),
    tables: ofType('AWS::DynamoDB::Table').map(([resource, properties]) => ({
      name: nameOf(resource),
      resource,
      properties,
    })),
    rules: ofType('AWS::Events::Rule').map(([name, rule]) => ({
      name,
      pattern: rule.EventPattern,
      targets: list(rule.Targets).map((target) => resourceOf(record(target).Arn)),
    })),
  };
}

function functionOf(name: string, fn: Fields, authorizers: Fields): StackFunction {
  const sources = list(fn.events).flatMap((event) => {
    const source = record(event).sqs;
    return source === undefined ? [] : [record(source)];
  });
  return {
    name,
    handler: text(fn.handler, `functions.${name}.handler`),
    timeoutSeconds: number(fn.timeout, 6),
    environment: record(fn.environment),
    ...everyOf(fn),
    queues: sources.map((source) => ({
      queue: resourceOf(source.arn),
      batchSize: number(source.batchSize, 10),
    })),
    routes: routesOf(name, fn, authorizers),
  };
}

/** `schedule: rate(1 hour)`, alone or with options. */
function everyOf(fn: Fields): { everyMs?: number } {
  for (const event of list(fn.events)) {
    const { schedule } = record(event);
    const rate =
      typeof schedule === 'string' ? schedule : (list(record(schedule).rate)[0] ?? record(schedule).rate);
    if (schedule === undefined) continue;
    const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(String(rate)) ?? [];
    if (count !== undefined && unit !== undefined) return { everyMs: Number(count) * (UNITS[unit] ?? 0) };
    throw new Error(`the local cloud knows rate(...) alone, and not the schedule ${String(rate)}`);
  }
  return {};
}

const UNITS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** `AuditBucket` is `audit-bucket`. */
const nameOf = (resource: string): string => resource.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();

function bucketOf(resource: string, bucket: Fields): StackBucket {
  const name = nameOf(resource);
  const rule = record(record(record(bucket.ObjectLockConfiguration).Rule).DefaultRetention);
  if (typeof rule.Mode !== 'string') return { name, resource };
  const { Mode: mode, Days: days, Years: years } = rule;
  return {
    name,
    resource,
    lock: {
      mode,
      ...(typeof days === 'number' && { days }),
      ...(typeof years === 'number' && { years }),
    },
  };
}

function queueOf(name: string, queue: Fields): StackQueue {
  const redrive = record(queue.RedrivePolicy);
  const target = redrive.deadLetterTargetArn;
  return {
    name,
    visibilitySeconds: number(queue.VisibilityTimeout, 30),
    ...(target !== undefined && {
      deadLetters: { queue: resourceOf(target), maxReceives: number(redrive.maxReceiveCount, 5) },
    }),
  };
}

/** Puts values in place of `${param:name}`; a value that is nothing else keeps its type. */
function substitute(node: unknown, values: Fields): unknown {
  if (typeof node === 'string') {
    const whole = /^\$\{param:(\w+)\}$/.exec(node)?.[1];
    if (whole !== undefined) return values[whole];
    return node.replaceAll(/\$\{param:(\w+)\}/g, (_, name: string) => String(values[name]));
  }
  if (Array.isArray(node)) return node.map((item) => substitute(item, values));
  return isFields(node)
    ? Object.fromEntries(Object.entries(node).map(([key, value]) => [key, substitute(value, values)]))
    : node;
}

/** The resource that an ARN or a reference in the template means. */
function resourceOf(reference: unknown): string {
  const { intrinsic, argument } = record(reference);
  if ((intrinsic === 'Ref' || intrinsic === 'GetAtt') && typeof argument === 'string')
    return argument.split('.')[0] ?? '';
  throw new Error('serverless.yml: only !Ref and !GetAtt can name a resource in the local cloud');
}
