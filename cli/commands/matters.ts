import type { Command } from 'commander';
import { type ApiOptions, FROM_THE_API, withApi } from '../api-options.ts';
import type { CertificateOptions } from '../run/matters-certificate.ts';
import type { OpenOptions, PreviewOptions, WidenOptions } from '../run/matters-open.ts';
import type { ApproveOptions, ReleaseOptions } from '../run/matters-release.ts';
import { SCOPES, withScope } from '../scope-options.ts';

const MATTERS = `
Examples:
  holdfast matters preview --bucket acme-docs --prefix customers/4711/
  holdfast matters open --title "Doe v. Acme" --reason "complaint served" --bucket acme-docs --prefix customers/4711/
  holdfast matters list
  holdfast matters release m-1 --reason "settled"`;

const PREVIEW = `
What a scope covers at present, and what holding it costs. Nothing is held.
${SCOPES}
${FROM_THE_API}

Examples:
  holdfast matters preview --bucket acme-docs --prefix customers/4711/ --tag kind=contract
  holdfast matters preview --versions exhibits.csv --json
  holdfast matters preview "s3://acme-docs/deed.pdf?versionId=3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY"`;

const OPEN = `
Shows what it covers and asks; elsewhere than on a terminal it needs --yes. Then everything is held, and what is
uploaded later and meets the conditions. Exits with 6 where some versions could not be held.
${SCOPES}
${FROM_THE_API}

Examples:
  holdfast matters open --title "Doe v. Acme" --reason "complaint served" --bucket acme-docs --prefix customers/4711/
  holdfast matters open --title "Audit 2026" --reason "tax audit" --group finance --versions books.csv --yes --wait
  holdfast matters open --title "Import" --reason "notice" --bucket acme-docs --prefix inbox/ --allow-empty`;

const LIST = `
The matters of the groups that your token names.
${FROM_THE_API}

Examples:
  holdfast matters list
  holdfast matters list --json | jq -r '.matters[] | select(.state == "opening").id'`;

const SHOW = `
Exceptions come first; then who decided what, each scope and as of when it is complete, and the history.
${FROM_THE_API}

Examples:
  holdfast matters show m-1
  holdfast matters show m-1 --json | jq .exceptions`;

const WIDEN = `
Adds a scope to a matter that is open. Shows what it covers and asks, as open does.
${SCOPES}
${FROM_THE_API}

Examples:
  holdfast matters widen m-1 --bucket acme-mail --prefix doe/ --created-from 2024-01-01
  holdfast matters widen m-1 --versions more.csv --yes --wait`;

const RELEASE = `
Tells what could be deleted then. Everything is held on until somebody else approves the release.
${FROM_THE_API}

Example:
  holdfast matters release m-1 --reason "settled on 2027-03-01"`;

const APPROVE = `
Takes the holds off that nobody else needs; it cannot be withdrawn. Whoever asked for the release cannot approve it.
On a terminal it shows what is released and asks; elsewhere it needs --yes.
${FROM_THE_API}

Examples:
  holdfast matters approve m-1
  holdfast matters approve m-1 --yes --wait`;

const ROLL = `
Every version that the matter names and how it is held, as CSV. A cell that a spreadsheet would take for a formula has
an apostrophe before it.
${FROM_THE_API}

Examples:
  holdfast matters roll m-1 > roll.csv
  holdfast matters roll m-1 --json | jq '.[] | select(.outcome != "on")'`;

const CERTIFICATE = `
Writes certificate-<id>.html, which can be printed and checked without Holdfast, and certificate-<id>.csv with every
version. HOLDFAST_AUDIT_BUCKET stands for --records.
${FROM_THE_API}

Examples:
  holdfast matters certificate m-1 --out certificates --records acme-holdfast-audit
  holdfast matters certificate m-1 --out certificates --force`;

export function addMatters(program: Command): void {
  const matters = program
    .command('matters')
    .description('legal holds for matters, by the HTTP API')
    .addHelpText('after', MATTERS);
  addHolding(matters);
  addLooking(matters);
  addReleasing(matters);
}

function addHolding(matters: Command): void {
  withApi(withScope(matters.command('preview').description('what a matter would cover, and its cost')))
    .addHelpText('after', PREVIEW)
    .action(async (addresses: string[], options: PreviewOptions) => {
      const { runPreview } = await import('../run/matters-open.ts');
      await runPreview(addresses, options);
    });

  withHolding(withScope(matters.command('open').description('open a matter, and hold what it covers')))
    .requiredOption('--title <text>', 'what people call it')
    .requiredOption('--reason <text>', 'why it is held')
    .option('--group <name>', 'whose matter it is; needed by whoever belongs to several groups')
    .addHelpText('after', OPEN)
    .action(async (addresses: string[], options: OpenOptions) => {
      const { runOpen } = await import('../run/matters-open.ts');
      await runOpen(addresses, options);
    });

  withHolding(
    withScope(
      matters.command('widen').description('add a scope to a matter').argument('<id>', 'of the matter'),
    ),
  )
    .addHelpText('after', WIDEN)
    .action(async (id: string, addresses: string[], options: WidenOptions) => {
      const { runWiden } = await import('../run/matters-open.ts');
      await runWiden(id, addresses, options);
    });
}

function addLooking(matters: Command): void {
  withApi(matters.command('list', { isDefault: true }).description('the matters that you may see'))
    .addHelpText('after', LIST)
    .action(async (options: ApiOptions) => {
      const { runList } = await import('../run/matters-show.ts');
      await runList(options);
    });

  withApi(matters.command('show').description('everything about one matter'))
    .argument('<id>', 'of the matter')
    .addHelpText('after', SHOW)
    .action(async (id: string, options: ApiOptions) => {
      const { runShow } = await import('../run/matters-show.ts');
      await runShow(id, options);
    });

  withApi(matters.command('roll').description('every version that a matter names, as CSV'))
    .argument('<id>', 'of the matter')
    .addHelpText('after', ROLL)
    .action(async (id: string, options: ApiOptions) => {
      const { runRoll } = await import('../run/matters-roll.ts');
      await runRoll(id, options);
    });

  withApi(matters.command('certificate').description('write the certificate of a matter'))
    .argument('<id>', 'of the matter')
    .requiredOption('--out <folder>', 'where to')
    .option('--records <bucket>', 'the bucket that keeps the roll and the records, for whoever checks it')
    .option('--force', 'write over files that are there')
    .addHelpText('after', CERTIFICATE)
    .action(async (id: string, options: CertificateOptions) => {
      const { runCertificate } = await import('../run/matters-certificate.ts');
      await runCertificate(id, options);
    });
}

function addReleasing(matters: Command): void {
  withApi(matters.command('release').description('ask for the release of a matter'))
    .argument('<id>', 'of the matter')
    .requiredOption('--reason <text>', 'why nobody needs it any more')
    .addHelpText('after', RELEASE)
    .action(async (id: string, options: ReleaseOptions) => {
      const { runRelease } = await import('../run/matters-release.ts');
      await runRelease(id, options);
    });

  withWait(withApi(matters.command('approve').description('approve a release that somebody else asked for')))
    .argument('<id>', 'of the matter')
    .option('--yes', 'do not ask')
    .addHelpText('after', APPROVE)
    .action(async (id: string, options: ApproveOptions) => {
      const { runApprove } = await import('../run/matters-release.ts');
      await runApprove(id, options);
    });
}

function withHolding(command: Command): Command {
  return withWait(withApi(command))
    .option('--allow-empty', 'although nothing is covered yet: for what will be uploaded')
    .option('--yes', 'do not ask');
}

function withWait(command: Command): Command {
  return command
    .option('--wait', 'until the work is over')
    .option('--every <seconds>', 'how often --wait looks (5)');
}
