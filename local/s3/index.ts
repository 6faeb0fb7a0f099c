import type { AddressInfo } from 'node:net';
import { createS3Server } from './server.ts';
import { newService } from './service.ts';
import type { RunningS3, S3Options } from './types.ts';

export type { RunningS3, S3Event, S3Options } from './types.ts';

/** Starts an empty in-memory S3 on the loopback address that enforces Object Lock as S3 does. */
export async function startS3(options: S3Options = {}): Promise<RunningS3> {
  const service = newService(options);
  const server = createS3Server(service);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    region: service.region,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
