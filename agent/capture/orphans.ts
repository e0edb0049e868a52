/**
 * No ffmpeg or GStreamer outlives its agent. Where the kernel could not be asked to end it (util-linux older than 2.33), one that waits
 * for a silent camera would stay for ever, so the next agent ends it. Children carry in their environment whose they are;
 * a process without that mark, or whose agent still runs, is nobody's to end.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { statOf } from './stat.js'

const MARK = 'BLINDSIGHT_AGENT'

/** What the unit gives the agent's allocator (systemd/blindsight.service), read at its start. ffmpeg, which frees and takes large blocks with each frame,
 * would spend half as much processor time again on giving them back. */
const OURS_ALONE = ['MALLOC_MMAP_THRESHOLD_', 'MALLOC_TRIM_THRESHOLD_']

/** From now on, processes that this one starts say whose they are. */
export function markChildren(): void {
  for (const name of OURS_ALONE) delete process.env[name]
  process.env[MARK] = `${process.pid}:${startOf(process.pid)}:${namespace()}`
}

/** Ends what agents that are gone have left. @returns their process numbers */
export function endOrphans(): number[] {
  const ended: number[] = []
  for (const name of list('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid) continue
    const mark = read(`/proc/${pid}/environ`)
      .split('\0')
      .find((variable) => variable.startsWith(`${MARK}=`))
    if (!mark || !/^(ffmpeg|gst-launch-1\.0)$/.test(read(`/proc/${pid}/comm`).trim())) continue
    const [owner = '', start, space] = mark.slice(MARK.length + 1).split(':')
    if (space !== namespace() || startOf(Number(owner)) === start) continue
    try {
      process.kill(pid, 'SIGKILL')
      ended.push(pid)
    } catch {} // it was quicker
  }
  return ended
}

/** Process numbers are used again; with the time of its start one names one process. */
function startOf(pid: number): string {
  const fields = statOf(pid)
  return fields[0] === 'Z' ? '' : (fields[19] ?? '')
}

/** In a container the same number is another process. */
function namespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')
  } catch {
    return ''
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
