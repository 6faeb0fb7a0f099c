import { SaxesParser } from 'saxes';
import { malformedXml } from './errors.ts';

/** An element with its text and child elements; attributes carry nothing S3 reads but xsi:type. */
export interface XmlNode {
  readonly name: string;
  readonly children: XmlNode[];
  text: string;
}

const MAX_DEPTH = 12;

/** Reads a request document strictly: no DOCTYPE, bounded depth, the expected root; throws MalformedXML. */
export function readXml(body: Buffer, root: string): XmlNode {
  const parser = new SaxesParser();
  const open: XmlNode[] = [];
  let top: XmlNode | undefined;
  const refuse = (): never => {
    throw malformedXml();
  };
  parser.on('error', refuse);
  parser.on('doctype', refuse);
  parser.on('opentag', (tag) => {
    const node: XmlNode = { name: localName(tag.name), children: [], text: '' };
    const parent = open.at(-1);
    if (parent) parent.children.push(node);
    else top = node;
    open.push(node);
    if (open.length > MAX_DEPTH) refuse();
  });
  const addText = (text: string): void => {
    const node = open.at(-1);
    if (node) node.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    open.pop();
  });
  parser.write(decodeUtf8(body)).close();
  if (top?.name !== root) throw malformedXml();
  return top;
}

function decodeUtf8(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw malformedXml();
  }
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

/** The children of a node by name, each at most once and none unknown; throws MalformedXML otherwise. */
export function members<Name extends string>(
  node: XmlNode,
  allowed: readonly Name[],
): Partial<Record<Name, XmlNode>> {
  const found: Partial<Record<Name, XmlNode>> = {};
  for (const child of node.children) {
    const name = allowed.find((each) => each === child.name);
    if (name === undefined || found[name] !== undefined) throw malformedXml();
    found[name] = child;
  }
  return found;
}

/** All children of one name. */
export const childrenNamed = (node: XmlNode, name: string): XmlNode[] =>
  node.children.filter((child) => child.name === name);

/** The trimmed text of the only child of that name, if there is one. */
export const textOf = (node: XmlNode, name: string): string | undefined =>
  node.children.find((child) => child.name === name)?.text.trim();

// Control characters have no XML 1.0 form, yet keys may hold them: S3 prints the reference all the same.
// eslint-disable-next-line no-control-regex
const SPECIAL = /[<>&"'\u0000-\u0008\u000b-\u001f\u007f]/g;
const NAMED: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' };

/** Text as it stands between tags. */
const escapeXml = (text: string): string =>
  text.replace(SPECIAL, (char) => NAMED[char] ?? `&#${char.charCodeAt(0)};`);

/** An element holding text; undefined leaves the element out. */
export const leaf = (name: string, value: string | number | boolean | undefined): string =>
  value === undefined ? '' : `<${name}>${escapeXml(String(value))}</${name}>`;

/** An element holding elements. */
export const branch = (name: string, ...content: readonly string[]): string =>
  `<${name}>${content.join('')}</${name}>`;

/** A whole answer document in S3's namespace. */
export const xmlDocument = (root: string, ...content: readonly string[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content.join('')}</${root}>`;

/** An error body: S3 gives it no namespace. */
export const errorDocument = (members: Readonly<Record<string, string>>): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${branch('Error', ...Object.entries(members).map(([name, value]) => leaf(name, value)))}`;
