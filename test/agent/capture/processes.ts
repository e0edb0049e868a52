import { execFileSync } from 'node:child_process'

/** The ffmpeg processes that this one has started and that still run, the library's questions for its version aside. */
export const ffmpegs = (): { pid: number; args: string }[] =>
  execFileSync('ps', ['--ppid', String(process.pid), '-o', 'pid=,stat=,args='])
    .toString()
    .split('\n')
    .map((line) => /^\s*(\d+)\s+([^Z]\S*)\s+((?:\S*\/)?ffmpeg .*rawvideo.*)$/.exec(line))
    .flatMap((found) => (found ? [{ pid: Number(found[1]), args: found[3]! }] : []))
