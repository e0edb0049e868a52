/** One .deb: program and Node under /usr/lib/blindsight, units, manual, licences; the same bytes from the same commit. */
import { chmod, copyFile, lutimes, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { buildProgram } from '../../cli/program.js'
import { packageRoot } from '../../contract/package-root.js'
import { bashCompletion, fishCompletion, zshCompletion } from '../manual/completion.js'
import { manPages } from '../manual/man.js'
import { verbOf } from '../manual/verbs.js'
import { layApp, prune, writeManifest } from './app.js'
import { type Architecture, gnu } from './architecture.js'
import { maintainer, writeControl } from './control.js'
import { copyrightFile } from './copyright.js'
import { documents } from './documents.js'
import { elfFiles, libraryDependencies } from './elf.js'
import { type Module, modulesOf } from './modules.js'
import { compileNatives } from './natives.js'
import { run } from './run.js'
import { fetchRuntime, pinned } from './runtime.js'
import { npmSbom, sbomFile } from './sbom.js'
import { packagedUnit } from './unit.js'

export interface Edition {
  readonly version: string
  /** Seconds since 1970, of every file in the package: https://reproducible-builds.org/specs/source-date-epoch/ */
  readonly epoch: number
  /** xz's level, 1 to 9; 0 leaves the data as they are. */
  readonly compression: number
}

/**
 * @param out a folder; what may be kept for the next time lies in `cache` below it
 * @param step is told what is being done
 * @returns the package's path
 * @throws with the words of what failed; nothing half-written has the package's name
 */
export async function buildPackage(
  arch: Architecture,
  out: string,
  edition: Edition,
  step: (text: string) => void,
): Promise<string> {
  const work = join(out, `work-${arch}`)
  const cache = join(out, 'cache')
  const tree = join(work, 'tree')
  const lib = join(tree, 'usr', 'lib', 'blindsight')
  const app = join(lib, 'app')
  await rm(work, { recursive: true, force: true })
  await mkdir(cache, { recursive: true })

  step('Node.js for the package')
  const runtime = await fetchRuntime(arch, cache)
  await mkdir(join(lib, 'bin'), { recursive: true })
  await copyFile(join(runtime, 'bin', 'node'), join(lib, 'bin', 'node'))

  step('the program and its locked dependencies')
  await layApp(app, arch)
  await writeManifest(app, edition.version)
  const sbom = await npmSbom(app)
  step('compiling better-sqlite3 and unix-dgram, or taking them from the last time')
  const compiling = join(work, 'compile')
  await mkdir(compiling)
  await compileNatives(app, arch, runtime, compiling, cache)
  await prune(app, arch)

  step('manual, licences, bill of materials')
  const binaries = await elfFiles(lib)
  await run(gnu('strip', arch), ['--strip-unneeded', ...binaries])
  const modules = await modulesOf(app)
  await writeDocuments(
    tree,
    modules,
    runtime,
    edition,
    await sbomFile(sbom, edition, (await pinned()).version, binaries, modules),
  )
  await writeSystemFiles(tree)

  const dependencies = await libraryDependencies(binaries)
  const onnxruntime = onnxruntimeIn(modules)
  const conffiles = ['/etc/blindsight/example.yaml']
  await writeControl(tree, { version: edition.version, arch, dependencies, conffiles, onnxruntime })
  await settle(tree, edition.epoch)

  step('packing')
  const name = `blindsight_${edition.version}_${arch}.deb`
  await run(
    'dpkg-deb',
    [
      '--root-owner-group',
      ...(edition.compression === 0 ? ['-Znone'] : ['-Zxz', `-z${edition.compression}`]),
      '--build',
      tree,
      join(work, name),
    ],
    {
      // More threads cut the data otherwise: other bytes on another machine.
      env: { SOURCE_DATE_EPOCH: `${edition.epoch}`, DPKG_DEB_THREADS_MAX: '1' },
    },
  )
  await rename(join(work, name), join(out, name))
  await rm(work, { recursive: true })
  return join(out, name)
}

/** Its version. */
const onnxruntimeIn = (modules: readonly Module[]): string =>
  modules.find(({ name }) => name === 'onnxruntime-node')!.version

async function writeDocuments(
  tree: string,
  modules: readonly Module[],
  runtime: string,
  { version, epoch }: Edition,
  sbom: string,
): Promise<void> {
  const root = packageRoot()
  const share = join(tree, 'usr', 'share')
  const doc = join(share, 'doc', 'blindsight')
  const date = new Date(epoch * 1000)
  const program = verbOf(buildProgram())
  const put = async (path: string, content: string | Uint8Array) => {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }
  for (const [name, page] of manPages(program, { version, date: date.toISOString().slice(0, 10) }))
    await put(join(share, 'man', 'man1', `${name}.gz`), zipped(page))
  await put(join(share, 'bash-completion', 'completions', 'blindsight'), bashCompletion(program))
  await put(join(share, 'zsh', 'vendor-completions', '_blindsight'), zshCompletion(program))
  await put(join(share, 'fish', 'vendor_completions.d', 'blindsight.fish'), fishCompletion(program))

  const notice = await readFile(join(root, 'NOTICE'), 'utf8')
  await put(join(doc, 'copyright'), copyrightFile(modules, notice))
  await put(join(doc, 'LICENSE.node.gz'), zipped(await readFile(join(runtime, 'LICENSE'), 'utf8')))
  await put(join(doc, 'sbom.cdx.json'), sbom)
  // npm's package of ONNX Runtime leaves its notices out; they are of one version, and missing where another comes.
  const notices = join(root, 'packaging', 'deb', 'files', `onnxruntime-${onnxruntimeIn(modules)}-notices.txt.gz`)
  await copyFile(notices, join(doc, 'NOTICES.onnxruntime.gz'))
  await put(join(doc, 'changelog.gz'), zipped(debianChangelog(version, date)))
  for (const [path, content] of await documents()) await put(join(doc, path), content)
}

/** RFC 5322's date, as deb-changelog(5) wants it. */
const debianChangelog = (version: string, date: Date): string =>
  `blindsight (${version}) stable; urgency=medium\n\n  * What changed: /usr/share/doc/blindsight/CHANGELOG.md\n\n -- ${maintainer()}  ${date.toUTCString().replace('GMT', '+0000')}\n`

async function writeSystemFiles(tree: string): Promise<void> {
  const root = packageRoot()
  const files = join(root, 'packaging', 'deb', 'files')
  const copies = {
    [join(files, 'blindsight')]: 'usr/bin/blindsight',
    [join(files, 'sysusers.conf')]: 'usr/lib/sysusers.d/blindsight.conf',
    [join(files, 'tmpfiles.conf')]: 'usr/lib/tmpfiles.d/blindsight.conf',
    [join(files, 'lintian-overrides')]: 'usr/share/lintian/overrides/blindsight',
    [join(root, 'config', 'example.yaml')]: 'etc/blindsight/example.yaml',
    [join(root, 'config', 'collect.env')]: 'usr/share/blindsight/collect.env',
  }
  for (const [from, to] of Object.entries(copies)) {
    await mkdir(dirname(join(tree, to)), { recursive: true })
    await copyFile(from, join(tree, to))
  }
  const units = join(tree, 'usr', 'lib', 'systemd', 'system')
  await mkdir(units, { recursive: true })
  for (const name of ['blindsight', 'blindsight-collect']) {
    const unit = await readFile(join(root, 'systemd', `${name}.service`), 'utf8')
    await writeFile(join(units, `${name}.service`), packagedUnit(unit, name))
  }
}

/** The same compressed bytes everywhere: no time and no name in the header. */
const zipped = (text: string): Uint8Array => gzipSync(text, { level: 9 })

const RUN = /^(usr\/bin\/|usr\/lib\/blindsight\/bin\/|DEBIAN\/(pre|post)(inst|rm)$)/

/** Passwords may come to lie in it: systemd and tmpfiles.conf have it so, too. */
const CLOSED = 'etc/blindsight'

/** Modes and times: npm, git and umask leave others on every machine. */
async function settle(tree: string, epoch: number): Promise<void> {
  for (const path of ['', ...(await readdir(tree, { recursive: true }))]) {
    const at = join(tree, path)
    const executable = (await stat(at)).isDirectory() || RUN.test(path)
    await chmod(at, path === CLOSED ? 0o750 : executable ? 0o755 : 0o644)
    await lutimes(at, epoch, epoch)
  }
}
