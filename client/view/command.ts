/** blindsight view. Page and server are not in the package for the box: it has no decoder to show anything with. */
import { type Command, Option } from 'commander'
import { exitCodesHelp, Failure } from '../failure.js'
import { type BrokerFlags, brokerFlags } from '../terminal/broker-flags.js'
import { bundlesOption } from '../terminal/bundles-option.js'
import { runUntilStopped } from '../terminal/verb.js'

export interface Flags extends BrokerFlags {
  host: string
  port: string
  store?: string
  bits?: string
  tokenFile?: string
  audit?: string
  bundles: string
  timeout?: string
}

type ViewModule = typeof import('./view.js')
export type LoadView = () => Promise<ViewModule>

const help = `
Cameras live and looked back at, in the browser: pictures are decoded there, never on the box. Every view is written down,
to stderr and with --audit to a file. On another address than loopback a token is needed: a line each, TOKEN or NAME TOKEN,
in --token-file, or one in BLINDSIGHT_VIEW_TOKEN; a proxy with TLS belongs before it.
${exitCodesHelp}

Examples:
  blindsight view
  blindsight view --broker mqtts://hub:8883 --ca ca.pem --username requester --device gate-1
  blindsight view --store fleet.sqlite --broker mqtt://hub:1883
  blindsight view --host 0.0.0.0 --token-file viewers.txt --audit views.jsonl`

export function registerView(program: Command, load: LoadView = () => import('./view.js')): void {
  const command = brokerFlags(
    program
      .command('view')
      .description('a page to watch and look back, decoded in the browser (http://127.0.0.1:8484/)'),
    'BLINDSIGHT_BROKER',
  )
  command
    .option('--device <id>', "the box, or '+' for every one of the broker", '+')
    .addOption(
      new Option('--store <address>', "a collector's store: the past is looked for there, not in the boxes").env(
        'BLINDSIGHT_STORE',
      ),
    )
    .addOption(
      new Option('--bits <folder>', 'where its collector puts bitstreams, if not in the store').env(
        'BLINDSIGHT_VIEW_BITS',
      ),
    )
    .option('--host <address>', 'where the page is served', '127.0.0.1')
    .option('--port <n>', '0: any that is free', '8484')
    .option('--token-file <file>', 'who may look, needed for another --host than loopback')
    .option('--audit <file>', 'add a line of JSON for each view')
    .addOption(bundlesOption())
    .option('--timeout <seconds>', 'how long to wait for each answer of a box', '10')
    .addHelpText('after', help)
    .action((flags: Flags) => runUntilStopped(async (signal) => (await loadView(load)).view(flags, signal)))
}

async function loadView(load: LoadView): Promise<ViewModule> {
  try {
    return await load()
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code !== 'ERR_MODULE_NOT_FOUND' || !/view[\\/]view\.[jt]s|fastify|onnxruntime-web/.test(message)) throw cause
    throw new Failure(
      'input',
      "no page on this machine, the box's package has none by design, run `blindsight view` on a machine with the full checkout",
      { cause },
    )
  }
}
