/**
 * General-purpose compressors on the same symbols, one stream per material, which is more than they could have in service:
 * no random access, no first frame without history. Each gets the symbols packed three to a byte (6^3 = 216 values) and as
 * they are, one to a byte; the smaller counts.
 */
import { spawnSync } from 'node:child_process'
import { brotliCompressSync, constants } from 'node:zlib'

export interface GeneralResult {
  readonly name: string
  readonly bytes: number
  readonly packedBytes: number
  readonly plainBytes: number
}

export function general(symbols: readonly Uint8Array[], levels: number): GeneralResult[] {
  const plain = Buffer.concat(symbols)
  const packed = pack(plain, levels)
  return compressors.map(([name, compress]) => {
    const packedBytes = compress(packed)
    const plainBytes = compress(plain)
    return { name, bytes: Math.min(packedBytes, plainBytes), packedBytes, plainBytes }
  })
}

const compressors: readonly [string, (bytes: Uint8Array) => number][] = [
  // Node's zlib has zstd from version 22.15 on; the tool is the same code everywhere.
  ['zstd -19', (bytes) => tool('zstd', ['-19', '-q', '-c', '--single-thread'], bytes)],
  [
    'brotli -11',
    (bytes) =>
      brotliCompressSync(bytes, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: 11,
          [constants.BROTLI_PARAM_LGWIN]: 24,
          [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
        },
      }).length,
  ],
  ['xz -9e', (bytes) => tool('xz', ['-9e', '-q', '-c'], bytes)],
]

function tool(name: string, args: readonly string[], input: Uint8Array): number {
  const { status, stdout, stderr, error } = spawnSync(name, args, { input, maxBuffer: 2 ** 31 - 1 })
  if (error) throw new Error(`${name} cannot be run (${error.message}): apt-get install zstd xz-utils`)
  if (status !== 0) throw new Error(`${name}: ${stderr}`)
  return stdout.length
}

function pack(symbols: Uint8Array, levels: number): Uint8Array {
  const perByte = Math.floor(8 / Math.log2(levels))
  const packed = new Uint8Array(Math.ceil(symbols.length / perByte))
  for (let i = 0; i < packed.length; i++) {
    for (let k = perByte - 1; k >= 0; k--) packed[i] = packed[i] * levels + (symbols[i * perByte + k] ?? 0)
  }
  return packed
}
