import { invalidArgument, malformedXml, S3Error } from './errors.ts';
import type { Tag } from './version.ts';
import { childrenNamed, members, readXml } from './xml.ts';

const MOST_TAGS = 10;
const KEY_LENGTH = 128;
const VALUE_LENGTH = 256;
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** The tags of an x-amz-tagging header, a query string. */
export function tagsOfHeader(header: string | undefined): readonly Tag[] {
  if (header === undefined || header === '') return [];
  const refuse = (): S3Error =>
    invalidArgument(
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      'x-amz-tagging',
      header,
    );
  const decode = (text: string): string => {
    try {
      return decodeURIComponent(text.replaceAll('+', ' '));
    } catch {
      throw refuse();
    }
  };
  const tags = header
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [key = '', value = '', ...more] = pair.split('=');
      if (more.length > 0) throw refuse();
      return { key: decode(key), value: decode(value) };
    });
  if (new Set(tags.map((tag) => tag.key)).size < tags.length || tags.some((tag) => tag.key === ''))
    throw refuse();
  if (tags.length > MOST_TAGS) throw tooMany();
  tags.forEach(checkTag);
  return tags;
}

/** The tags of a Tagging document. */
export function tagsOfDocument(body: Buffer): readonly Tag[] {
  const { TagSet: set } = members(readXml(body, 'Tagging'), ['TagSet']);
  if (!set || set.children.some((child) => child.name !== 'Tag')) throw malformedXml();
  const tags = childrenNamed(set, 'Tag').map((node) => {
    const { Key: key, Value: value } = members(node, ['Key', 'Value']);
    if (!key || !value) throw malformedXml();
    return { key: key.text, value: value.text };
  });
  if (tags.length > MOST_TAGS) throw tooMany();
  const seen = new Set<string>();
  for (const tag of tags) {
    checkTag(tag);
    if (seen.has(tag.key)) throw invalidTag('Cannot provide multiple Tags with the same key', tag);
    seen.add(tag.key);
  }
  return tags;
}

const tooMany = (): S3Error =>
  new S3Error(400, 'BadRequest', `Object tags cannot be greater than ${MOST_TAGS}`);

const invalidTag = (message: string, tag: Tag, withValue = false): S3Error =>
  new S3Error(400, 'InvalidTag', message, {
    TagKey: tag.key,
    ...(withValue ? { TagValue: tag.value } : {}),
  });

function checkTag(tag: Tag): void {
  if (tag.key.startsWith('aws:')) throw invalidTag('Your TagKey cannot be prefixed with aws:', tag);
  if (tag.key === '' || Array.from(tag.key).length > KEY_LENGTH || !TAG_TEXT.test(tag.key))
    throw invalidTag('The TagKey you have provided is invalid', tag);
  if (Array.from(tag.value).length > VALUE_LENGTH || !TAG_TEXT.test(tag.value))
    throw invalidTag('The TagValue you have provided is invalid', tag, true);
}
