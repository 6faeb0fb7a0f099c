/** What DuckDB needs for counting what a plan counts, where it is installed: as a command, or as a module of Python. */
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { columnsInOrder } from './inventories.ts';

/** `HOLDFAST_BENCH_PYTHON` names another Python, such as one of a venv that has duckdb or boto3. */
export const PYTHON = process.env.HOLDFAST_BENCH_PYTHON ?? 'python3';

const SCRIPT = 'import duckdb, sys; print(duckdb.sql(sys.argv[1]).fetchall())';

export type RunQuery = (query: string) => string;

/** Undefined where there is no DuckDB here. */
export function openDuckDb(): RunQuery | undefined {
  const ways: RunQuery[] = [
    (query) => run('duckdb', ['-csv', '-c', query]),
    (query) => run(PYTHON, ['-c', SCRIPT, query]),
  ];
  return ways.find((way) => {
    try {
      way('select 1');
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Counts versions and bytes by folder, mode stored now and the date that a fixed term would give, of those whose lock
 * ends earlier: the shape of a plan, with one rule per folder instead of twenty rules.
 */
export function countQuery(manifest: string): string {
  const names = columnsInOrder(manifest)
    .map((name) => `'${name}'`)
    .join(', ');
  const files = join(dirname(manifest), 'data', '*.csv.gz');
  const wanted = "date_trunc('day', lastmodifieddate::timestamp + interval 5 year) + interval 1 day";
  return (
    `select split_part(key, '/', 1), objectlockmode, ${wanted} as wanted, count(*), sum(size::bigint) ` +
    `from read_csv('${files}', header = false, names = [${names}], all_varchar = true) ` +
    `where isdeletemarker = 'false' ` +
    `and (objectlockretainuntildate is null or objectlockretainuntildate = '' or objectlockretainuntildate::timestamp < ${wanted}) ` +
    `group by 1, 2, 3`
  );
}

function run(command: string, args: string[]): string {
  return execFileSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1 << 28,
  });
}
