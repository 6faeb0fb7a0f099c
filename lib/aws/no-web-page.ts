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
        if (BYTES.has(commandName ?? '')) return next(args);
        let response: unknown;
        try {
          const result = await next(args);
          ({ response } = result);
          if (!isWebPage(response)) return result;
        } catch (error) {
          response = error instanceof Error && '$response' in error ? error.$response : undefined;
          if (!isWebPage(response)) throw error;
        }
        throw new HoldfastError('unreachable', {
          what: 'what answers at the endpoint is no S3 store: it sent a web page',
          next: 'check the address and the port of the endpoint',
        });
      },
    // Above the deserializer, so that no answer is left half read.
    { step: 'build', name: 'holdfastNoWebPage' },
  );
}

function isWebPage(response: unknown): boolean {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return false;
  const type = (response.headers as Record<string, string | undefined>)['content-type'] ?? '';
  return /^text\/html\b/i.test(type);
}
