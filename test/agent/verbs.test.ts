import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkConfig } from '../../agent/verbs.js'

async function said(t: Test, text: string): Promise<{ out: string; err: string; error?: Error }> {
  const config = join(t.testdir({ 'x.mp4': 'a video' }), 'box.yaml')
  writeFileSync(config, text)
  const out = t.capture(console, 'log')
  const err = t.capture(console, 'error')
  let error: Error | undefined
  await checkConfig({ config }).catch((thrown: Error) => {
    error = thrown
  })
  const lines = (calls: readonly { args: unknown[] }[]) => calls.map(({ args }) => args.join(' ')).join('\n')
  return { out: lines(out()), err: lines(err()), ...(error && { error }) }
}

t.test('a source that is not there now is said, and is no fault', async (t) => {
  const cameras = `cameras:
  - {id: gate, source: /dev/video97}
  - {id: yard, source: gone.mp4}
  - {id: hall, source: x.mp4}
  - {id: road, source: rtsp://camera.local/a}
  - {id: off, source: /dev/video98, enabled: false}
`
  const right = await said(t, cameras)
  t.match(right.out, /box\.yaml is right: .*gate 448x256/)
  t.match(
    right.err,
    /^warning: \S+box\.yaml:2: cameras\.0\.source: camera gate: \/dev\/video97: no such device; the box tries again until frames come\nwarning: \S+:3: cameras\.1\.source: camera yard: \S+gone\.mp4: no such file; .*$/,
  )
  t.equal(right.err.split('\n').length, 2, right.err)
  const wrong = await said(t, `${cameras}threads: many\n`)
  t.match(wrong, { err: /camera gate/, error: { exitCode: 78, message: /:7: threads/ } })
  t.equal(wrong.out, '')
})
