/** onnxruntime-web's WebAssembly, which a browser fetches from the viewing server, is read from its package here. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { env } from 'onnxruntime-web/wasm'

export function readWasm(): void {
  const file = createRequire(import.meta.url).resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm')
  env.wasm.wasmBinary = new Uint8Array(readFileSync(file)).buffer
}
