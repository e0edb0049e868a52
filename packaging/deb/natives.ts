/** better-sqlite3 and unix-dgram, compiled for the package's processor and against the Node that it carries. */
import { existsSync } from 'node:fs'
import { copyFile, cp, mkdir, readFile, realpath, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { packageRoot } from '../../contract/package-root.js'
import { type Architecture, architectures, gnu } from './architecture.js'
import { run } from './run.js'

const addons = {
  'better-sqlite3': 'build/Release/better_sqlite3.node',
  'unix-dgram': 'build/Release/unix_dgram.node',
} as const

/**
 * @param app with their npm packages as published, which are compiled elsewhere and only given the result
 * @param runtime folder of the Node; @param work an empty folder; @param cache where compiled ones are kept, by what they are made of
 */
export async function compileNatives(
  app: string,
  arch: Architecture,
  runtime: string,
  work: string,
  cache: string,
): Promise<void> {
  const compiler = (await run(gnu('g++', arch), ['-dumpfullversion'])).trim()
  for (const [name, file] of Object.entries(addons)) {
    const kept = join(cache, [name, await lockedVersion(name), arch, runtime.split('-').at(-1), compiler].join('-'))
    if (!existsSync(kept)) {
      const built = await compile(name, join(app, 'node_modules'), arch, runtime, work)
      await copyFile(join(built, file), `${kept}.part`)
      await rename(`${kept}.part`, kept)
    }
    const target = join(app, 'node_modules', name, file)
    await mkdir(dirname(target), { recursive: true })
    await copyFile(kept, target)
  }
}

async function compile(
  name: string,
  modules: string,
  arch: Architecture,
  runtime: string,
  work: string,
): Promise<string> {
  const place = join(work, 'node_modules')
  for (const needed of [name, 'nan', 'bindings', 'file-uri-to-path'])
    if (existsSync(join(modules, needed))) await cp(join(modules, needed), join(place, needed), { recursive: true })
  const folder = join(place, name)
  if (name === 'better-sqlite3') await withoutUnused(folder)
  const gyp = join(await npmRoot(), 'node_modules', 'node-gyp', 'bin', 'node-gyp.js')
  // The folder's name must not be in the binary: the same sources give the same bytes wherever they are compiled.
  const flags = `-ffile-prefix-map=${work}=. -O2`
  const env = {
    CC: gnu('gcc', arch),
    CXX: gnu('g++', arch),
    AR: gnu('ar', arch),
    LINK: gnu('g++', arch),
    CFLAGS: flags,
    CXXFLAGS: flags,
    JOBS: 'max',
    // Under `npm run` node-gyp takes npm's own settings before its arguments: a nodedir there is of the Node that builds.
    npm_config_nodedir: runtime,
  }
  const args = [gyp, 'rebuild', '--release', `--arch=${architectures[arch].node}`]
  await run(process.execPath, args, { cwd: folder, env })
  return folder
}

/** As .ci/compile does: full-text search and the geometry of maps are half of the compiling, and nothing here asks for them. */
async function withoutUnused(sqlite: string): Promise<void> {
  const defines = join(sqlite, 'deps', 'defines.gypi')
  const kept = (await readFile(defines, 'utf8'))
    .split('\n')
    .filter((line) => !/SQLITE_(ENABLE_(FTS|RTREE|GEOPOLY)|SOUNDEX)/.test(line))
  await writeFile(defines, kept.join('\n'))
  const common = join(sqlite, 'deps', 'common.gypi')
  await writeFile(common, (await readFile(common, 'utf8')).replace("'-O3'", "'-O2'"))
}

async function lockedVersion(name: string): Promise<string> {
  const lock = JSON.parse(await readFile(join(packageRoot(), 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string }>
  }
  return lock.packages[`node_modules/${name}`]!.version
}

/** node-gyp comes with npm, whose program is a link into its folder. `npm root --global` says another under `npm run`. */
const npmRoot = async (): Promise<string> =>
  dirname(dirname(await realpath(process.env.npm_execpath ?? (await run('sh', ['-c', 'command -v npm'])).trim())))
