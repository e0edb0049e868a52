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
