/** S3 Batch Operations of the local cloud: the role that its jobs have, and the functions that they invoke. */
import { type RunningControl, startControl } from './control/index.ts';
import type { CloudEvent } from './event-bridge.ts';
import type { Principal } from './s3/types.ts';

export const BATCH_ROLE_ARN = 'arn:aws:iam::123456789012:role/holdfast-batch';

/** No job may take a lock off by force, and none deletes. */
export const BATCH_PRINCIPAL: Principal = {
  accessKeyId: 'holdfast-batch',
  secretAccessKey: 'holdfast-batch-secret',
  deny: ['s3:BypassGovernanceRetention', 's3:DeleteObject*'],
};

interface BatchOptions {
  readonly s3Url: string;
  readonly region: string;
  readonly accountId: string;
  /** Who may create jobs. */
  readonly credentials: Principal;
  /** Runs a function by its name. */
  readonly invoke: (name: string, event: unknown) => Promise<unknown>;
  readonly publish: (event: CloudEvent) => void;
}

export const startBatch = async ({
  credentials,
  invoke,
  ...options
}: BatchOptions): Promise<RunningControl> =>
  startControl({
    ...options,
    role: { arn: BATCH_ROLE_ARN, ...BATCH_PRINCIPAL },
    principals: [credentials],
    invoke: async (functionArn, payload) => invoke(functionNameOf(functionArn), payload),
  });

/** The name in the ARN of a function, of any version or alias. */
const functionNameOf = (functionArn: string): string =>
  /:function:([^:]+)/.exec(functionArn)?.[1] ?? functionArn;
