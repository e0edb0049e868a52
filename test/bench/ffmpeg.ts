/** ffmpeg as the benchmarks run it. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** @returns seconds of processor time, as ffmpeg says itself (-benchmark) */
export async function cpuSecondsOf(args: readonly string[]): Promise<number> {
  const options = ['-hide_banner', '-nostdin', '-nostats', '-y', '-benchmark']
  const { stderr } = await promisify(execFile)('ffmpeg', [...options, ...args])
  const [, user, system] = /utime=([\d.]+)s stime=([\d.]+)s/.exec(stderr) ?? []
  if (!user) throw new Error(`ffmpeg -benchmark said nothing of its time: ${stderr}`)
  return Number(user) + Number(system)
}
