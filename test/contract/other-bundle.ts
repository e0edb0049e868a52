/** A bundle as whoever releases one has it: field-1's networks under another name. */
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { bundlesDir } from '../../contract/package-root.js'

interface ManifestText {
  id: string
  files: Record<string, { bytes: number; sha256: string }>
  [key: string]: unknown
}

/** @param edit of its manifest @returns the folder */
export function otherBundle(
  dir: string,
  id = 'field-2',
  edit: (manifest: ManifestText) => void = () => {},
  of = 'field-1',
): string {
  const from = join(bundlesDir(), of)
  const to = join(dir, id)
  for (const name of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
    if (!/\.\w+$/.test(name) || name === 'manifest.json') continue
    mkdirSync(dirname(join(to, name)), { recursive: true })
    copyFileSync(join(from, name), join(to, name))
  }
  const manifest = JSON.parse(readFileSync(join(from, 'manifest.json'), 'utf8'))
  manifest.id = id
  edit(manifest)
  writeFileSync(join(to, 'manifest.json'), JSON.stringify(manifest))
  return to
}

/** Puts another file in the place of one, and says so in the manifest. */
export function withFile(dir: string, name: string, data: Buffer): void {
  const file = join(dir, 'manifest.json')
  const manifest = JSON.parse(readFileSync(file, 'utf8'))
  manifest.files[name] = { bytes: data.length, sha256: createHash('sha256').update(data).digest('hex') }
  writeFileSync(file, JSON.stringify(manifest))
  writeFileSync(join(dir, name), data)
}

/** The same network in other bytes: a field of metadata more, which an ONNX file may have at its end. */
export function otherBytes(dir: string, name: string): void {
  withFile(
    dir,
    name,
    Buffer.concat([readFileSync(join(dir, name)), Buffer.from('\x72\x06\x0a\x01a\x12\x01b', 'latin1')]),
  )
}
