import { Writable } from 'node:stream'
import t from 'tap'
import { LiveReader, line } from '../../../../client/view/api/live.js'
import { cameraView, frameResult, storedEvent } from '../memory.js'

/** Takes nothing until it is told to. */
class Slow extends Writable {
  text = ''
  private go: (() => void) | undefined
  open = false
  constructor() {
    super({ decodeStrings: false, highWaterMark: 1 })
  }
  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.text += chunk
    if (this.open) done()
    else this.go = done
  }
  release(): void {
    this.open = true
    this.go?.()
  }
}

t.test('messages as a browser reads them', async (t) => {
  t.equal(
    line({ kind: 'bits', dev: 'a', cam: 'b', records: Uint8Array.of(1, 2) }),
    'event: bits\ndata: {"dev":"a","cam":"b","records":"AQI="}\n\n',
  )
  t.match(line({ kind: 'event', event: storedEvent('x') }), /^event: event\ndata: \{"event":\{.*\}\}\n\n$/)
})

t.test('a slow reader is never waited for: what it cannot take is left out, states are made good', async (t) => {
  const out = new Slow()
  const reader = new LiveReader(out)
  const seg = { w: 1, h: 1, classes: [], mask: { enc: 'rle' as const, data: Array.from({ length: 10_000 }, () => 1) } }
  for (let seq = 0; seq < 200; seq++) reader.hear({ kind: 'result', result: frameResult(seq, { seg }) })
  reader.hear({ kind: 'camera', camera: cameraView({ state: 'stalled' }) })
  reader.hear({ kind: 'camera', camera: cameraView({ state: 'online', reason: 'the last word' }) })
  t.ok(out.writableLength < 1_100_000, `${out.writableLength} bytes wait`)
  t.ok(reader.dropped > 100)
  out.release()
  await new Promise((resolve) => setImmediate(resolve))
  t.match(out.text, /the last word/)
  t.notMatch(out.text, /stalled/)
  t.match(out.text, /event: dropped/)
  t.equal(reader.dropped, 0)
  reader.end()
})
