/** blindsight decode. What makes pictures is in decode/ alone, a folder that the package for the box leaves out. */
import type { Command } from 'commander'
import { exitCodesHelp, Failure } from './failure.js'
import { bundlesOption } from './terminal/bundles-option.js'
import { positive, printOut, report, runUntilStopped } from './terminal/verb.js'

type DecodeModule = typeof import('./decode/decode.js')
export type LoadDecode = () => Promise<DecodeModule>

interface Flags {
  out?: string
  bundles: string
  mp4?: string
  fps?: string
}

const help = `
${exitCodesHelp}

Examples:
  blindsight decode street-0123456789abcdef-42.bsf --out pictures
  blindsight decode streams/*.bsf --mp4 street.mp4 --fps 10`

export function registerDecode(program: Command, load: LoadDecode = () => import('./decode/decode.js')): void {
  program
    .command('decode')
    .description('turn bitstreams into pictures, the segmentation drawn beside each')
    .argument('<file...>', 'bitstreams, also several records in one file')
    .option('--out <dir>', 'write a PNG for each frame there')
    .option('--mp4 <file>', 'write a video; ffmpeg must be installed')
    .option('--fps <n>', "the video's frames per second; default: as captured")
    .addOption(bundlesOption())
    .addHelpText('after', help)
    .action((files: string[], flags: Flags) =>
      runUntilStopped(async (signal) => {
        const { out, mp4 } = flags
        if (out === undefined && mp4 === undefined) {
          throw new Failure('usage', 'nowhere to write to, decode, give --out DIR or --mp4 FILE')
        }
        const fps = positive('--fps', flags.fps)
        const { decode } = await loadDecode(load)
        const { Bundles } = await import('./bitstreams/bundles.js')
        let code = 0
        const options = { bundles: new Bundles(flags.bundles), outDir: out, mp4, fps }
        await decode(
          files,
          options,
          {
            written: printOut,
            failed(failure) {
              code = report(failure)
            },
          },
          signal,
        )
        return code
      }),
    )
}

async function loadDecode(load: LoadDecode): Promise<DecodeModule> {
  try {
    return await load()
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code !== 'ERR_MODULE_NOT_FOUND' || !/decode[\\/]decode\.[jt]s/.test(message)) throw cause
    throw new Failure(
      'input',
      "no decoding on this machine, the box's package has none by design, copy the file to a machine with the full checkout and decode it there",
      { cause },
    )
  }
}
