/** `eval`: scores a bundle from real bitstreams. It needs the decoder, so it runs in a checkout and not on a box. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Command, Option } from 'commander'
import { DEFAULT_BUNDLE } from '../agent/bundles.js'
import { AgentError, ExitCode, exitsHelp, messageOf } from '../agent/errors.js'
import { packageRoot } from '../contract/package-root.js'

const wholeNumber = (name: string, least: number) => (text: string) => {
  const value = Number(text)
  if (Number.isInteger(value) && value >= least) return value
  throw new AgentError('input', `--${name} ${text}: expected a whole number from ${least}`, ExitCode.usage)
}

export function register(program: Command): void {
  program
    .command('eval')
    .description(
      'score a bundle: on data sets from real bitstreams (bpp, accuracy, mIoU, PSNR, …), on clips what it says of them',
    )
    .option('--bundle <id|dir>', 'networks', DEFAULT_BUNDLE)
    .option('--data <dir>', 'data sets: a folder per class, images/ and masks/, or PASCAL VOC 2012; splits val or test')
    .option(
      '--clips <dir>',
      'clips with truth files (NAME.json beside NAME.mp4): presence per half second, false alarms, events',
    )
    .option('--crop <pixels>', 'middle of the pictures that are classified', wholeNumber('crop', 16), 160)
    .addOption(new Option('--coding <profile>', 'of the bitstreams').choices(['static', 'fast', 'max']).default('max'))
    .option('--limit <n>', 'pictures of each data set, evenly from all', wholeNumber('limit', 1))
    .option('--skip-corrupt', 'go on after a file that cannot be used, and count it', false)
    .option('--threads <n>', 'CPU threads of the networks; 0: one per core', wholeNumber('threads', 0), 0)
    .addOption(
      new Option('--precision <kind>', 'as precision of the configuration').choices(['auto', 'float']).default('auto'),
    )
    .option('--json <file>', 'write the figures there, too')
    .addHelpText(
      'after',
      `\nA table goes to stderr, JSON to stdout.${exitsHelp({ 3: 'the bundle or a file of the data cannot be used, or this is no checkout' })}\n\nExamples:\n  blindsight eval --data DATA --json eval.json\n  blindsight eval --clips CLIPS --json clips.json >/dev/null`,
    )
    .action(async (options: { data?: string; clips?: string }) => {
      if (!options.data && !options.clips)
        throw new AgentError('input', 'eval: give --data DIR, --clips DIR or both', ExitCode.usage)
      const script = join(packageRoot(), 'dist', 'test', 'bench', 'eval', 'main.js')
      if (!existsSync(script))
        throw new AgentError('input', `${script} is missing: eval runs in a checkout (npm run build)`, ExitCode.input)
      const { evaluate } = (await import(pathToFileURL(script).href)) as { evaluate(options: object): Promise<void> }
      try {
        await evaluate(options)
      } catch (cause) {
        throw new AgentError('input', messageOf(cause), ExitCode.input, { cause })
      }
    })
}
