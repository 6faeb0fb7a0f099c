/** Prints the headers of a locked upload, and checks those that somebody wrote; loaded on demand. */
import { existsSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { systemClock } from '../../lib/aws/system-clock.ts';
import { textFile, utf8 } from '../../lib/aws/text-file.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { checkHeaders } from '../../lib/headers/check.ts';
import { exampleOf } from '../../lib/headers/example.ts';
import { clientOptions, type Format, FORMATS, headerLines } from '../../lib/headers/formats.ts';
import { UNTIL } from '../../lib/headers/names.ts';
import { keptNotes, RCLONE_VERSION } from '../../lib/headers/notes.ts';
import { headersWanted, type WantedHeaders } from '../../lib/headers/wanted.ts';
import { formatInstant, parseInstant } from '../../lib/lock/instant.ts';
import { UNLOCKED } from '../../lib/lock/state.ts';
import { type Policy } from '../../lib/policy/compile.ts';
import { type VersionFacts } from '../../lib/policy/facts.ts';
import { parsePeriod } from '../../lib/policy/period.ts';
import { type Provider } from '../../lib/providers/record.ts';
import { instantOption, keyOption, sizeOption, tagsOption } from '../options.ts';
import { paint, print, printError, printJson, visible } from '../output.ts';
import { policyOption } from '../policy-file.ts';
import { providerOf } from '../provider.ts';

export interface HeadersOptions {
  readonly policy?: string;
  readonly bucket?: string;
  readonly key?: string;
  readonly rule?: string;
  readonly tags?: string;
  readonly size?: string;
  readonly now?: string;
  readonly maximum?: string;
  readonly provider?: string;
  readonly format: string;
  readonly json?: true;
}

export interface CheckOptions {
  readonly now?: string;
  readonly maximum?: string;
  readonly json?: true;
}

/** Prints what an upload must carry. */
export function runHeaders(options: HeadersOptions): void {
  const format = formatOption(options.json === true ? 'json' : options.format);
  const policy = policyOption(policyFile(options), options.maximum);
  const { bucket, key } = objectOf(options, policy);
  const now = instantOption(options.now, systemClock.now());
  const version: VersionFacts = {
    bucket,
    key,
    created: now,
    size: sizeOption(options.size),
    tags: tagsOption(options.tags),
    current: true,
    lock: UNLOCKED,
  };
  const asked = headersWanted(policy, version, now, options.rule);
  const provider = options.provider === undefined ? undefined : providerOf(options);
  if (provider !== undefined) mustBeKept(asked.headers[UNTIL], provider);
  const kept = provider === undefined ? [] : keptNotes(provider.keepsLockHeaders);
  const wanted = { ...asked, notes: [...asked.notes, ...kept] };
  const { rule, headers, template, notes } = wanted;
  switch (format) {
    case 'lines':
      for (const line of commentedLines(wanted, `s3://${bucket}/${key}`)) print(line);
      break;
    case 'json':
      printJson({ rule, headers, template: template ?? null, notes });
      break;
    case 'aws':
    case 'curl':
    case 'rclone':
      print(clientOptions(format, headers));
      for (const note of format === 'rclone' ? [RCLONE_VERSION, ...notes] : notes)
        printError(`note: ${visible(note)}`);
  }
}

/** Refuses a date that this store would take, and keep as another one. */
function mustBeKept(until: string | undefined, { name, lastDate }: Provider): void {
  if (until === undefined || lastDate === undefined || parseInstant(until) <= lastDate) return;
  throw new HoldfastError('bad-input', {
    what: `${until} is later than any date that the store (${name}) keeps as written`,
    next: `shorten the rule, to end before ${formatInstant(lastDate)}`,
  });
}

/** Checks the lines of a file, and prints every fault with its line. */
export async function runHeadersCheck(file: string, options: CheckOptions): Promise<void> {
  const maximum = options.maximum === undefined ? {} : { maximum: parsePeriod(options.maximum) };
  const now = instantOption(options.now, systemClock.now());
  const { faults, headers, notes } = checkHeaders(await readLines(file), { now, ...maximum });
  const ok = faults.length === 0;
  if (options.json === true) printJson({ ok, faults, headers });
  else {
    const name = file === '-' ? 'stdin' : file;
    for (const { line, code, message } of faults)
      printError(`${visible(name)}:${line}: ${code}: ${visible(message)}`);
    if (ok) {
      print(`${paint('green', '✔')} ${visible(name)}: an upload with these headers is locked like this`);
      for (const line of headerLines(headers)) print(`  ${line}`);
    }
  }
  // On standard output there is one JSON document, or what is good; notes never get in between.
  for (const note of notes) printError(`note: ${visible(note)}`);
  if (!ok) process.exitCode = 2;
}

/** Lines that can be pasted as they are; whatever is not a header is a comment. */
function commentedLines({ rule, headers, template, notes }: WantedHeaders, object: string): string[] {
  return [
    `# ${visible(object)}, as rule ${rule} wants`,
    ...headerLines(headers),
    ...notes.map((note) => `# ${visible(note)}`),
    ...(template === undefined ? [] : [`# for tools that compute the date: ${UNTIL}: ${template}`]),
  ];
}

async function readLines(file: string): Promise<string> {
  const next = 'give a file of header lines, or - for standard input';
  return file === '-' ? utf8(await buffer(process.stdin), 'standard input', next) : textFile(file, next);
}

function formatOption(text: string): Format {
  const format = FORMATS.find((known) => known === text);
  if (format !== undefined) return format;
  throw new HoldfastError('bad-input', {
    what: `--format cannot be ${JSON.stringify(text)}`,
    next: `write ${FORMATS.join(', ')}`,
  });
}

/** The file that was named, or the one that lies here under the usual name. */
function policyFile({ policy }: HeadersOptions): string {
  if (policy === undefined && existsSync(USUAL)) return USUAL;
  return needed('--policy', policy);
}

const USUAL = 'policy.yaml';

/** The object that was named; for a rule alone, one that the rule is about will do. */
function objectOf({ bucket, key, rule }: HeadersOptions, { rules }: Policy): { bucket: string; key: string } {
  const named = rules.find(({ name }) => name === rule);
  const example = named === undefined ? undefined : exampleOf(named);
  return {
    bucket: needed('--bucket', bucket ?? example?.bucket),
    key: keyOption(needed('--key', key ?? example?.key)),
  };
}

/** Options that the command needs and its subcommand does not, which commander cannot tell apart. */
function needed(option: string, text: string | undefined): string {
  if (text !== undefined) return text;
  throw new HoldfastError('bad-input', { what: `${option} is missing`, next: 'add --help for an example' });
}
