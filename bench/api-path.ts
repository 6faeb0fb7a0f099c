/** The HTTP API as lib/compose/api.ts puts it together, without Lambda and the gateway, on servers of the benchmark. */
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { type S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, type QueueAttributeName, SQSClient } from '@aws-sdk/client-sqs';
import { ACCESS } from '../lib/app/caller.ts';
import { type MatterApi } from '../lib/app/matter-api.ts';
import { createMatterApi } from '../lib/app/matters/service.ts';
import { CloudWatchCopy } from '../lib/aws/cloudwatch-copy.ts';
import { dynamoClient } from '../lib/aws/dynamo-client.ts';
import { DynamoLedger } from '../lib/aws/dynamo-ledger.ts';
import { createVerify } from '../lib/http/auth.ts';
import { createHttpApi, type HttpApi } from '../lib/http/handle.ts';
import { issuerKeys } from '../lib/http/issuer-keys.ts';
import { type MatterView } from '../lib/matters/messages.ts';
import { startTokenIssuer } from '../local/token-issuer.ts';
import { clientOf, type HoldFunction, holdFunction, makeAudit, makeBuckets } from './hold-path.ts';
import { HoldPump } from './hold-pump.ts';
import { type RequestProbe } from './request-probe.ts';
import { startServer } from './server-process.ts';
import { CREDENTIALS, newQueue, newTable, REGION, startService } from './services.ts';

const AUDIENCE = 'holdfast';
/** As functions/api.ts waits for the searchable copy, through its composition root (milliseconds). */
const COPY_PATIENCE = 10_000;
const WAITING: readonly QueueAttributeName[] = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
];

export interface Stack {
  readonly client: S3Client;
  readonly pump: HoldPump;
  /** A token of somebody who may do everything. */
  readonly tokenOf: (subject: string) => Promise<string>;
  /** One function, with clients of its own, which a probe may watch. */
  function(probe?: RequestProbe): ApiFunction;
  /** The same gateway with use cases that answer `{}` at once. */
  emptyFunction(): Pick<ApiFunction, 'ask'>;
  stop(): Promise<void>;
}

export interface Asking {
  /** `GET /matters?limit=10`. */
  readonly line: string;
  readonly token: string;
  readonly body?: object;
}

export interface ApiFunction {
  /** @throws where the answer is none that was asked for. */
  readonly ask: (asking: Asking) => Promise<string>;
  readonly holds: HoldFunction;
  close(): void;
}

export async function startStack(ahead: number): Promise<Stack> {
  const [s3, logs, tables, queues, issuer] = await Promise.all([
    startServer('s3'),
    startServer('logs'),
    startService('tables'),
    startService('queues'),
    startTokenIssuer({ audience: AUDIENCE }),
  ]);
  const endpoint = `http://127.0.0.1:${s3.port}`;
  const client = clientOf(endpoint);
  await makeBuckets(client);
  const [audit, table, queue] = [
    await makeAudit(client),
    await newTable(tables.url),
    await newQueue(queues.url),
  ];
  const pump = new HoldPump(ahead);
  const gateway = (api: MatterApi): HttpApi =>
    createHttpApi({
      api,
      verify: createVerify({ issuer: issuer.url, audience: AUDIENCE, keys: issuerKeys(issuer.url) }),
      machineGroups: [],
      onUnexpected: (cause) => {
        console.error(cause);
      },
      newId: randomUUID,
    });
  return {
    ...{ client, pump },
    tokenOf: async (sub) => issuer.issue({ sub, groups: ['legal'], scope: ACCESS.join(' ') }),
    function(probe) {
      const dynamo = dynamoClient({ endpoint: tables.url, credentials: CREDENTIALS });
      const common = { region: REGION, credentials: CREDENTIALS };
      const sqs = new SQSClient({ ...common, endpoint: queues.url });
      const copying = new CloudWatchLogsClient({ ...common, endpoint: `http://127.0.0.1:${logs.port}` });
      const middleware = probe && everyAnswer(probe);
      const watch = (made: S3Client): void => {
        if (middleware) made.middlewareStack.add(middleware, { step: 'initialize' });
      };
      if (middleware) {
        dynamo.middlewareStack.add(middleware, { step: 'initialize' });
        sqs.middlewareStack.add(middleware, { step: 'initialize' });
        copying.middlewareStack.add(middleware, { step: 'initialize' });
      }
      const holds = holdFunction({
        ...{ endpoint, audit, pump, onClient: watch },
        ledger: () => new DynamoLedger(dynamo, table),
        copy: new CloudWatchCopy(copying, 'audit'),
        unprocessed: async () => waitingIn(sqs, queue),
      });
      const api = createMatterApi(async () => ({ ...holds.deps, allRuns: noRuns }));
      const answer = gateway(api);
      return {
        holds,
        ask: async (asking) => {
          const text = await asked(answer, asking);
          // The function does the same before it answers.
          await holds.copied(setTimeout(COPY_PATIENCE, undefined, { ref: false }));
          return text;
        },
        close: () => {
          for (const made of [dynamo, sqs, copying]) made.destroy();
          holds.close();
        },
      };
    },
    emptyFunction() {
      const nothing: Pick<MatterApi, 'get' | 'audited'> = {
        get: async () => ({}) as MatterView,
        audited: async () => undefined,
      };
      const answer = gateway(nothing as MatterApi);
      return { ask: async (asking) => asked(answer, asking) };
    },
    async stop() {
      client.destroy();
      for (const one of [s3, logs, tables, queues]) one.stop();
      await issuer.close();
    },
  };
}

/** Hands a request over as the gateway would. */
async function asked(answer: HttpApi, { line, token, body }: Asking): Promise<string> {
  const [method = '', address = ''] = line.split(' ');
  const [rawPath = '', rawQueryString = ''] = address.split('?');
  const result = await answer({
    ...{ version: '2.0', rawPath, rawQueryString },
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
    isBase64Encoded: false,
    requestContext: { http: { method } },
  });
  const { statusCode = 0, body: text = '' } = result;
  if (statusCode >= 200 && statusCode < 300) return text;
  throw new Error(`${line} was answered with ${statusCode}: ${text}`);
}

type Step<Arguments, Answer> = (args: Arguments) => Promise<Answer>;

/** The middleware of a probe, which sees answers only, made to see refusals too: they take a round trip as well. */
function everyAnswer({ middleware }: RequestProbe) {
  return <Arguments, Answer>(
    next: Step<Arguments, Answer>,
    context: { readonly commandName?: string },
  ): Step<Arguments, Answer> => {
    const seen = middleware(
      async (args: Arguments) =>
        next(args).then(
          (answer) => ({ answer }),
          (refusal: unknown) => ({ refusal }),
        ),
      context,
    );
    return async (args) => {
      const end = await seen(args);
      if ('answer' in end) return end.answer;
      throw end.refusal;
    };
  };
}

async function waitingIn(sqs: SQSClient, QueueUrl: string): Promise<number> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...WAITING] }),
  );
  return WAITING.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
}

async function* noRuns(): AsyncGenerator<string> {
  // There are none here.
}
