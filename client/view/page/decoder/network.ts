/** The adapter around onnxruntime-web: the decoder network, from symbols to a picture, on the processor. */
import { env, InferenceSession, Tensor } from 'onnxruntime-web/wasm'
import type { Painted } from './protocol.js'

// Its WebAssembly comes from our own server; one thread: with two (which need COEP, too) a picture took longer on two cores.
env.wasm.wasmPaths = { wasm: new URL('ort-wasm-simd-threaded.wasm', import.meta.url).href }
env.wasm.numThreads = 1
env.logLevel = 'error'

export class Network {
  private constructor(private readonly session: InferenceSession) {}

  static async open(onnx: Uint8Array): Promise<Network> {
    return new Network(await InferenceSession.create(onnx, { executionProviders: ['wasm'], logSeverityLevel: 3 }))
  }

  /** `dims`: [1, channels, height/stride, width/stride] */
  async paint(symbols: Uint8Array, dims: readonly number[], width: number, height: number): Promise<Painted> {
    const { frame } = await this.session.run({ symbols: new Tensor('uint8', symbols, [...dims]) }, ['frame'])
    const rgb = frame.data as Uint8Array
    if (frame.type !== 'uint8' || rgb.length !== width * height * 3)
      throw new Error(`the decoder network made ${frame.type} [${frame.dims}], expected uint8 of ${width}x${height}`)
    const rgba = new Uint8ClampedArray(width * height * 4)
    for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
      rgba[to] = rgb[from]
      rgba[to + 1] = rgb[from + 1]
      rgba[to + 2] = rgb[from + 2]
      rgba[to + 3] = 255
    }
    return { width, height, rgba }
  }
}
