/** Reads one stored version and explains its lock; loaded only when somebody asks for it. */
import { decideFully } from '../../lib/app/lock-version.ts';
import { systemClock } from '../../lib/aws/system-clock.ts';
import { formatInstant } from '../../lib/lock/instant.ts';
import { explain } from '../../lib/policy/explain.ts';
import { versionIdOf } from '../../lib/ports/lock-store.ts';
import { decisionJson, decisionLines, explanationLines, lockText } from '../decision-text.ts';
import { paint, print, printJson, visible } from '../output.ts';
import { policyOption } from '../policy-file.ts';
import { objectTarget, openStore, type StoreOptions } from '../store-options.ts';
import { foundVersion } from './status.ts';

export interface ExplainOptions extends StoreOptions {
  readonly policy: string;
  readonly maximum?: string;
  readonly versionId?: string;
}

/** Explains one version of `s3://bucket/key`, and changes nothing. */
export async function runExplain(object: string, options: ExplainOptions): Promise<void> {
  const target = objectTarget(object);
  const { bucket, key } = target;
  const policy = policyOption(options.policy, options.maximum);
  const open = await openStore(target, options);
  const asked = options.versionId;
  const ref = asked === undefined ? { bucket, key } : { bucket, key, versionId: versionIdOf(asked) };
  const version = await foundVersion(ref, open);
  const { facts } = await decideFully(version, { store: open.store, policy, clock: systemClock });
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
