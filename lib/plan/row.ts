/** One version as a listing tells it. */
import { type VersionFacts } from '../policy/facts.ts';

/** What a listing says of a version: the facts a policy asks for, and the id that a write must name. */
export interface PlanRow extends VersionFacts {
  readonly versionId: string;
}
