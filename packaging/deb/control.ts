/** What lies in the package's control part: deb-control(5), deb-conffiles(5), deb-md5sums(5). */
import { createHash } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from '../../contract/package-root.js'
import type { Architecture } from './architecture.js'

/** Nobody's address is in the repository: whoever releases names theirs, as all of Debian's tools have it; without, it leads nowhere (RFC 2606). */
export const maintainer = (): string =>
  `${process.env.DEBFULLNAME ?? 'blindsight'} <${process.env.DEBEMAIL ?? 'unreleased@blindsight.invalid'}>`

const SCRIPTS = ['preinst', 'postinst', 'prerm', 'postrm']

export async function writeControl(
  tree: string,
  about: {
    version: string
    arch: Architecture
    dependencies: readonly string[]
    conffiles: readonly string[]
    /** Its version: packaging/jetson makes a binding that goes with exactly that. */
    onnxruntime: string
  },
): Promise<void> {
  const control = join(tree, 'DEBIAN')
  await mkdir(control)
  const files = await contentOf(tree)
  const depends = [...about.dependencies, 'ffmpeg', 'systemd', 'ca-certificates']
  await writeFile(
    join(control, 'control'),
    `Package: blindsight
Version: ${about.version}
Architecture: ${about.arch}
Maintainer: ${maintainer()}
Installed-Size: ${Math.ceil(files.reduce((sum, { bytes }) => sum + Math.ceil(bytes / 1024), 0))}
Depends: ${depends.join(', ')}
Provides: blindsight-onnxruntime (= ${about.onnxruntime})
Suggests: mosquitto, gstreamer1.0-tools, gstreamer1.0-plugins-base
Section: video
Priority: optional
Description: camera box that keeps what it sees as a learned latent
 blindsight takes frames from cameras, encodes each into a compact learned
 latent, finds people, vehicles, two-wheelers and animals on that latent,
 archives it as a bitstream and publishes results, events and bitstreams
 over MQTT. The box has no decoder: pictures exist again only where somebody
 who may look decodes an archived bitstream.
 .
 The package carries the Node.js that it was tested with. It also has the
 collector of a fleet, blindsight-collect.service, which is switched off.
`,
  )
  await writeFile(join(control, 'conffiles'), about.conffiles.map((file) => `${file}\n`).join(''))
  await writeFile(
    join(control, 'md5sums'),
    files
      .filter(({ path }) => !about.conffiles.includes(`/${path}`))
      .map(({ path, md5 }) => `${md5}  ${path}\n`)
      .join(''),
  )
  for (const script of SCRIPTS)
    await copyFile(join(packageRoot(), 'packaging', 'deb', 'files', script), join(control, script))
}

async function contentOf(tree: string): Promise<{ path: string; bytes: number; md5: string }[]> {
  const names = (await readdir(tree, { recursive: true })).filter((path) => !path.startsWith('DEBIAN')).sort()
  const files = []
  for (const path of names) {
    const info = await stat(join(tree, path))
    if (!info.isFile()) continue
    const md5 = createHash('md5')
      .update(await readFile(join(tree, path)))
      .digest('hex')
    files.push({ path, bytes: info.size, md5 })
  }
  return files
}
