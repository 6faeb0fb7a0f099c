/** Runs a function's bundle as Lambda does: in an environment of its own, one event at a time, within its timeout. */
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';

export interface LambdaOptions {
  readonly name: string;
  /** `dist/on-object-event.handler`: the bundle is `dist/on-object-event.mjs`, below the root. */
  readonly handler: string;
  readonly root: string;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Called with every line that the function writes to its log. */
  readonly onLog: (line: string) => void;
}

export interface Lambda {
  /** Runs the handler once; waits while an earlier event is still being handled. */
  invoke(event: unknown): Promise<unknown>;
  /** Ends the environment at once, in the middle of whatever it does. */
  kill(): void;
  close(): Promise<void>;
}

type Answer = { readonly result: unknown } | { readonly error: string };

export function startLambda(options: LambdaOptions): Lambda {
  let worker: Worker | undefined;
  let last: Promise<unknown> = Promise.resolve();

  function environment(): Worker {
    worker ??= newWorker(options);
    return worker;
  }

  async function run(event: unknown): Promise<unknown> {
    const answer = await answerOf(environment(), event, options);
    if (!('error' in answer)) return answer.result;
    throw new Error(answer.error);
  }

  async function answerOf(
    environmentOf: Worker,
    event: unknown,
    { name, timeoutSeconds }: LambdaOptions,
  ): Promise<Answer> {
    const deadline = Date.now() + timeoutSeconds * 1_000;
    const context = {
      functionName: name,
      functionVersion: '$LATEST',
      invokedFunctionArn: `arn:aws:lambda:us-east-1:123456789012:function:${name}`,
      memoryLimitInMB: '512',
      awsRequestId: randomUUID(),
      logGroupName: `/aws/lambda/${name}`,
      logStreamName: 'local',
    };
    return new Promise((settle) => {
      const timer = setTimeout(() => {
        finish({ error: `${name} took longer than ${timeoutSeconds} seconds` }, true);
      }, timeoutSeconds * 1_000);
      const onMessage = (answer: Answer): void => {
        finish(answer, false);
      };
      const onError = (error: Error): void => {
        finish({ error: error.message }, true);
      };
      // A broken environment is thrown away; the next event gets a new one.
      function finish(answer: Answer, broken: boolean): void {
        clearTimeout(timer);
        environmentOf.off('message', onMessage).off('error', onError).off('exit', onExit);
        if (broken) {
          worker = undefined;
          void environmentOf.terminate();
        }
        settle(answer);
      }
      const onExit = (): void => {
        finish({ error: `${name} was killed` }, true);
      };
      environmentOf.on('message', onMessage).on('error', onError).once('exit', onExit);
      environmentOf.postMessage({ event, context, deadline });
    });
  }

  return {
    invoke(event) {
      const mine = last.then(async () => run(event));
      last = mine.catch(() => undefined);
      return mine;
    },
    kill() {
      void worker?.terminate();
    },
    async close() {
      await worker?.terminate();
    },
  };
}

function newWorker({ name, handler, root, environment, onLog }: LambdaOptions): Worker {
  const dot = handler.lastIndexOf('.');
  const worker = new Worker(new URL('./lambda-worker.ts', import.meta.url), {
    workerData: {
      bundle: pathToFileURL(resolve(root, `${handler.slice(0, dot)}.mjs`)).href,
      exportName: handler.slice(dot + 1),
    },
    // Only what Lambda would give it: nothing of this machine's own environment.
    env: { ...environment, AWS_LAMBDA_FUNCTION_NAME: name, PATH: process.env.PATH ?? '' },
    stdout: true,
    stderr: true,
  });
  for (const stream of [worker.stdout, worker.stderr]) createInterface({ input: stream }).on('line', onLog);
  return worker;
}
