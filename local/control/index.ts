/** Starts S3 Control with S3 Batch Operations on the loopback address. */
import type { AddressInfo } from 'node:net';
import { snapshotOf } from './job.ts';
import { createControlServer } from './server.ts';
import type { ControlOptions, RunningControl } from './types.ts';
import { newWorld, reached } from './world.ts';

export type { ControlOptions, RunningControl } from './types.ts';

export async function startControl(options: ControlOptions): Promise<RunningControl> {
  const world = newWorld(options);
  const server = createControlServer(world);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    accountId: world.accountId,
    jobs: () => [...world.jobs.values()].map(snapshotOf),
    async until(jobId, ...statuses) {
      const job = world.jobs.get(jobId);
      if (job === undefined) throw new Error(`no job has the id ${jobId}`);
      await reached(world, job, statuses);
      return snapshotOf(job);
    },
    close: async () => {
      world.closed = true;
      for (const watcher of world.watchers) watcher();
      world.s3.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      });
    },
  };
}
