/** The agent's verbs, for the one `blindsight` command (cli/main.ts). Each loads what it needs when it is called. */

import { type Command, Option } from 'commander'
import { USUAL_CONFIG } from '../contract/command-line.js'
import { registerBundle } from './bundle-commands.js'
import { DEFAULT_BUNDLE } from './bundles.js'
import type { DemoOptions, ShowBroker } from './demo/demo.js'
import { AgentError, ExitCode, exitsHelp } from './errors.js'
import { keepHeapSmall } from './heap.js'
import type { InitOptions } from './init.js'
import type { StatusOptions } from './status/status.js'

/** Of seconds, more would overflow a timer, which then ends at once. */
const MOST = 1_000_000

const wholeNumber =
  (name: string, least: number, most = MOST) =>
  (text: string) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new AgentError(
        'input',
        `--${name} ${text}: expected a whole number from ${least} to ${most}`,
        ExitCode.usage,
      )
    return value
  }

/** @param showBroker what `demo --view` starts: no part of the agent */
export function register(program: Command, showBroker?: ShowBroker): void {
  program
    .command('run')
    .description('run the agent: capture, encode, understand, archive, publish (what the service runs)')
    .requiredOption('-c, --config <file>', 'YAML configuration, see config/example.yaml')
    .addHelpText(
      'after',
      `\nSIGHUP: reads the configuration again; if it is wrong the old one goes on. Of a terminal that is closed: as SIGTERM.\nSIGTERM or Ctrl-C: commits what is under way, publishes what the broker takes, stops; another one, half a second later or more, ends it at once.${exitsHelp({ 0: 'stopped', 3: 'a file of the bundle is damaged, or another blindsight has this stateDir', 78: 'the configuration is wrong, or names what this box has not' })}\n\nExample: blindsight run --config /etc/blindsight/config.yaml`,
    )
    .action(async (options: { config: string }) => {
      keepHeapSmall() // before what is loaded now has made the heap large
      await (await import('./service.js')).run(options)
    })

  program
    .command('demo')
    .description('run on the street clip that comes with the project, with a broker inside')
    .option('--source <file|url|device>', 'another video')
    .option('--seconds <n>', 'how long to run; 0: until Ctrl-C', wholeNumber('seconds', 0), 60)
    .option('--frames <n>', 'stop after n frames, taken as fast as they come, none dropped', wholeNumber('frames', 1))
    .option('--json', 'print one JSON object at the end instead of a line per second')
    .option(
      '--view',
      'also serve a page to look at it in the browser; runs until Ctrl-C unless --seconds says otherwise',
    )
    .option('--size <WxH>', 'frame size, multiples of 16', '448x256')
    .option('--broker <url>', 'publish to this broker instead of the one inside')
    .option('--bundle <id|dir>', 'networks', DEFAULT_BUNDLE)
    .option('--state-dir <dir>', 'where the archive goes (default: a folder under the temporary directory)')
    .addOption(
      new Option(
        '--threads <n>',
        'CPU threads of the encoder and of the heads, each, which run side by side; 0: as few as keep up with the cameras, tried at the start',
      )
        .argParser(wholeNumber('threads', 0, 256))
        .default(0),
    )
    .addHelpText(
      'after',
      `${exitsHelp({ 3: 'the video or the bundle cannot be used', 4: 'the broker cannot be reached, or has not taken all' })}\n\nExamples:\n  blindsight demo --seconds 0\n  blindsight demo --view\n  blindsight demo --frames 100 --json\n  blindsight demo --source rtsp://camera.local/stream --broker mqtt://broker.local`,
    )
    .action(async (options: DemoOptions, command: Command) => {
      if (options.view && (options.json || options.frames))
        throw new AgentError('input', '--view: not with --json or --frames, which end by themselves', ExitCode.usage)
      const seconds = options.view && command.getOptionValueSource('seconds') === 'default' ? 0 : options.seconds
      await (await import('./demo/demo.js')).demo({ ...options, seconds }, showBroker)
    })

  program
    .command('check-config')
    .description('say whether a configuration is right, and where it is not')
    .option('-c, --config <file>', 'YAML configuration', USUAL_CONFIG)
    .addHelpText(
      'after',
      `\nIt finds what \`run\` would end with, and starts nothing. A device or file that is not there now is a warning: the box waits for it.${exitsHelp({ 0: 'right', 3: 'a file of the bundle is damaged', 78: 'wrong' })}\n\nExample: blindsight check-config --config config/example.yaml`,
    )
    .action(async (options: { config: string }) => (await import('./verbs.js')).checkConfig(options))

  program
    .command('init')
    .description('a first configuration: asks for cameras, broker and zones, tries them, writes it and runs doctor')
    .option('-y, --yes', 'ask nothing: what is found here and named below, and defaults')
    .option(
      '--camera <source>',
      'an address, device or file, or NAME=SOURCE; may be repeated',
      (one: string, all: string[]) => [...all, one],
      [],
    )
    .option('--broker <url>', 'mqtt:// or mqtts://; without it a broker inside')
    .option('--device <name>', 'what this box is called (default: made from the machine id)')
    .option('--state-dir <dir>', 'where the archive goes')
    .option('--out <file>', 'default: /etc/blindsight/config.yaml for root, else blindsight.yaml here')
    .option(
      '--from <file>',
      'take over a configuration that was tried elsewhere, for the service: files that it names are copied beside it',
    )
    .option('--force', 'replace a file that is there; the old one stays as .bak')
    .option('--no-doctor', 'do not run doctor at the end')
    .addHelpText(
      'after',
      `\nPasswords go into files beside the configuration. Ctrl-C leaves nothing behind.${exitsHelp({ 0: 'everything works', 1: 'written, but doctor found something', 2: 'no camera, no terminal or a wrong option', 3: 'a file is there already or cannot be written', 78: 'the configuration would be wrong, or the one of --from is', 130: 'stopped' })}\n\nExamples:\n  sudo blindsight init\n  sudo blindsight init --yes --camera gate=rtsp://camera.local/stream --broker mqtt://broker.local\n  sudo blindsight init --from my.yaml`,
    )
    .action(async (options: InitOptions) => (await import('./init.js')).init(options))

  program
    .command('rebuild')
    .description('make an archive again from bitstream files: camera, time, order and segments stand in the records')
    .argument('<files...>', 'bitstreams (.bsf) or folders of them, as `archive get` and `subscribe --bits` write them')
    .requiredOption('--state-dir <dir>', "the agent's stateDir; frames that are there already are left alone")
    .addHelpText(
      'after',
      `\nClass results and masks are in no bitstream: they do not come back. The agent must not be running.${exitsHelp({ 3: 'a file or the archive cannot be used' })}\n\nExample: blindsight rebuild --state-dir /var/lib/blindsight backup`,
    )
    .action(async (files: string[], options: { stateDir: string }) =>
      (await import('./verbs.js')).rebuildArchive(files, options),
    )

  program
    .command('status')
    .description('one screen of the box that runs here: cameras, rates, archive, broker, last faults')
    .option('-c, --config <file>', 'its configuration, which says where it is asked', USUAL_CONFIG)
    .option('--state-dir <dir>', 'its stateDir, instead of a configuration')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `\nAsks the running agent through a socket in its state directory; needs no broker.${exitsHelp({ 0: 'online', 1: 'something is wrong', 3: 'not running' })}\n\nExample: sudo blindsight status`,
    )
    .action(async (options: StatusOptions) => (await import('./status/status.js')).status(options))

  program
    .command('doctor')
    .description('say what works on this box: ffmpeg, cameras, execution providers, disk, broker')
    .option('-c, --config <file>', 'check what this configuration needs')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `${exitsHelp({ 0: 'everything works', 1: 'something does not' })}\n\nExample: blindsight doctor --config /etc/blindsight/config.yaml`,
    )
    .action(async (options: { config?: string; json?: boolean }) => (await import('./doctor.js')).doctor(options))

  program
    .command('warmup')
    .description('open the networks as `run` does, so that engines of TensorRT are built before the service needs them')
    .option('-c, --config <file>', 'YAML configuration, which names bundle, cameras and providers', USUAL_CONFIG)
    .addHelpText(
      'after',
      `\nSays which graph is under way and for how long, and at the end which provider ran each of them. Engines go where \`run\` looks for them, into the folder engines of stateDir, and belong to the owner of that, also if root builds them. The service may be running.${exitsHelp({ 0: 'every graph runs on the first of `providers` that is offered here', 1: 'one of them runs on another', 3: 'a file of the bundle is damaged, or no provider opens it', 78: 'the configuration is wrong', 130: 'stopped' })}\n\nExample: sudo blindsight warmup --config /etc/blindsight/config.yaml`,
    )
    .action(async (options: { config: string }) => (await import('./warmup.js')).warmup(options))

  const bundle = program
    .command('bundle')
    .description(
      'networks without a new package: add, list, use, remove; and for whoever releases them: keygen, sign, pack, send',
    )
    .addHelpText('after', '\nExamples:\n  blindsight bundle add --help\n  blindsight bundle sign --help')
  registerBundle(bundle)
}
