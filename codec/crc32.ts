/** CRC-32 as in zlib, PNG and Ethernet: reflected polynomial, all ones in, complemented out. */

const POLYNOMIAL = 0xedb88320

const table = new Uint32Array(256)
for (let byte = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  table[byte] = crc
}

/** CRC of bytes[start, end), continuing from `crc`: crc32(b, 0, n) is crc32(b, k, n, crc32(b, 0, k)). */
export function crc32(bytes: Uint8Array, start = 0, end = bytes.length, crc = 0): number {
  let register = ~crc
  for (let i = start; i < end; i++) register = (register >>> 8) ^ table[(register ^ bytes[i]) & 0xff]
  return ~register >>> 0
}
