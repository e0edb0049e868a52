/**
 * The coding thread: symbols come straight from the inference thread, payloads go to the main thread. So networks never wait for the
 * entropy coder, which takes a tenth of their time.
 */
import { getPriority, setPriority } from 'node:os'
import { platform } from 'node:process'
import { parentPort, workerData } from 'node:worker_threads'
import { CodecError } from '../../codec/index.js'
import { codingOf } from '../../contract/coding.js'
import { messageOf } from '../errors.js'
import { keepHeapSmall, SYMBOLS_MS } from '../heap.js'
import { Encoders } from './encoders.js'
import type { CoderSetup, FromCoder, HowToCode, Uncoded } from './messages.js'

const { uncoded } = workerData as CoderSetup
const send = (message: FromCoder) => parentPort!.postMessage(message)

keepHeapSmall(SYMBOLS_MS)
yieldToNetworks()
// It ends when the inference thread closes its end of the port, or is gone.
uncoded.once('message', ({ stride, ...bundle }: HowToCode) => {
  const encoders = begin(bundle, stride)
  if (!encoders) return
  uncoded.on('message', ({ job, cam, profile, symbols, key, ...size }: Uncoded) => {
    const started = performance.now()
    try {
      const coded = encoders.encode(cam, profile, size, symbols, key)
      send({ type: 'coded', job, coded, ms: performance.now() - started })
    } catch (error) {
      send({ type: 'job-failed', job, message: messageOf(error) })
    }
  })
  send({ type: 'ready' })
})

/** It codes in the gaps that the networks leave on the cores: where they have to wait for it, all of their threads wait. */
function yieldToNetworks(): void {
  if (platform !== 'linux') return // elsewhere it would be the whole process
  try {
    setPriority(0, Math.min(19, getPriority(0) + 10))
  } catch {
    // Where that is forbidden, they wait.
  }
}

function begin(bundle: Pick<HowToCode, 'entropy' | 'context'>, stride: number): Encoders | undefined {
  try {
    return new Encoders(codingOf(bundle), stride)
  } catch (error) {
    send({ type: 'failed', message: messageOf(error), bundle: error instanceof CodecError })
    return undefined
  }
}
