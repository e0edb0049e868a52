/** blindsight archive list, blindsight archive get */
import type { Command } from 'commander'
import { exitCodesHelp } from '../failure.js'
import { type BrokerFlags, brokerFlags } from '../terminal/broker-flags.js'
import { runVerb } from '../terminal/verb.js'

export interface Flags extends BrokerFlags {
  cam?: string
  class?: string
  zone?: string
  event?: string
  from?: string
  to?: string
  timeout?: string
}

export interface ListFlags extends Flags {
  limit: string
  json?: boolean
}

export interface GetFlags extends Flags {
  out: string
}

const listHelp = `
Times are ISO 8601; one without a zone is local time, a date alone is UTC.
${exitCodesHelp}

Examples:
  blindsight archive list --device gate-1
  blindsight archive list --device gate-1 --cam street --from 2026-05-01T08:00:00Z --to 2026-05-01T08:05:00Z
  blindsight archive list --device gate-1 --limit 0 --json | jq .bytes`

const getHelp = `
A frame comes with the segment that it is in: the keyframe before it and all that was predicted from that, since it does
not decode without. Files are named <camera>-<boot>-<seq of the keyframe>.bsf, written whole or not at all. Run again after
an interruption: what is there already is not fetched a second time.
${exitCodesHelp}

Examples:
  blindsight archive get --device gate-1 street/0123456789abcdef/42 --out streams
  blindsight archive get --device gate-1 --cam street --from 2026-05-01T08:00:00Z --to 2026-05-01T08:05:00Z --out streams`

export function registerArchive(program: Command): void {
  const archive = program
    .command('archive')
    .description("list and fetch bitstreams from a box's archive, over MQTT")
    .addHelpText('after', `\nExamples:\n  blindsight archive list --help\n  blindsight archive get --help`)
  targetFlags(archive.command('list').description('what the archive has, oldest first'))
    .option('--limit <n>', 'at most so many; 0 for all', '1000')
    .option('--json', 'one entry a line as JSON')
    .addHelpText('after', listHelp)
    .action((flags: ListFlags) => runVerb(async () => (await import('./archive.js')).list(flags)))
  targetFlags(archive.command('get').description('fetch bitstreams by segment, their SHA-256 checked'))
    .argument('[ref...]', 'camera/boot/seq, as list prints them')
    .requiredOption('--out <dir>', 'folder for the files')
    .addHelpText('after', getHelp)
    .action((refs: string[], flags: GetFlags) => runVerb(async () => (await import('./archive.js')).get(refs, flags)))
}

/** Of a box, and what of it. */
export const targetFlags = (command: Command): Command =>
  brokerFlags(command)
    .requiredOption('--device <id>', 'the box')
    .option('--cam <id>', 'only this camera')
    .option('--class <id>', 'only what lies in events of this class')
    .option('--zone <name>', 'only what lies in events in this zone')
    .option('--event <id>', 'only what lies in this event')
    .option('--from <time>', 'captured at or after')
    .option('--to <time>', 'captured before or at')
    .option('--timeout <seconds>', 'how long to wait for each answer', '10')
