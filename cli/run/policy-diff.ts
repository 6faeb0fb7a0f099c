/** Compares two policies over a listing; loaded only when somebody asks for it. */
import { compareOver, type WantedChange } from '../../lib/app/compare-over.ts';
import { readPolicy } from '../../lib/aws/load-policy.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { comparePolicies } from '../../lib/policy/compare.ts';
import { type ParsedPolicy } from '../../lib/policy/parse.ts';
import { type ListingOptions, openListing } from '../listing-options.ts';
import { paint, print, printJson, table, visible } from '../output.ts';
import { passProgress } from '../pass-progress.ts';
import { bytesText, count } from '../plan-text.ts';
import { deploymentCap, problemLines } from '../policy-file.ts';
import { changeLines } from '../policy-text.ts';

const CHANGES: Readonly<Record<WantedChange, string>> = {
  'newly-covered': 'newly wanted locked',
  'no-longer-covered': 'no longer wanted locked; locks that are set stay',
  longer: 'wanted locked for longer',
  shorter: 'wanted locked for less; locks that are set stay',
  'stricter-mode': 'wanted in COMPLIANCE',
  'weaker-mode': 'wanted in GOVERNANCE; COMPLIANCE locks stay',
  'hold-added': 'a legal hold is wanted',
  'hold-dropped': 'no legal hold is wanted any more; holds that are set stay',
  'depends-on-tags': 'its tags decide, which no listing tells: plan with each of the two to read them',
};

export async function runPolicyDiff(old: string, fresh: string, options: ListingOptions): Promise<void> {
  const [before, after] = [parsed(old, options), parsed(fresh, options)];
  const { from } = await openListing(options);
  const changes = comparePolicies(before.file, after.file);
  const changed = new Set(changes.map(({ kind, name }) => (kind === 'setting' ? '' : name)));
  const isSame = (rule: string): boolean => !changed.has('') && !changed.has(rule);
  const progress = passProgress('comparing');
  let compared;
  try {
    compared = await compareOver(
      from,
      before.policy,
      after.policy,
      options.prefix ?? '',
      isSame,
      progress.show,
    );
  } finally {
    progress.clear();
  }
  if (options.json === true) {
    printJson({ changes, ...compared });
    return;
  }
  if (before.policy.hash === after.policy.hash) print('the two files are the same');
  else for (const line of changeLines(changes)) print(line);
  print();
  print(
    `${paint('bold', visible(from.source))}: of ${count(compared.rows)} versions, nothing changes for ${count(compared.same)}`,
  );
  if (compared.lines.length === 0) return;
  print();
  print(
    table(
      ['bucket', 'rule before', 'rule after', 'versions', 'bytes', 'what changes'],
      compared.lines.map(({ bucket, change, before: was, after: is, versions, bytes }) => [
        visible(bucket),
        visible(was),
        visible(is),
        count(versions),
        bytesText(bytes),
        CHANGES[change],
      ]),
    ),
  );
}

function parsed(path: string, { maximum }: ListingOptions): Extract<ParsedPolicy, { ok: true }> {
  const found = readPolicy(path, deploymentCap(maximum));
  if (found.ok) return found;
  throw new HoldfastError('bad-policy', {
    what: problemLines(path, found.problems).join('\n'),
    next: `mend ${path}, then run holdfast validate ${path}`,
  });
}
