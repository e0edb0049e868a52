/** For tests: lean-1's codec with the analyser of test/fixtures/analyse, whose answers can be told from the symbols by hand. */
import { createHash } from 'node:crypto'
import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Analyse, Manifest } from '../../contract/bundle.js'
import { bundlesDir } from '../../contract/package-root.js'

const labelled = (ids: string) => ids.split(' ').map((id) => ({ id, label: id.replace('_', ' ') }))
const tags = labelled('person bicycle motorcycle car bus truck dog cat')
const things = labelled('person two_wheeler car large_vehicle animal')
const scene = labelled('road pavement building vegetation sky')
const presence = (id: string, ofTags: string, ofMask: string, watch = true) => ({
  ...labelled(id)[0]!,
  tags: ofTags.split(' '),
  mask: ofMask.split(' '),
  watch,
})

/** As field-1 has it. */
export const ANALYSE: Analyse = {
  tags: {
    kind: 'sigmoid',
    classes: tags,
    thresholds: Object.fromEntries(tags.map(({ id }) => [id, { enter: 0.5, leave: 0.4 }])),
  },
  mask: {
    kind: 'argmax',
    stride: 4,
    classes: [
      { id: 'other', label: 'other', kind: 'rest' },
      ...things.map((one) => ({ ...one, kind: 'thing' as const })),
      ...scene.map((one) => ({ ...one, kind: 'scene' as const })),
    ],
  },
  fractions: { kind: 'share' },
  presence: [
    presence('person', 'person', 'person'),
    presence('vehicle', 'car bus truck', 'car large_vehicle'),
    presence('two_wheeler', 'bicycle motorcycle', 'two_wheeler'),
    presence('animal', 'dog cat', 'animal'),
    presence('car', 'car', 'car', false),
    presence('large_vehicle', 'bus truck', 'large_vehicle', false),
  ],
}

/** Makes it in `dir`, which need not be there. `forge` may change the manifest before hashes are put in. */
export function analysingBundle(dir: string, forge: (manifest: Manifest) => void = () => {}): string {
  cpSync(join(bundlesDir(), 'lean-1'), dir, { recursive: true })
  copyFileSync(join(import.meta.dirname, '..', 'fixtures', 'analyse', 'analyse.onnx'), join(dir, 'analyse.onnx'))
  for (const file of ['classify.onnx', 'segment.onnx']) rmSync(join(dir, file))
  const manifest = JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8'))
  const { classes: _, segment: __, replaces: ___, ...kept } = manifest
  const { 'classify.onnx': ____, 'segment.onnx': _____, ...files } = manifest.files
  const made = structuredClone({ ...kept, id: 'analysing', analyse: ANALYSE, files: { ...files, 'analyse.onnx': {} } })
  forge(made)
  for (const file of Object.keys(made.files)) {
    const bytes = readFileSync(join(dir, file))
    made.files[file] = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
  }
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify(made))
  return dir
}

/** One whose tags, means of symbols, are all there all the time. */
export const seeingAllBundle = (dir: string): string =>
  analysingBundle(dir, ({ analyse }) => {
    for (const limits of Object.values(analyse!.tags.thresholds)) Object.assign(limits, { enter: 0.001, leave: 0.0005 })
  })
