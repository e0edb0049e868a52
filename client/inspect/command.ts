/** blindsight inspect */
import type { Command } from 'commander'
import { exitCodesHelp, type Failure } from '../failure.js'
import { bundlesOption } from '../terminal/bundles-option.js'
import { printOut, report, runVerb } from '../terminal/verb.js'

const help = `
${exitCodesHelp}

Examples:
  blindsight inspect street-0123456789abcdef-42.bsf
  blindsight inspect --json streams/*.bsf | jq .bpp`

export function registerInspect(program: Command): void {
  program
    .command('inspect')
    .description('what bitstream files hold: header, size, checksum, entropy; no picture is made')
    .argument('<file...>', 'bitstreams, also several records in one file')
    .addOption(bundlesOption('folder of bundles, for the entropy'))
    .option('--json', 'one record a line as JSON')
    .addHelpText('after', help)
    .action((files: string[], flags: { bundles: string; json?: boolean }) =>
      runVerb(async () => {
        const { Bundles } = await import('../bitstreams/bundles.js')
        const { inspectFile, reportLines, Shares } = await import('./inspect.js')
        const bundles = new Bundles(flags.bundles)
        let code = 0
        const shares = new Shares()
        for (const file of files) {
          try {
            const failed = (failure: Failure) => {
              code = report(failure)
            }
            for (const record of inspectFile(file, bundles, failed)) {
              shares.add(record)
              printOut(flags.json ? JSON.stringify(record) : reportLines(record).join('\n'))
            }
          } catch (error) {
            code = report(error)
          }
        }
        if (!flags.json) for (const line of shares.lines) printOut(line)
        return code
      }),
    )
}
