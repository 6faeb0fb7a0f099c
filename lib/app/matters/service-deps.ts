import { type Documents } from '../../ports/documents.ts';
import { type BucketSurvey } from '../../ports/bucket-survey.ts';
import { type ScopeDeps } from './scope-request.ts';
import { type StepDeps } from './step.ts';
import { type OpenMatters } from './open-matters.ts';

/** What answering the API needs. */
export interface ServiceDeps extends StepDeps, Omit<ScopeDeps, 'store' | 'clock'> {
  /** Where what people call matters is kept, and the runs. */
  readonly documents: Documents;
  /** Documents in a managed bucket: the mark of its owner. */
  readonly marks: (bucket: string) => Documents;
  readonly lifecycle: Pick<BucketSurvey, 'lifecycle'>;
  readonly open: OpenMatters;
  /** How many events of uploads wait in the queue. */
  readonly unprocessed: () => Promise<number>;
}
