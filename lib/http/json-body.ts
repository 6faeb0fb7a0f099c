/** A body of JSON, read with distrust: what the schemas cannot see is looked for here. */
import { HoldfastError } from '../errors.ts';
import { type Fault, FaultyRequest, type Path, pointer } from './faults.ts';

/** No request is deeper than a handful; what is deeper was sent to do harm. */
const DEEPEST = 32;

/** @throws HoldfastError `bad-input` where the text is no JSON, FaultyRequest where it holds what nothing may hold. */
export function readJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new HoldfastError('bad-input', {
      what: text === '' ? 'the request has no body' : 'the body is no JSON',
      next: 'send one JSON object',
      cause,
    });
  }
  const faults = hiddenFaults(value);
  if (faults.length > 0) throw new FaultyRequest(faults);
  return value;
}

/**
 * Half a surrogate pair would become another character on its way to the store, and so another key.
 * A member called __proto__ is skipped by those who copy objects, so a condition under that name would be lost.
 */
function hiddenFaults(value: unknown): Fault[] {
  const faults: Fault[] = [];
  const left: { readonly value: unknown; readonly path: Path }[] = [{ value, path: [] }];
  const blame = (path: Path, rule: string): void => {
    faults.push({ field: pointer(path) || 'body', rule });
  };
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { value: at, path } = next;
    if (typeof at === 'string' && !at.isWellFormed()) blame(path, 'must be well-formed Unicode');
    if (typeof at !== 'object' || at === null) continue;
    if (path.length === DEEPEST) {
      blame(path, `is nested deeper than ${DEEPEST} levels`);
      continue;
    }
    for (const [name, member] of Object.entries(at)) {
      if (name === '__proto__' || !name.isWellFormed())
        blame([...path, name], 'cannot be the name of a member');
      left.push({ value: member, path: [...path, name] });
    }
  }
  return faults;
}
