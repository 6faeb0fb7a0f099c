import { denies } from './bucket-policy.ts';
import { accessDenied } from './errors.ts';
import type { Service } from './service.ts';
import type { Principal } from './types.ts';

/** An action on a bucket, or on a key in it. */
export interface Asked {
  readonly action: string;
  readonly bucket?: string | undefined;
  readonly key?: string | undefined;
}

/** Whether a principal may do an IAM action; everybody may do what neither IAM nor the bucket's policy denies them. */
export const isAllowed = (service: Service, principal: Principal, asked: Asked): boolean =>
  denialOf(service, principal, asked) === undefined;

/** Throws AccessDenied, in the words of IAM, when a principal may not do an action. */
export function requireAction(service: Service, principal: Principal, asked: Asked): void {
  const denial = denialOf(service, principal, asked);
  if (denial === undefined) return;
  throw accessDenied(
    `User: ${userOf(service, principal)} is not authorized to perform: ${asked.action} on resource: "${resourceOf(asked)}" with an explicit deny in ${denial}`,
  );
}

function denialOf(service: Service, principal: Principal, asked: Asked): string | undefined {
  const { action, bucket } = asked;
  const isDenied = (principal.deny ?? []).some((denied) =>
    denied.endsWith('*') ? action.startsWith(denied.slice(0, -1)) : denied === action,
  );
  if (isDenied) return 'an identity-based policy';
  const policy = bucket === undefined ? undefined : service.buckets.get(bucket)?.policy;
  // DeleteObjects needs no action of its own: each of its keys is asked for.
  if (
    policy === undefined ||
    action === 's3:' ||
    !denies(policy, userOf(service, principal), action, resourceOf(asked))
  )
    return undefined;
  return 'a resource-based policy';
}

const userOf = ({ accountId }: Service, { accessKeyId }: Principal): string =>
  `arn:aws:iam::${accountId}:user/${accessKeyId}`;

const resourceOf = ({ bucket = '', key }: Asked): string =>
  `arn:aws:s3:::${key === undefined ? bucket : `${bucket}/${key}`}`;
