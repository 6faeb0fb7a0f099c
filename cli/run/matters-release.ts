/** Asks for the release of a matter, and approves it; loaded only when somebody asks for it. */
import { matterViewSchema, releaseAnswerSchema } from '../../lib/matters/messages.ts';
import { openApi } from '../api-client.ts';
import { type ApiOptions, matterId } from '../api-options.ts';
import { confirm, mustBeConfirmable } from '../confirm.ts';
import { sayForecast } from '../matter-outlook.ts';
import { headText, personText, progressText, wordsText } from '../matter-text.ts';
import { print, printError, printJson, visible } from '../output.ts';
import { followed, isWorking, pollEvery, type WaitOptions } from './matters-wait.ts';

export interface ReleaseOptions extends ApiOptions {
  readonly reason: string;
}

export interface ApproveOptions extends ApiOptions, WaitOptions {
  readonly yes?: true;
  readonly json?: true;
}

export async function runRelease(text: string, options: ReleaseOptions): Promise<void> {
  const id = matterId(text);
  const { reason } = options;
  const { value, raw } = await openApi(options).post(`/matters/${id}/release`, releaseAnswerSchema, {
    reason,
  });
  if (options.json === true) {
    printJson(raw);
    return;
  }
  print(headText(value.matter));
  print();
  sayForecast(value.deletable);
  print();
  print('Everything is held on until somebody else approves it:');
  print(`  holdfast matters approve ${id}`);
}

export async function runApprove(text: string, options: ApproveOptions): Promise<void> {
  const id = matterId(text);
  mustBeConfirmable(options.yes === true);
  pollEvery(options);
  const api = openApi(options);
  const before = await api.get(`/matters/${id}`, matterViewSchema);
  const { release } = before.value;
  // Where nothing waits, the API says so, and nobody needs to be asked.
  if (release !== undefined && release.approvedAt === undefined) {
    const say = options.json === true ? printError : print;
    if (options.json !== true || options.yes !== true) {
      say(headText(before.value));
      say(progressText(before.value));
      say(`release asked ${visible(release.askedAt)} by ${personText(release.askedBy)}`);
      say(`  ${wordsText(release.reason)}`);
    }
    if (options.yes !== true) await confirm('Release it? This cannot be withdrawn.');
  }
  const answer = await api.post(`/matters/${id}/release/approval`, matterViewSchema);
  const { value: matter, raw } = await followed(answer, api, options);
  if (options.json === true) {
    printJson(raw);
    return;
  }
  print(headText(matter));
  if (isWorking(matter)) print(`the holds are being taken off: follow it with holdfast matters show ${id}`);
}
