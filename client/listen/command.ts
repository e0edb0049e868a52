/** blindsight subscribe */
import type { Command } from 'commander'
import { exitCodes, exitCodesHelp, Failure } from '../failure.js'
import { type BrokerFlags, brokerFlags, brokerSettings, checkId } from '../terminal/broker-flags.js'
import { positive, printError, printOut, runUntilStopped, wholeNumber } from '../terminal/verb.js'
import type { SubscribeOptions } from './subscribe.js'
import { type Summary, summaryLines } from './summary.js'

interface Flags extends BrokerFlags {
  bits?: string
  events?: boolean
  count?: string
  timeout?: string
  json?: boolean
}

/** How long the broker keeps results for us while our own network is down. */
const sessionSeconds = 300

const help = `
Results go to stdout; warnings and the summary, also of missing seq, to stderr.
${exitCodesHelp}

Examples:
  blindsight subscribe
  blindsight subscribe --broker mqtts://hub:8883 --ca ca.pem --username viewer --device gate-1
  blindsight subscribe --events --device gate-1
  blindsight subscribe --json --count 100 | jq .cls
  blindsight subscribe --bits streams/`

export function registerSubscribe(program: Command): void {
  const command = program
    .command('subscribe')
    .description('print results as they come, without duplicates, and say which are missing')
  brokerFlags(command)
    .option('--device <id>', "device, or '+' for every one", '+')
    .option('--bits <dir>', 'also save the bitstreams there, as <camera>-<boot>-<seq>.bsf')
    .option('--events', 'only what comes and goes, nothing of every frame')
    .option(
      '--count <n>',
      'stop after n results (with --events: n messages of events); exit code 6 if some are missing by then',
    )
    .option('--timeout <seconds>', 'give up after this time; exit code 5')
    .option('--json', 'one result a line as JSON, the summary as JSON too')
    .addHelpText('after', help)
    .action((flags: Flags) =>
      runUntilStopped(async (signal) => {
        const options = readFlags(flags)
        const { subscribe } = await import('./subscribe.js')
        const summary = await subscribe(options, { out: printOut, warn: printError }, signal)
        printSummary(summary, options.json)
        return options.count !== undefined && summary.missing > 0 ? exitCodes.gaps : 0
      }),
    )
}

function readFlags(flags: Flags): SubscribeOptions {
  if (flags.events && flags.bits !== undefined)
    throw new Failure(
      'usage',
      'two wishes, --events and --bits, bitstreams come with every frame: leave one of them out',
    )
  return {
    broker: brokerSettings(flags, sessionSeconds),
    base: flags.base,
    device: flags.device === '+' ? '+' : checkId('--device', flags.device),
    bitsDir: flags.bits,
    eventsOnly: flags.events === true,
    count: wholeNumber('--count', flags.count, 1),
    timeoutSeconds: positive('--timeout', flags.timeout),
    json: flags.json === true,
  }
}

function printSummary(summary: Summary, json: boolean): void {
  for (const line of json ? [JSON.stringify(summary)] : summaryLines(summary)) printError(line)
}
