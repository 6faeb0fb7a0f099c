/** What requests and jobs cost: list prices as data, with where and when they were read. */

export interface PriceList {
  readonly source: string;
  /** When the prices were read. */
  readonly date: string;
  readonly currency: 'USD';
  /** Per thousand PUT, COPY, POST or LIST requests, at Standard rates whatever the storage class. */
  readonly perThousandPuts: number;
  /** Per thousand GET, HEAD and similar requests. */
  readonly perThousandGets: number;
  readonly perJob: number;
  /** Per million versions that a job works on. */
  readonly perMillionTasks: number;
  /** Per million calls of a function, and per second that one with 512 MB runs. */
  readonly perMillionCalls: number;
  readonly perFunctionSecond: number;
}

/** Published list prices; a Region of yours may differ, and a store of somebody else will. */
export const AWS_PRICES: PriceList = {
  source: 'AWS list prices, us-east-1: S3 requests, S3 Batch Operations, Lambda (arm64, 512 MB)',
  date: '2026-11-20',
  currency: 'USD',
  perThousandPuts: 0.005,
  perThousandGets: 0.0004,
  perJob: 0.25,
  perMillionTasks: 1,
  perMillionCalls: 0.2,
  perFunctionSecond: 0.0000066667,
};

/** What a piece of work asks for. */
export interface Work {
  readonly puts: number;
  readonly gets: number;
  readonly jobs: number;
  readonly tasks: number;
  readonly calls: number;
}

export const NO_WORK: Work = { puts: 0, gets: 0, jobs: 0, tasks: 0, calls: 0 };

/** A function that handles one version of a job runs so long (seconds): a read, a write, a read back, a record. */
const SECONDS_PER_CALL = 0.2;

export function addWork(one: Work, other: Work): Work {
  return {
    puts: one.puts + other.puts,
    gets: one.gets + other.gets,
    jobs: one.jobs + other.jobs,
    tasks: one.tasks + other.tasks,
    calls: one.calls + other.calls,
  };
}

/** Requests to S3 that the work makes, whoever makes them. */
export function requestsOf({ puts, gets }: Work): number {
  return puts + gets;
}

/** What the work costs, in the currency of the list. */
export function costOf({ puts, gets, jobs, tasks, calls }: Work, prices: PriceList): number {
  return (
    (puts / 1_000) * prices.perThousandPuts +
    (gets / 1_000) * prices.perThousandGets +
    jobs * prices.perJob +
    (tasks / 1_000_000) * prices.perMillionTasks +
    (calls / 1_000_000) * prices.perMillionCalls +
    calls * SECONDS_PER_CALL * prices.perFunctionSecond
  );
}
