/** The options of commands that ask the HTTP API: where it is, and the token that says who asks. */
import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { textFile } from '../lib/aws/text-file.ts';
import { HoldfastError } from '../lib/errors.ts';
import { given } from './control-options.ts';
import { visible } from './output.ts';

export interface ApiOptions {
  readonly api?: string;
  readonly tokenFile?: string;
  readonly token?: string | true;
  readonly json?: true;
}

export interface TokenSource {
  /** Read for every request, since whoever renews it writes it into the same file. */
  readonly read: () => string;
  /** Where a new one is to be put. */
  readonly place: string;
}

export const FROM_THE_API = `
HOLDFAST_API stands for --api. The token of your sign-in comes from --token-file or HOLDFAST_TOKEN, and never as an
argument, which every process list would show.`;

const ID = /^[A-Za-z0-9_-]{1,100}$/;

export function withApi(command: Command): Command {
  return (
    command
      .option('--api <url>', 'the HTTP API of the deployment')
      .option('--token-file <file>', 'the file that holds your token')
      // Taken only to be refused with a reason.
      .addOption(new Option('--token [token]').hideHelp())
      .option('--json', 'print one JSON document')
  );
}

/** The address that every request begins with, without a slash at its end. */
export function apiAddress({ api }: ApiOptions): string {
  const text = given(api, 'HOLDFAST_API');
  if (text === undefined) {
    throw new HoldfastError('bad-input', {
      what: 'no API was named',
      next: 'name it with --api or HOLDFAST_API, such as https://holdfast.example.com',
    });
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw badAddress(`the API cannot be ${JSON.stringify(visible(text))}`);
  }
  // Not shown again: it would stand in logs.
  if (url.username !== '' || url.password !== '')
    throw badAddress('the address of the API has a password in it');
  if (url.protocol === 'http:' && !isOfThisMachine(url.hostname))
    throw badAddress('a token sent by http could be read by anybody on the way');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** @throws HoldfastError `bad-input` where there is none, or where it was typed. */
export function tokenSource({ token, tokenFile }: ApiOptions): TokenSource {
  if (token !== undefined) {
    throw new HoldfastError('bad-input', {
      what: 'a token is not taken as an argument, since every process list and shell history would show it',
      next: 'put it into a file for --token-file, or into HOLDFAST_TOKEN; take a new one in place of this',
    });
  }
  if (tokenFile !== undefined) {
    if (tokenFile.startsWith('eyJ') && !existsSync(tokenFile)) {
      throw new HoldfastError('bad-input', {
        what: '--token-file was given what looks like a token, which every process list shows',
        next: 'put a new one into a file, and name the file',
      });
    }
    const next = 'name the file that holds your token';
    return {
      read: () => tokenIn(textFile(tokenFile, next), visible(tokenFile)),
      place: `put the new token into ${visible(tokenFile)}`,
    };
  }
  const text = given(undefined, 'HOLDFAST_TOKEN');
  if (text === undefined) {
    throw new HoldfastError('bad-input', {
      what: 'there is no token that says who asks',
      next: 'sign in with your issuer, and name the token with --token-file or HOLDFAST_TOKEN',
    });
  }
  return { read: () => tokenIn(text, 'HOLDFAST_TOKEN'), place: 'put the new token into HOLDFAST_TOKEN' };
}

/** @throws HoldfastError `bad-input` for what can be the id of no matter: it would be another address. */
export function matterId(text: string): string {
  if (ID.test(text)) return text;
  throw new HoldfastError('bad-input', {
    what: `${JSON.stringify(visible(text))} is not the id of a matter`,
    next: 'see which there are with holdfast matters list',
  });
}

function tokenIn(text: string, place: string): string {
  const token = text.trim().replace(/^Bearer +/i, '');
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new HoldfastError('bad-input', {
    what: token === '' ? `there is no token in ${place}` : `what is in ${place} is no token`,
    next: 'put your token into it, and nothing else',
  });
}

function isOfThisMachine(host: string): boolean {
  return (
    host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127\.[\d.]+$/.test(host)
  );
}

function badAddress(what: string): HoldfastError {
  return new HoldfastError('bad-input', { what, next: 'write it as https://holdfast.example.com' });
}
