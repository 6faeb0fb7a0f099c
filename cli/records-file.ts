/** Keeps the records of the local cloud as NDJSON, one line each. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

export function recordsFile(path: string): (record: object) => void {
  mkdirSync(dirname(path), { recursive: true });
  return (record) => {
    appendFileSync(path, `${JSON.stringify(record)}\n`);
  };
}
