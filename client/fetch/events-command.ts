/** blindsight events list, blindsight events get */
import type { Command } from 'commander'
import { exitCodesHelp } from '../failure.js'
import { runVerb } from '../terminal/verb.js'
import { type GetFlags, type ListFlags, targetFlags } from './archive-command.js'

const help = `
Times are ISO 8601; one without a zone is local time, a date alone is UTC.
${exitCodesHelp}

Examples:
  blindsight events list --device gate-1 --class person --from 2026-05-01
  blindsight events get --device gate-1 street-1a2b3c4d-7 --out streams`

export function registerEvents(program: Command): void {
  const events = program
    .command('events')
    .description('what came and went before the cameras of a box, and its bitstreams, over MQTT')
    .addHelpText('after', `\nExamples:\n  blindsight events list --help\n  blindsight events get --help`)
  targetFlags(events.command('list').description('events that the archive has frames of, oldest first'))
    .option('--limit <n>', 'at most so many; 0 for all', '1000')
    .option('--json', 'one event a line as JSON')
    .addHelpText('after', help)
    .action((flags: ListFlags) => runVerb(async () => (await import('./events.js')).list(flags)))
  targetFlags(events.command('get').description('fetch the segments that events lie in'))
    .argument('[id...]', 'of events, as list prints them')
    .requiredOption('--out <dir>', 'folder for the files')
    .addHelpText('after', help)
    .action((ids: string[], flags: GetFlags) => runVerb(async () => (await import('./events.js')).get(ids, flags)))
}
