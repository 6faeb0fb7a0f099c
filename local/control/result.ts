/** How a task ended, as the completion report tells it. */
import type { Task } from './types.ts';

export interface Result {
  readonly task: Task;
  readonly status: 'succeeded' | 'failed';
  /** The error code of S3, or that of LambdaInvoke; empty for tasks that succeeded. */
  readonly code: string;
  readonly http: number;
  readonly message: string;
}

export const failure = (task: Task, code: string, http: number, message: string): Result => ({
  task,
  status: 'failed',
  code,
  http,
  message,
});

export const success = (task: Task, message: string): Result => ({
  task,
  status: 'succeeded',
  code: '',
  http: 200,
  message,
});
