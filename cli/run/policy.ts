/** Puts policies into force; loaded only when somebody asks for it. */
import {
  activatePolicy,
  type DeliveryDeps,
  POINTER,
  type PolicyEntry,
  readText,
  readVersion,
  rollbackPolicy,
  showPolicy,
} from '../../lib/app/policy-delivery.ts';
import { systemClock } from '../../lib/aws/system-clock.ts';
import { textFile } from '../../lib/aws/text-file.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { comparePolicies, type PolicyChange } from '../../lib/policy/compare.ts';
import { type ParsedPolicy } from '../../lib/policy/parse.ts';
import { type Documents, type Expected } from '../../lib/ports/documents.ts';
import { confirm, mustBeConfirmable } from '../confirm.ts';
import { openControl, openDocuments } from '../control.ts';
import { type ControlOptions, given } from '../control-options.ts';
import { paint, print, printError, printJson } from '../output.ts';
import { deploymentCap, problemLines } from '../policy-file.ts';
import { changeLines, type Enforce, entryText, observingLines } from '../policy-text.ts';

export interface PolicyOptions extends ControlOptions {
  readonly maximum?: string;
  readonly enforce?: string;
  readonly yes?: true;
  readonly json?: true;
  readonly text?: true;
}

type GoodPolicy = Extract<ParsedPolicy, { ok: true }>;

export async function runActivate(path: string, options: PolicyOptions): Promise<void> {
  mustBeConfirmable(options.yes === true);
  const reading = readingOf(options);
  const text = textFile(path, 'check the path and the encoding of the policy file');
  const parsed = readText(text, reading);
  if (!parsed.ok) throw brokenFile(path, parsed);
  const { documents, recording } = await openControl(options);
  const current = await showPolicy({ documents, reading });
  if (current?.pointer.active.hash === parsed.policy.hash) {
    const { active } = current.pointer;
    if (options.json === true) printJson({ changed: false, active, changes: [] });
    else
      print(
        `${paint('green', '✔')} this policy is already active: ${entryText(active)}; nothing was changed`,
      );
    return;
  }
  for (const line of problemLines(path, parsed.warnings)) printError(line);
  const before = current?.parsed.ok === true ? current.parsed.file : undefined;
  await approve(comparePolicies(before, parsed.file), parsed, `Activate ${path}?`, options);
  const { pointer, changes } = await activatePolicy(text, {
    ...recording,
    documents: asShown(documents, current?.etag),
    reading,
  });
  done('active', pointer.active, changes, options);
}

export async function runRollback(options: PolicyOptions): Promise<void> {
  mustBeConfirmable(options.yes === true);
  const reading = readingOf(options);
  const { documents, recording } = await openControl(options);
  const current = await showPolicy({ documents, reading });
  const previous = current?.pointer.before[0];
  if (previous !== undefined) {
    const parsed = readText(await readVersion(documents, previous), reading);
    if (!parsed.ok) throw brokenFile(`the policy of ${previous.at}`, parsed);
    const before = current?.parsed.ok === true ? current.parsed.file : undefined;
    await approve(
      comparePolicies(before, parsed.file),
      parsed,
      `Go back to the policy of ${previous.at}?`,
      options,
    );
  }
  const { pointer, changes } = await rollbackPolicy({
    ...recording,
    documents: asShown(documents, current?.etag),
    reading,
  });
  done('active again', pointer.active, changes, options);
}

/** Says which policy is in force, and changes nothing. */
export async function runShow(options: PolicyOptions): Promise<void> {
  const reading = readingOf(options);
  const current = await showPolicy({ documents: await openDocuments(options), reading });
  if (current === undefined) {
    if (options.json === true) printJson({ active: null, before: [] });
    else if (options.text === true) throw nothingActive();
    else print('no policy was activated yet: the functions follow the one that came with their deployment');
    return;
  }
  const { pointer, text, parsed } = current;
  if (options.text === true) {
    process.stdout.write(text);
    return;
  }
  const problems = parsed.ok ? parsed.warnings : parsed.problems;
  if (options.json === true) {
    printJson({ ok: parsed.ok, ...pointer, policy: parsed.ok ? parsed.file : null, problems });
  } else {
    print(`${parsed.ok ? paint('green', '✔') : paint('red', '✘')} active: ${entryText(pointer.active)}`);
    for (const line of problemLines('policy', problems)) print(`  ${line}`);
    if (parsed.ok) {
      for (const { name, enforce } of parsed.file.rules)
        print(`  rule ${name}${enforce === 'observe' ? ' (observe)' : ''}`);
      for (const line of observingLines(parsed.file, statedEnforce(options))) print(`  ${line}`);
    }
    for (const entry of pointer.before) print(paint('dim', `  before: ${entryText(entry)}`));
  }
  if (!parsed.ok) process.exitCode = 7;
}

/** Shows what changes, and asks where somebody can be asked. */
async function approve(
  changes: readonly PolicyChange[],
  { file }: GoodPolicy,
  question: string,
  options: PolicyOptions,
): Promise<void> {
  const { yes, json } = options;
  // The answer of --json is one document on standard output; whoever is asked reads the rest elsewhere.
  const say = json === true ? printError : print;
  if (json !== true || yes !== true)
    for (const line of [...changeLines(changes), ...observingLines(file, statedEnforce(options))]) say(line);
  if (yes !== true) await confirm(question);
}

function done(
  state: string,
  active: PolicyEntry,
  changes: readonly PolicyChange[],
  { json }: PolicyOptions,
): void {
  if (json === true) {
    printJson({ changed: true, active, changes });
    return;
  }
  print(`${paint('green', '✔')} ${state}: ${entryText(active)}`);
  print('  Functions take it over within 30 seconds. What is locked stays locked.');
}

/** Lets the pointer be moved only from where it was when the change was shown: what is applied is what was shown. */
function asShown(documents: Documents, etag: string | undefined): Documents {
  const shown: Expected = etag === undefined ? 'none' : { etag };
  return {
    get: async (name, versionId) => documents.get(name, versionId),
    put: async (name, body, expected) => documents.put(name, body, name === POINTER ? shown : expected),
  };
}

/** The cap of serverless.yml: a policy that the functions would refuse must be refused here. */
const AS_SHIPPED = 'P12Y';

function readingOf(options: PolicyOptions): DeliveryDeps['reading'] {
  return {
    maximum: AS_SHIPPED,
    ...deploymentCap(options.maximum),
    enforce: statedEnforce(options) ?? 'observe',
    now: systemClock.now(),
  };
}

function statedEnforce({ enforce }: PolicyOptions): Enforce | undefined {
  const stated = given(enforce, 'HOLDFAST_ENFORCE');
  if (stated === undefined || stated === 'apply' || stated === 'observe') return stated;
  throw new HoldfastError('bad-input', {
    what: `--enforce cannot be ${JSON.stringify(stated)}`,
    next: 'write apply or observe',
  });
}

function brokenFile(path: string, { problems }: Extract<ParsedPolicy, { ok: false }>): HoldfastError {
  return new HoldfastError('bad-policy', {
    what: problemLines(path, problems).join('\n'),
    next: 'nothing was changed; mend it and run it again',
  });
}

function nothingActive(): HoldfastError {
  return new HoldfastError('bad-input', {
    what: 'no policy was activated yet',
    next: 'activate one with holdfast policy activate',
  });
}
