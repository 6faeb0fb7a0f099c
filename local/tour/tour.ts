/** The tour: what Holdfast does, played with real requests, act by act. */
import type { Cloud } from '../cloud.ts';
import type { Act } from './act.ts';
import { hardAct } from './hard-act.ts';
import { refusalAct } from './refusal-act.ts';
import { buildStage } from './stage.ts';
import { uploadAct } from './upload-act.ts';

export type { Act } from './act.ts';
export { OLDER, type OlderVersions, uploadOlder } from './older-versions.ts';
export type { HardRow } from './hard-act.ts';
export type { RefusalRow } from './refusal-act.ts';
export type { UploadRow } from './upload-act.ts';

/** Plays the acts in a new bucket, one after the other; each is yielded as soon as it is over. */
export async function* playTour(cloud: Cloud, bucket: string, outside: boolean): AsyncGenerator<Act> {
  const stage = await buildStage(cloud, bucket, outside);
  try {
    yield await uploadAct(stage);
    yield await refusalAct(stage);
    yield await hardAct(stage);
  } finally {
    stage.client.destroy();
  }
}
