/** A contestant in a process of its own, which works when it is its turn. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ListingWork, Turn } from './listing-work.ts';

export interface TurnProcess {
  /** Lets it do its work once. */
  turn(): Promise<Turn>;
  stop(): void;
}

/** @param manifest - the path of the manifest.json of the listing. */
export function startTurns(work: ListingWork, manifest: string): TurnProcess {
  const child = fork(fileURLToPath(new URL('listing-work.ts', import.meta.url)), [work, manifest]);
  return {
    async turn() {
      const answer = nextOf(child, work);
      child.send('go');
      return answer;
    },
    stop: () => {
      if (child.connected) child.disconnect();
    },
  };
}

async function nextOf(child: ChildProcess, work: ListingWork): Promise<Turn> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => {
      reject(new Error(`${work} ended before its turn did`));
    };
    child.once('exit', onExit);
    child.once('message', (turn) => {
      child.off('exit', onExit);
      resolve(turn as Turn);
    });
  });
}
