/** `npm run build`: bundles the functions and says how large they became. */
import { relative } from 'node:path';
import { bundleFunctions } from '../local/bundle.ts';

for (const { path, bytes } of await bundleFunctions()) {
  console.log(`${relative(process.cwd(), path)} ${(bytes / 1024).toFixed(0)} kB`);
}
