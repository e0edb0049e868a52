/** Whether a bundle's networks run in int8 here. */
import { readFileSync } from 'node:fs'
import type { Bundle } from '../../contract/bundle.js'
import { boxGraphPath } from '../../contract/bundle-graphs.js'

/** The path of the analyser in int8, if the bundle has it and this processor gains by it. @throws {BundleError} it is damaged */
export function int8Of(bundle: Bundle): string | undefined {
  return bundle.manifest.files['analyse.int8.onnx'] && multipliesBytes()
    ? boxGraphPath(bundle, 'analyse.int8')
    : undefined
}

/**
 * VNNI, in the kernels of AVX-512 or in those of AVX2: with it ONNX Runtime runs field-1's analyser in int8 in 0.36 of the time that it
 * takes in float on one thread, in about half on two. Without it, and on arm64, that was not measured, and int8 is not used.
 *
 * @param cpuinfo proc_cpuinfo(5)
 */
export function multipliesBytes(cpuinfo = read()): boolean {
  return /^flags\s*:.*\b(avx512_vnni|avx_vnni)\b/m.test(cpuinfo)
}

function read(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8')
  } catch {
    return ''
  }
}
