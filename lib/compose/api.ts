/** The composition root of the HTTP API. */
import { randomUUID } from 'node:crypto';
import { createMatterApi } from '../app/matters/service.ts';
import { createVerify } from '../http/auth.ts';
import { createHttpApi, type HttpApi } from '../http/handle.ts';
import { issuerKeys } from '../http/issuer-keys.ts';
import { readApiEnvironment } from './hold-environment.ts';
import { composeHolds, type HoldTrouble } from './holds.ts';

export interface Api {
  readonly answer: HttpApi;
  /** Waits until the searchable copy has every record; call it before a function ends. */
  readonly copied: () => Promise<void>;
}

export interface ApiTrouble extends HoldTrouble {
  /** A failure that callers learn nothing of. */
  readonly onUnexpected: (error: unknown, id: string) => void;
}

/** @throws HoldfastError `bad-input` when a variable is missing or wrong. */
export function composeApi(env: NodeJS.ProcessEnv, trouble: ApiTrouble): Api {
  const {
    HOLDFAST_TOKEN_ISSUER: issuer,
    HOLDFAST_TOKEN_AUDIENCE: audience,
    HOLDFAST_TOKEN_SCOPE_PREFIX: scopePrefix,
    HOLDFAST_MACHINE_GROUPS: groups,
  } = readApiEnvironment(env);
  const { answering, copied } = composeHolds(env, trouble);
  return {
    copied,
    answer: createHttpApi({
      api: createMatterApi(answering),
      verify: createVerify({ issuer, audience, scopePrefix, keys: issuerKeys(issuer) }),
      machineGroups: groups
        .split(',')
        .map((group) => group.trim())
        .filter((group) => group !== ''),
      onUnexpected: trouble.onUnexpected,
      newId: randomUUID,
    }),
  };
}
