/** The direct engine as `holdfast apply` runs it, with its journal and its records on disk. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditWriter } from '../lib/app/audit-writer.ts';
import { type DirectDeps, runDirect } from '../lib/app/run-direct.ts';
import { FileAuditStore } from '../lib/aws/file-audit-store.ts';
import { groupFile } from '../lib/aws/plan-folder.ts';
import { RunFolder } from '../lib/aws/run-folder.ts';
import { S3LockStore } from '../lib/aws/s3-lock-store.ts';
import { systemClock } from '../lib/aws/system-clock.ts';
import { formatInstant, instantOf } from '../lib/lock/instant.ts';
import { manifestLine } from '../lib/plan/manifest-line.ts';
import { type Group } from '../lib/plan/plan.ts';
import { type VersionRef } from '../lib/ports/lock-store.ts';
import { parsePolicy } from '../lib/policy/parse.ts';
import { providerNamed } from '../lib/providers/index.ts';
import { Places } from '../lib/runs/tally-ends.ts';
import { CONNECTIONS, type DirectStore } from './direct-store.ts';

const DAY = 86_400_000;
const GROUP = 'g001';
const POLICY = JSON.stringify({
  version: 1,
  settings: { maximum: 'P12Y', roundUp: 'day' },
  rules: [{ name: 'invoices', match: { prefix: 'invoices/' }, lock: { mode: 'GOVERNANCE', for: 'P1Y' } }],
});

/** Locks versions by the direct engine, and answers how many milliseconds that took. */
export function directEngine({
  client,
  provider,
  bucket,
}: DirectStore): (refs: readonly VersionRef[]) => Promise<number> {
  const parsed = parsePolicy(POLICY, { hash: '0'.repeat(64) });
  if (!parsed.ok) throw new Error('the policy of the benchmark is wrong');
  const { policy } = parsed;
  const store = new S3LockStore({ client, provider: providerNamed(provider) });
  return async (refs) => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
    try {
      mkdirSync(join(folder, 'groups'));
      mkdirSync(join(folder, 'audit'));
      mkdirSync(join(folder, 'run'));
      writeFileSync(groupFile(folder, GROUP), refs.map((ref) => `${manifestLine(ref)}\n`).join(''));
      const runs = new RunFolder(folder);
      const audit = new AuditWriter({
        store: new FileAuditStore(join(folder, 'audit')),
        newWriter: randomUUID,
        onCopyFailed: () => undefined,
      });
      const deps: DirectDeps = {
        ...{ store, policy, runs, audit, clock: systemClock, actor: 'bench', newId: randomUUID },
        brake: {
          pausedBecause: async () => Promise.resolve(undefined),
          admit: async () => Promise.resolve(undefined),
        },
        most: CONNECTIONS,
      };
      const group = groupOf(bucket, refs.length);
      let asPlanned = 0;
      const start = performance.now();
      const work = {
        run: 'run-bench',
        group,
        rows: runs.rows(GROUP),
        done: new Places(),
        tolerance: 7 * DAY,
      };
      await runDirect(work, deps, (end) => {
        if (end.outcome === 'locked') asPlanned += 1;
      });
      const cost = performance.now() - start;
      if (asPlanned !== refs.length) throw new Error(`${asPlanned} of ${refs.length} versions were locked`);
      return cost;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

/** A date that suits all versions that were uploaded today. */
function groupOf(bucket: string, versions: number): Group {
  const tomorrow = Math.ceil(Date.now() / DAY) * DAY + DAY;
  const date = new Date(tomorrow);
  const until = formatInstant(
    instantOf(Date.UTC(date.getUTCFullYear() + 1, date.getUTCMonth(), date.getUTCDate())),
  );
  return {
    ...{ id: GROUP, bucket, to: 'GOVERNANCE', until, route: 'plain', engine: 'direct' },
    ...{ versions, bytes: versions },
  };
}
