/** What the kernel says of a process (proc(5), /proc/pid/stat). */
import { readFileSync } from 'node:fs'

/** The fields behind the process's name, which may hold anything: the first is its state, field 3 of the manual. Empty where there is no such process. */
export function statOf(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}

/** Linux tells processor time in hundredths of a second, on every machine that Node runs on. */
const TICK_MS = 10

/** Its utime and stime. */
export function cpuMsOf(pid: number | undefined): number | undefined {
  const [user, system] = pid === undefined ? [] : statOf(pid).slice(11, 13)
  return system === undefined ? undefined : (Number(user) + Number(system)) * TICK_MS
}
