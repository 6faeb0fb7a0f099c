/** The options that say which versions a matter covers: a selector, a file of versions, or addresses. */
import type { Command } from 'commander';
import { textFile } from '../lib/aws/text-file.ts';
import { HoldfastError } from '../lib/errors.ts';
import { versionsOfCsv } from '../lib/http/csv.ts';
import { FaultyRequest, faultsOf, type Path } from '../lib/http/faults.ts';
import { dayExists } from '../lib/lock/instant.ts';
import { MOST_NAMED, type ScopeRequest, scopeRequestSchema } from '../lib/matters/messages.ts';
import { visible } from './output.ts';
import { objectTarget } from './store-options.ts';

export interface ScopeOptions {
  readonly bucket?: string;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly key?: string;
  readonly tag?: readonly string[];
  readonly createdFrom?: string;
  readonly createdTo?: string;
  readonly versions?: string;
}

export const SCOPES = `
Which versions: those of --bucket that meet every condition, also those that are uploaded later; or up to 100 versions
by name, as addresses or in a file (bucket,key,versionId with a header). Without a version, a name means all versions
of its key. Given twice, --tag of one name means either value.`;

export function withScope(command: Command): Command {
  return command
    .argument('[addresses...]', 's3://bucket/key?versionId=..., in place of --bucket')
    .option('--bucket <name>', 'the versions in this bucket')
    .option('--prefix <prefix>', 'whose key begins so')
    .option('--suffix <suffix>', 'whose key ends so')
    .option('--key <glob>', 'whose key is like that: * stays within a segment, ** crosses /')
    .option(
      '--tag <name=value>',
      'that have this tag',
      (pair: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), pair],
    )
    .option('--created-from <day>', 'created on this day or later, in UTC')
    .option('--created-to <day>', 'created on this day or before, in UTC')
    .option('--versions <file>', 'the versions that a CSV names');
}

/** @throws HoldfastError `bad-input` where not exactly one scope was named. */
export function scopeOf(addresses: readonly string[], options: ScopeOptions): ScopeRequest {
  const { versions, bucket } = options;
  const conditions = conditionsOf(options);
  const ways = [addresses.length > 0, versions !== undefined, bucket !== undefined];
  if (bucket === undefined && conditions.length > 0)
    throw bad(`${conditions.join(', ')} cannot stand alone`, 'name the bucket with --bucket');
  if (ways.filter(Boolean).length !== 1) {
    throw bad(
      ways.some(Boolean) ? 'a scope is named in one way' : 'nothing was said of which versions',
      'give --bucket with conditions, --versions with a file, or addresses',
    );
  }
  if (addresses.length > 0) return checked({ versions: addresses.map(versionOf) });
  if (versions !== undefined) return checked({ versions: versionsIn(versions) }, `${visible(versions)}, `);
  return checked({ selector: selectorOf(options) });
}

/** The conditions that were typed, as they were. */
function conditionsOf(options: ScopeOptions): string[] {
  const typed: Readonly<Record<string, unknown>> = {
    '--prefix': options.prefix,
    '--suffix': options.suffix,
    '--key': options.key,
    '--tag': options.tag,
    '--created-from': options.createdFrom,
    '--created-to': options.createdTo,
  };
  return Object.keys(typed).filter((name) => typed[name] !== undefined);
}

function selectorOf(options: ScopeOptions): object {
  const { bucket, prefix, suffix, key, tag = [], createdFrom, createdTo } = options;
  const from = createdFrom === undefined ? {} : { from: dayOf('--created-from', createdFrom) };
  const to = createdTo === undefined ? {} : { to: dayOf('--created-to', createdTo) };
  if (createdFrom !== undefined && createdTo !== undefined && createdFrom > createdTo)
    throw bad(`no day is from ${createdFrom} on and not after ${createdTo}`, 'give the earlier day first');
  const created = { ...from, ...to };
  return {
    bucket,
    ...(prefix !== undefined && { prefix }),
    ...(suffix !== undefined && { suffix }),
    ...(key !== undefined && { key }),
    ...(tag.length > 0 && { tags: tagsOf(tag) }),
    ...(Object.keys(created).length > 0 && { created }),
  };
}

function tagsOf(pairs: readonly string[]): Record<string, string | string[]> {
  const tags = new Map<string, string[]>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw bad(`--tag cannot be ${JSON.stringify(visible(pair))}`, 'write --tag name=value');
    const name = pair.slice(0, at);
    tags.set(name, [...(tags.get(name) ?? []), pair.slice(at + 1)]);
  }
  return Object.fromEntries(
    Array.from(tags, ([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]),
  );
}

function dayOf(option: string, text: string): string {
  if (dayExists(text)) return text;
  throw bad(`${option} cannot be ${JSON.stringify(visible(text))}`, 'write a day as 2026-11-20');
}

/** `s3://bucket/key?versionId=...`; a key that ends so itself can be named in a file. */
function versionOf(address: string): object {
  const [, place = address, versionId] = /^(.*)\?versionId=([^?&]*)$/s.exec(address) ?? [];
  const { bucket, key, region } = objectTarget(place);
  if (region !== undefined)
    throw bad(`${visible(place)} is an access point`, 'name the bucket behind it: holds are kept by bucket');
  if (versionId === '') throw bad(`${visible(address)} names no version`, 'leave out ?versionId= for all');
  return { bucket, key, ...(versionId !== undefined && { versionId }) };
}

function versionsIn(file: string): object[] {
  const text = textFile(file, 'name a CSV with the header bucket,key,versionId');
  try {
    return versionsOfCsv(text);
  } catch (error) {
    if (error instanceof FaultyRequest) throw faulty(error.faults, `${visible(file)}, `);
    throw error;
  }
}

function checked(
  scope: { readonly selector: object } | { readonly versions: object[] },
  place = '',
): ScopeRequest {
  if ('versions' in scope && scope.versions.length > MOST_NAMED) {
    throw bad(
      `${place}${scope.versions.length} versions are more than the ${MOST_NAMED} that can be named at once`,
      'open the matter with some and widen it with the others, or describe them with --bucket and conditions',
    );
  }
  const parsed = scopeRequestSchema.safeParse(scope);
  if (parsed.success) return parsed.data;
  throw faulty(faultsOf(parsed.error, fieldOf), place);
}

function fieldOf([kind, at, ...rest]: Path): string {
  if (kind === 'versions') {
    return typeof at === 'number' ? [`version ${at + 1}`, ...rest.map(String)].join(' ') : 'the versions';
  }
  return kind === 'selector' && at !== undefined ? ['the', at, ...rest].map(String).join(' ') : 'the scope';
}

function faulty(faults: FaultyRequest['faults'], place: string): HoldfastError {
  const texts = faults.slice(0, 10).map(({ field, rule }) => visible(`${field}: ${rule}`));
  return bad(`${place}${texts.join('; ')}`, 'correct it, and try again');
}

function bad(what: string, next: string): HoldfastError {
  return new HoldfastError('bad-input', { what, next });
}
