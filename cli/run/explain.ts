/** Reads one stored version and explains its lock; loaded only when somebody asks for it. */
import { decideFully } from '../../lib/app/lock-version.ts';
import { s3Client } from '../../lib/aws/s3-client.ts';
import { S3LockStore } from '../../lib/aws/s3-lock-store.ts';
import { systemClock } from '../../lib/aws/system-clock.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { formatInstant } from '../../lib/lock/instant.ts';
import { explain } from '../../lib/policy/explain.ts';
import {
  type LockStore,
  type ObjectRef,
  type StoredVersion,
  versionIdOf,
} from '../../lib/ports/lock-store.ts';
import { providerNamed } from '../../lib/providers/index.ts';
import { decisionJson, decisionLines, explanationLines, lockText } from '../decision-text.ts';
import { endpointOption, objectOption } from '../options.ts';
import { paint, print, printJson, visible } from '../output.ts';
import { policyOption } from '../policy-file.ts';

export interface ExplainOptions {
  readonly policy: string;
  readonly maximum?: string;
  readonly versionId?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly provider?: string;
  readonly json?: true;
}

/** Explains one version of `s3://bucket/key`, and changes nothing. */
export async function runExplain(object: string, options: ExplainOptions): Promise<void> {
  const { bucket, key } = objectOption(object);
  const policy = policyOption(options.policy, options.maximum);
  const endpoint = endpointOption(
    options.endpoint ?? process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL,
  );
  const store = new S3LockStore({
    client: s3Client({
      ...(endpoint !== undefined && { endpoint }),
      ...(options.region !== undefined && { region: options.region }),
    }),
    provider: providerNamed(options.provider ?? (endpoint === undefined ? 'aws' : 'generic')),
  });
  const asked = options.versionId;
  const version = await readVersion(
    store,
    asked === undefined ? { bucket, key } : { bucket, key, versionId: versionIdOf(asked) },
  );
  const seen = { ...version, lock: await seenLock(store, version) };
  const { facts } = await decideFully(seen, { store, policy, clock: systemClock });
  const explanation = explain(policy, facts, systemClock.now());
  if (options.json === true) {
    const { ref, created, size } = version;
    printJson({
      version: { ...ref, created: formatInstant(created), size },
      stored: lockText(facts.lock),
      ...decisionJson(explanation),
    });
    return;
  }
  print(`${paint('bold', visible(`s3://${bucket}/${key}`))}  version ${version.ref.versionId}`);
  print(`stored: ${lockText(facts.lock)}`);
  print();
  for (const line of explanationLines(explanation)) print(line);
  print();
  for (const line of decisionLines(explanation)) print(line);
}

async function readVersion(store: LockStore, ref: ObjectRef): Promise<StoredVersion> {
  const read = await store.read(ref);
  const name = `s3://${ref.bucket}/${ref.key}${ref.versionId === undefined ? '' : ` version ${ref.versionId}`}`;
  switch (read.kind) {
    case 'found':
      return read.version;
    case 'gone':
      throw new HoldfastError('no-such-version', {
        what: `${name} is not there, or a delete marker hides it`,
        next: 'check the bucket and the key, or name a version with --version-id',
      });
    case 'marker':
      throw new HoldfastError('delete-marker', {
        what: `${name} is a delete marker, which cannot be locked`,
        next: 'name a version with --version-id',
      });
    case 'no-lock-on-bucket':
      throw new HoldfastError('no-lock-on-bucket', {
        what: `${name}: its bucket keeps no versions, so nothing in it can be locked`,
        next: 'enable versioning and Object Lock on the bucket',
      });
    case 'no-permission':
      throw new HoldfastError('no-permission', {
        what: `${name} may not be read`,
        next: `get the permission ${read.action}`,
      });
  }
}

/** Reads what HEAD left out, so that "not seen" is said only where it cannot be seen. */
async function seenLock(store: LockStore, { ref, lock }: StoredVersion): Promise<StoredVersion['lock']> {
  const [retention, hold] = await Promise.all([
    lock.retention.state === 'absent' ? store.readLock(ref, 'retention') : undefined,
    lock.hold === 'absent' ? store.readLock(ref, 'hold') : undefined,
  ]);
  return {
    retention: retention?.kind === 'seen' ? retention.lock.retention : lock.retention,
    hold: hold?.kind === 'seen' ? hold.lock.hold : lock.hold,
  };
}
