/** `npm run build`: bundles the functions and says how large they became. */
import { relative } from 'node:path';
import { bundleFunctions } from '../local/bundle.ts';

const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(0)} kB`;

for (const { path, coldBytes, totalBytes } of await bundleFunctions()) {
  console.log(
    `${relative(process.cwd(), path)} ${kilobytes(coldBytes)} at a cold start, ${kilobytes(totalBytes)} in all`,
  );
}
