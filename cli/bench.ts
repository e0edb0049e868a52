/** `bench`: the benchmark programs, which are in a checkout and not in the package for a box. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { AgentError, ExitCode, exitsHelp } from '../agent/errors.js'
import { packageRoot } from '../contract/package-root.js'

const programs = { agent: 'main.js', codec: 'codec/main.js' }

export function register(program: Command): void {
  program
    .command('bench')
    .description('measure: the agent beside ResNet-50, or the codec beside zstd, brotli, xz, x264 and x265')
    .argument('<what>', Object.keys(programs).join(' or '))
    .argument(
      '[options...]',
      'of the benchmark, after --; codec: --clips DIR --stills DIR --bundle ID --frames N --no-video',
    )
    .addHelpText(
      'after',
      `${exitsHelp({ 3: 'this is no checkout' })}\n\nExamples:\n  blindsight bench agent\n  blindsight bench codec -- --clips clips --stills imagenet20-160/val`,
    )
    .action(async (what: string, options: string[]) => {
      const file = programs[what as keyof typeof programs]
      if (!file)
        throw new AgentError('input', `bench ${what}: expected ${Object.keys(programs).join(' or ')}`, ExitCode.usage)
      const script = join(packageRoot(), 'dist', 'test', 'bench', file)
      if (!existsSync(script))
        throw new AgentError(
          'input',
          `${script} is missing: benchmarks run in a checkout (npm run build)`,
          ExitCode.input,
        )
      const child = spawn(process.execPath, ['--expose-gc', script, ...options], { stdio: 'inherit' })
      const [code] = (await once(child, 'exit')) as [number | null]
      process.exitCode = code ?? ExitCode.unexpected
    })
}
