/** The program's tree, app/: what `npm pack` would send to a box, and its dependencies exactly as package-lock.json has them. */
import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from '../../contract/package-root.js'
import { type Architecture, architectures } from './architecture.js'
import { run, unpackNpm } from './run.js'

export async function layApp(app: string, arch: Architecture): Promise<void> {
  const root = packageRoot()
  await unpackNpm(root, app)
  await copyFile(join(root, 'package-lock.json'), join(app, 'package-lock.json'))
  const flags = ['--omit=dev', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  // Install scripts would run on this machine, for this machine: what is compiled, natives.ts compiles.
  await run('npm', ['ci', ...flags, '--os=linux', '--libc=glibc', `--cpu=${architectures[arch].node}`], { cwd: app })
}

/** What nobody installs or builds there stays away; a package made for a trial says its own version, and not the checkout's. */
export async function writeManifest(app: string, version: string): Promise<void> {
  const file = join(app, 'package.json')
  const {
    devDependencies: _,
    scripts: __,
    ...kept
  } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
  await writeFile(file, `${JSON.stringify({ ...kept, version }, null, 2)}\n`)
  // It is of the manifest before.
  await rm(join(app, 'package-lock.json'))
}

/** Nothing of these is read on a box: 250 of 290 MB are ONNX Runtime for other systems. Licences stay. */
export async function prune(app: string, arch: Architecture): Promise<void> {
  const modules = join(app, 'node_modules')
  const away = (...path: string[]) => rm(join(modules, ...path), { recursive: true, force: true })
  const onnx = join(modules, 'onnxruntime-node', 'bin')
  for (const api of await readdir(onnx))
    for (const os of await readdir(join(onnx, api)))
      for (const cpu of await readdir(join(onnx, api, os)))
        if (os !== 'linux' || cpu !== architectures[arch].node) await rm(join(onnx, api, os, cpu), { recursive: true })
  await away('onnxruntime-node', 'script')
  for (const part of ['deps', 'src', 'binding.gyp']) await away('better-sqlite3', part)
  for (const part of ['src', 'binding.gyp']) await away('unix-dgram', part)
  // What only compiles them, and types.
  for (const name of ['nan', 'prebuild-install', '@types', 'undici-types']) await away(name)
  for (const file of await readdir(app, { recursive: true }))
    if (UNREAD.test(file)) await rm(join(app, file), { recursive: true, force: true })
}

const UNREAD = new RegExp(
  [
    String.raw`(\.d\.[cm]?ts(\.map)?|\.[cm]?js\.map|\.tsbuildinfo|\.html|\.sh)$`,
    String.raw`node_modules/(.*/)?\.[^/]+$`,
    // A package's own folders, not those of the same name below its lib or dist.
    `node_modules/(@[^/]+/)?[^/@][^/]*/(tests?|spec|bench(mark)?s?|examples?|docs?|integration|tools|fixtures|coverage)$`,
  ].join('|'),
)
