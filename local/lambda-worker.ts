/** The inside of one execution environment: loads a bundle once and runs its handler for each event. */
import { parentPort, workerData } from 'node:worker_threads';

interface Start {
  readonly bundle: string;
  readonly exportName: string;
}

interface Invocation {
  readonly event: unknown;
  readonly context: Readonly<Record<string, unknown>>;
  readonly deadline: number;
}

type Handler = (event: unknown, context: unknown) => Promise<unknown>;

const { bundle, exportName } = workerData as Start;
const loaded = (await import(bundle)) as Readonly<Record<string, unknown>>;
const handler = loaded[exportName];
if (typeof handler !== 'function') throw new Error(`${bundle} exports no function "${exportName}"`);

parentPort?.on('message', ({ event, context, deadline }: Invocation) => {
  const full = { ...context, getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0) };
  (handler as Handler)(event, full).then(
    (result) => parentPort?.postMessage({ result }),
    (error: unknown) =>
      parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) }),
  );
});
