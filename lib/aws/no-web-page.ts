/** A web server answers 200 to anything: what is no answer of S3 must not be read as an empty one. */
import { type S3Client } from '@aws-sdk/client-s3';
import { HoldfastError } from '../errors.ts';

/** Requests whose answer may be a page that somebody stored. */
const BYTES = new Set(['GetObjectCommand', 'HeadObjectCommand']);

/** Refuses web pages in place of answers. */
export function refuseWebPages(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const result = await next(args);
        if (BYTES.has(commandName ?? '') || !isWebPage(result.response)) return result;
        throw new HoldfastError('unreachable', {
          what: 'what answers at the endpoint is no S3 store: it sent a web page',
          next: 'check the address and the port of the endpoint',
        });
      },
    { step: 'deserialize', priority: 'low', name: 'holdfastNoWebPage' },
  );
}

function isWebPage(response: unknown): boolean {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return false;
  const type = (response.headers as Record<string, string | undefined>)['content-type'] ?? '';
  return /^text\/html\b/i.test(type);
}
