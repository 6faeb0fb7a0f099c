/** Looks into what a YAML file parsed to: what is not as expected reads as empty. */

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(node: unknown): node is Fields {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}

export function record(node: unknown): Fields {
  return isFields(node) ? node : {};
}

export function list(node: unknown): readonly unknown[] {
  return Array.isArray(node) ? node : [];
}

export function number(node: unknown, otherwise: number): number {
  return typeof node === 'number' ? node : otherwise;
}

/** A text that must be there: without it, the local cloud would run something else than AWS. */
export function text(node: unknown, where: string): string {
  if (typeof node !== 'string') throw new Error(`serverless.yml: ${where} is missing`);
  return node;
}
