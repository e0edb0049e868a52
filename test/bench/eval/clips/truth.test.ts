import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkRate, readTruths } from './truth.js'

const frame = (i: number) => ({
  t: i / 2,
  frame: i * 5,
  ...{ person: true, car: false, two_wheeler: false, large_vehicle: false, animal: false },
})

function folder(t: Test, truth: unknown, clip = 'yard.mp4'): string {
  const dir = t.testdir({ clips: {}, truths: {} })
  writeFileSync(join(dir, 'truths', 'yard.json'), typeof truth === 'string' ? truth : JSON.stringify(truth))
  writeFileSync(join(dir, clip === 'yard.mp4' ? 'clips' : 'truths', clip), '')
  return join(dir, 'truths')
}

t.test('a truth file, its clip in the neighbouring folder, and what is left out', (t) => {
  const [truth] = readTruths(
    folder(t, { clip: 'yard.mp4', fps_truth: 2, frames: [frame(0), frame(1)], made: 'by eye' }),
  )
  t.match(truth, { name: 'yard', rate: 2, fps: 10, frames: [{ person: true, small: [], unsure: [] }, {}] })
  t.equal(truth!.frames[0]!.medium, undefined, 'which is not the same as none')
  t.match(truth!.path, /clips\/yard\.mp4$/)
  t.end()
})

t.test('what is wrong with one is said with its name', (t) => {
  const refused = (truth: unknown, message: RegExp) => t.throws(() => readTruths(folder(t, truth)), { message })
  const good = { clip: 'yard.mp4', fps_truth: 2, frames: [frame(0), frame(1)] }
  refused('{', /yard\.json: not JSON/)
  refused({ ...good, clip: 'street.mp4' }, /yard\.json: its clip street\.mp4 is neither in .*truths nor in .*clips/)
  refused({ ...good, frames: [frame(0), { ...frame(1), car: 'yes' }] }, /yard\.json: frames\.1\.car: .*boolean/)
  refused({ ...good, frames: [frame(0), { ...frame(1), unsure: ['persn'] }] }, /yard\.json: frames\.1\.unsure\.0: /)
  refused({ ...good, frames: [frame(1), frame(0)] }, /yard\.json: frames\.1: t 0, frame 0 do not come after t 0\.5/)
  refused({ ...good, fps_truth: 4 }, /yard\.json: fps_truth is 4, and its entries are 0\.50 s apart: write 2 there/)
  const of = { file: 'yard.json', path: 'yard.mp4', fps: 12 }
  t.throws(() => checkRate(of, 24), {
    message: /yard\.json: its t and frame go by 12\.0 frames\/s, and yard\.mp4 has 24\.0/,
  })
  for (const fps of [12, 12.5, undefined]) t.doesNotThrow(() => checkRate(of, fps))
  t.throws(() => readTruths(t.testdir({})), /no truth files/)
  t.throws(() => readTruths('/not/there'), /--clips \/not\/there: cannot be read \(ENOENT\); name a folder/)
  t.end()
})
