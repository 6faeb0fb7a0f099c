/** What stands around the functions that answer an HTTP API: the gateway, the issuer of tokens, the tables. */
import type { Machine } from './api/signature.ts';
import { startHttpApi } from './http-api.ts';
import type { Stack } from './stack.ts';
import { startTables } from './tables.ts';
import { startTokenIssuer, type TokenIssuer } from './token-issuer.ts';

/** Of the API and the issuer, the address is empty where no function has routes; of the tables, where there are none. */
export interface Front {
  readonly api: { readonly url: string };
  readonly tokens: TokenIssuer;
  readonly tables: { readonly url: string };
  close(): Promise<void>;
}

interface FrontOptions {
  readonly region: string;
  readonly accountId: string;
  readonly machines: readonly Machine[];
  /** Runs a function by its name. */
  readonly invoke: (name: string, event: unknown) => Promise<unknown>;
  readonly onLog: (line: string) => void;
}

/** Whom tokens are for. */
export const TOKEN_AUDIENCE = 'holdfast';

const ABSENT = { url: '', close: async () => undefined };

export async function startFront(stack: Stack, options: FrontOptions): Promise<Front> {
  const { region, accountId, machines, invoke, onLog } = options;
  const routes = stack.functions.flatMap((fn) =>
    fn.routes.map((route) => ({ ...route, invoke: async (event: unknown) => invoke(fn.name, event) })),
  );
  const tables = stack.tables.length === 0 ? ABSENT : await startTables(stack.tables, region);
  const tokens = routes.length === 0 ? NO_TOKENS : await startTokenIssuer({ audience: TOKEN_AUDIENCE });
  const onError = (error: unknown): void => {
    onLog(error instanceof Error ? error.message : String(error));
  };
  const api =
    routes.length === 0 ? ABSENT : await startHttpApi({ routes, region, accountId, machines, onError });
  return {
    api,
    tokens,
    tables,
    async close() {
      await Promise.all([api.close(), tokens.close(), tables.close()]);
    },
  };
}

const NO_TOKENS: TokenIssuer = {
  ...ABSENT,
  issue: async () => {
    throw new Error('serverless.yml has no function with an HTTP API, so nobody asks for tokens');
  },
};
