/** Which capability record a command follows. */
import { textFile } from '../lib/aws/text-file.ts';
import { providerNamed } from '../lib/providers/index.ts';
import { parseProvider, type Provider } from '../lib/providers/record.ts';
import { type ConnectionOptions, endpointOf } from './control-options.ts';

/** What is known of the store: by its name, or by a record that was measured. */
export function providerOf(options: ConnectionOptions): Provider {
  const { provider = endpointOf(options) === undefined ? 'aws' : 'generic' } = options;
  if (!/[/\\]|\.json$/.test(provider)) return providerNamed(provider);
  return parseProvider(textFile(provider, 'name a store, or the file of its capability record'), provider);
}
