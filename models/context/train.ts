/**
 * Trains a bundle's context model: codes the training symbols and stores what the coder has learnt.
 *
 *     npm run build && node dist/models/context/train.js --symbols DIR --bundle models/bundles/lean-1
 *
 * DIR is what symbols.py wrote. The bundle gets context.bin and the manifest an entry for it. In order:
 *   1. linear guesses by least squares (float64 here; the coder gets integers)
 *   2. counters: stills and scenes coded one after another without ever starting again
 *   3. weights: material that step 2 has not seen, every frame or scene begun from the counters as they will be stored
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ContextCoder } from '../../codec/context.js'
import { type Beginning, type ContextModel, type ContextProfile, readContextModel } from '../../codec/model.js'
import {
  ACTIVITIES,
  firstWeight,
  INPUTS,
  NEW_COUNTER,
  NODES,
  POSITIONS,
  type Predictor,
  TABLE_BITS,
} from '../../codec/predictor.js'
import { openBundle } from '../../contract/bundle.js'
import { fitLinear } from './least-squares.js'
import { type Material, readMaterial } from './material.js'
import { packContextModel } from './pack.js'

/** Of the material, this part is for step 3. */
const HELD_BACK = 4
const LEARNING_RATE = 6

const { values } = parseArgs({
  options: {
    symbols: { type: 'string' },
    bundle: { type: 'string', default: 'models/bundles/lean-1' },
    // For experiments: code every n-th still and scene only.
    thin: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
})
if (!values.symbols) throw new Error('context: --symbols DIR is missing; python models/symbols.py writes it')

const bundle = openBundle(values.bundle)
const { channels, levels } = bundle.manifest.latent
const material = readMaterial(values.symbols, channels, Number(values.thin))
const usual = Uint8Array.from(bundle.entropy.freqs, (row) => row.indexOf(Math.max(...row)))
// A channel whose other symbols have the least frequency the table can hold never changes.
const isSource = Uint8Array.from(bundle.entropy.freqs, (row) =>
  row.filter((f) => f === 1).length === levels - 1 ? 0 : 1,
)

const empty = (inputs: number): Beginning => ({
  counters: new Int32Array(inputs << TABLE_BITS).fill(NEW_COUNTER),
  byActivity: new Int32Array((channels + 1) * NODES * ACTIVITIES * inputs).fill(firstWeight(inputs)),
  byPosition: new Int32Array(NODES * POSITIONS * inputs).fill(firstWeight(inputs)),
})
const both = (inputs: number) => ({ key: empty(inputs), predicted: empty(inputs) })
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const started = performance.now()
const say = (what: string) =>
  console.error(`${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${what}`)

let model: ContextModel = {
  channels,
  levels,
  usual,
  isSource,
  linear: fitLinear(material, channels, usual, isSource),
  fast: both(INPUTS.fast),
  max: both(INPUTS.max),
}
say('linear guesses fitted')

const coders = new Map<string, ContextCoder>()
function coder(profile: ContextProfile, { height, width }: Material): ContextCoder {
  const name = `${profile} ${height} ${width}`
  const old = coders.get(name)
  if (old?.model === model) return old
  const made = new ContextCoder(model, profile, height, width)
  made.predictor.learningRate = LEARNING_RATE
  coders.set(name, made)
  return made
}

/** What a predictor has learnt becomes where the next one begins. */
function keep(from: Predictor, to: Beginning, counters: boolean): void {
  if (counters) to.counters.set(from.counters)
  to.byActivity.set(from.byActivity)
  to.byPosition.set(from.byPosition)
}

function learn(profile: ContextProfile, counters: boolean): void {
  let bytes = 0
  material.forEach((part, i) => {
    if ((i % HELD_BACK === 0) === counters) return
    const it = coder(profile, part)
    part.frames.forEach((frame, position) => {
      bytes += it.encode(frame, position === 0).length
      if (position === 0) keep(it.predictor, model[profile].key, counters)
      else if (position === part.frames.length - 1) keep(it.predictor, model[profile].predicted, counters)
    })
  })
  say(`${profile}: ${counters ? 'counters' : 'weights'} from ${bytes} bytes`)
}

learn('max', true)
learn('fast', true)
// From here on with the counters as a reader of the file will see them.
model = readContextModel(packContextModel(model))
learn('max', false)
learn('fast', false)

const file = packContextModel(model)
readContextModel(file)
if (values.out) writeFileSync(values.out, file)
else {
  writeFileSync(join(values.bundle, 'context.bin'), file)
  const path = join(values.bundle, 'manifest.json')
  const before = readFileSync(path)
  const manifest = JSON.parse(before.toString('utf8'))
  // A bundle that was released without a context model has streams that name its old manifest.
  if (!manifest.files['context.bin']) manifest.replaces = [...(manifest.replaces ?? []), sha256(before)]
  manifest.files['context.bin'] = { bytes: file.length, sha256: sha256(file) }
  writeFileSync(path, `${JSON.stringify(manifest, null, 1)}\n`)
}
say(`${file.length} bytes written`)
