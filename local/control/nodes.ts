/** Members of a request document that every part of it reads alike. */
import type { XmlNode } from '../s3/xml.ts';
import { badRequest } from './errors.ts';

/** A boolean member; undefined when it is left out. */
export function booleanOf(node: XmlNode | undefined): boolean | undefined {
  if (node === undefined) return undefined;
  if (node.text !== 'true' && node.text !== 'false') throw badRequest(`${node.name} is true or false.`);
  return node.text === 'true';
}
