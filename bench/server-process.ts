/** Starts a server in its own process, so that client and server share no event loop, and reads its clock. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Kind, Told } from './serve.ts';

export interface ServerProcess {
  readonly port: number;
  /** The processor time that the server has used, in microseconds. */
  cpu(): Promise<number>;
  stop(): void;
}

/** Starts `serve.ts` as the embedded S3, as its log service or as the floor. */
export async function startServer(kind: Kind): Promise<ServerProcess> {
  const child = fork(fileURLToPath(new URL('serve.ts', import.meta.url)), [kind]);
  const first = await nextOf(child);
  if (!('port' in first)) throw new Error('the server told no port');
  return {
    port: first.port,
    async cpu() {
      const answer = nextOf(child);
      child.send('cpu');
      const told = await answer;
      return 'cpu' in told ? told.cpu : Number.NaN;
    },
    stop: () => {
      child.disconnect();
    },
  };
}

async function nextOf(child: ChildProcess): Promise<Told> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => {
      reject(new Error('the server ended before it answered'));
    };
    child.once('exit', onExit);
    child.once('message', (told) => {
      child.off('exit', onExit);
      resolve(told as Told);
    });
  });
}
