/** The variables of a function: those of serverless.yml, resolved, and those that Lambda itself would set. */
import { BATCH_ROLE_ARN } from './batch.ts';
import { type Front, TOKEN_AUDIENCE } from './front.ts';
import type { Queues } from './queues.ts';
import type { Intrinsic, StackBucket, StackFunction, StackTable } from './stack.ts';

/** An S3 that runs elsewhere and holds the managed buckets. */
export interface OutsideStore {
  readonly url: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The kind of store, as the functions know it. */
  readonly kind: string;
}

export interface Surroundings {
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly s3Url: string;
  readonly controlUrl: string;
  readonly logsUrl: string;
  readonly queues: Queues;
  readonly buckets: readonly StackBucket[];
  readonly tables: readonly StackTable[];
  readonly front: Front;
  readonly policyFile: string;
  /** The account that owns the managed buckets, where it is known. */
  readonly account?: string;
  readonly outside?: OutsideStore;
  /** Where the function that plans looks for inventories. */
  readonly inventories: readonly string[];
}

export function environmentOf(fn: StackFunction, around: Surroundings): Record<string, string> {
  const resolved = Object.entries(fn.environment).flatMap(([name, value]) => {
    const text = resolveValue(value, around);
    return text === undefined ? [] : [[name, text] as const];
  });
  const { region, credentials, outside, front } = around;
  const own = Object.entries(valuesOfApi(front)).filter(([name]) => name in fn.environment);
  return {
    ...Object.fromEntries(resolved),
    ...Object.fromEntries(own),
    HOLDFAST_POLICY: around.policyFile,
    HOLDFAST_BUCKETS: '*',
    HOLDFAST_INVENTORIES: around.inventories.join(','),
    ...(outside && {
      HOLDFAST_STORE: outside.kind,
      HOLDFAST_STORE_ENDPOINT: outside.url,
      HOLDFAST_STORE_REGION: outside.region,
      HOLDFAST_STORE_ACCESS_KEY_ID: outside.credentials.accessKeyId,
      HOLDFAST_STORE_SECRET_ACCESS_KEY: outside.credentials.secretAccessKey,
    }),
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL_S3: around.s3Url,
    AWS_ENDPOINT_URL_S3_CONTROL: around.controlUrl,
    AWS_ENDPOINT_URL_SQS: around.queues.url,
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: around.logsUrl,
    ...(front.tables.url !== '' && { AWS_ENDPOINT_URL_DYNAMODB: front.tables.url }),
  };
}

/** Variables of functions that answer the API: others do not get them. */
const valuesOfApi = ({ tokens }: Front): Record<string, string> => ({
  HOLDFAST_TOKEN_ISSUER: tokens.url,
  HOLDFAST_TOKEN_AUDIENCE: TOKEN_AUDIENCE,
  // Whoever tries the local cloud looks at once for what was just done.
  HOLDFAST_DOCKET_FRESH_SECONDS: '1',
});

/** Strings, queues, buckets, tables and the account; what only AWS can resolve is left out. */
function resolveValue(
  value: unknown,
  { queues, buckets, tables, account, region }: Surroundings,
): string | undefined {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  const { intrinsic, argument } = value as Partial<Intrinsic>;
  if (intrinsic === 'GetAtt' && typeof argument === 'string') return arnOf(argument, region, account);
  if (intrinsic !== 'Ref' || typeof argument !== 'string') return undefined;
  if (argument === 'AWS::AccountId') return account;
  if (argument.startsWith('AWS::')) return undefined;
  const named = [...buckets, ...tables].find(({ resource }) => resource === argument);
  if (named !== undefined) return named.name;
  // A log group is its name; here any name will do.
  return argument.endsWith('LogGroup') ? argument : queues.urlOf(argument);
}

/** The ARN of a role of jobs, or of a function: `BatchRole.Arn`, `BatchTaskLambdaFunction.Arn`. */
function arnOf(attribute: string, region: string, account: string | undefined): string | undefined {
  if (attribute === 'BatchRole.Arn') return BATCH_ROLE_ARN;
  const [, first, rest] = /^(\w)(\w*)LambdaFunction\.Arn$/.exec(attribute) ?? [];
  if (first === undefined || rest === undefined || account === undefined) return undefined;
  return `arn:aws:lambda:${region}:${account}:function:${first.toLowerCase()}${rest}`;
}
