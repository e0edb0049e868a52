/** `npm run deb`: packages for Debian, Ubuntu and JetPack. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { version } from '../../agent/version.js'
import { packageRoot } from '../../contract/package-root.js'
import { type Architecture, architectures, hostArchitecture } from './architecture.js'
import { buildPackage } from './build.js'
import { run } from './run.js'

const options = new Command('npm run deb --')
  .description('Builds blindsight_<version>_<processor>.deb, the same bytes from the same commit.')
  .addOption(
    new Option('--arch <processor>', 'for which')
      .choices([...Object.keys(architectures), 'all'])
      .default(hostArchitecture()),
  )
  .option('--out <dir>', 'where it goes', 'var/deb')
  .addOption(new Option('--compression <level>', "xz's; 0: none, for trying").choices([...'0123456789']).default('6'))
  .option('--set-version <version>', 'another version than package.json has, for trying an upgrade', version)
  .addHelpText(
    'after',
    '\nNeeds a compiler for each processor (sh .ci/setup --deb installs them). The time in the package is the commit’s, or SOURCE_DATE_EPOCH.\nThe maintainer in it: DEBFULLNAME and DEBEMAIL.\n\nExample: npm run deb -- --arch all',
  )
  .parse()
  .opts<{ arch: Architecture | 'all'; out: string; compression: string; setVersion: string }>()

try {
  const out = resolve(options.out)
  await mkdir(out, { recursive: true })
  const edition = {
    version: options.setVersion,
    epoch: Number(process.env.SOURCE_DATE_EPOCH ?? (await commitTime())),
    compression: Number(options.compression),
  }
  const wanted = options.arch === 'all' ? (Object.keys(architectures) as Architecture[]) : [options.arch]
  for (const arch of wanted) {
    const began = performance.now()
    const file = await buildPackage(arch, out, edition, (text) =>
      console.error(`deb ${arch}: ${text} (after ${((performance.now() - began) / 1000).toFixed(0)} s)`),
    )
    const sha256 = createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
    console.log(`${file}  ${((await stat(file)).size / 1e6).toFixed(1)} MB  sha256 ${sha256}`)
  }
} catch (error) {
  console.error(`deb: ${(error as Error).message}`)
  process.exitCode = 1
}

async function commitTime(): Promise<string> {
  try {
    return (await run('git', ['log', '-1', '--format=%ct'], { cwd: packageRoot() })).trim()
  } catch {
    throw new Error('not in a git checkout: set SOURCE_DATE_EPOCH to the seconds since 1970 that the package is to say')
  }
}
