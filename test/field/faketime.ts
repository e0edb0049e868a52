/** A wall clock that can be moved while the agent runs (libfaketime). The monotonic clock stays as it is. */
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NotRun } from './scenario.js'

export class FakeClock {
  private constructor(
    private readonly file: string,
    private readonly library: string,
  ) {}

  /** @throws {NotRun} without libfaketime */
  static make(dir: string, offsetSeconds = 0): FakeClock {
    const clock = new FakeClock(join(dir, `clock-${Math.random().toString(36).slice(2)}`), findLibrary())
    clock.set(offsetSeconds)
    return clock
  }

  /** How far from the real time, seconds; the next look at the clock sees it. */
  set(offsetSeconds: number): void {
    // Renamed into place: a look at the clock must not find half a line.
    writeFileSync(`${this.file}.new`, `${offsetSeconds < 0 ? '' : '+'}${offsetSeconds}\n`, { mode: 0o644 })
    renameSync(`${this.file}.new`, this.file)
  }

  /** Sets it so that it shows this time now. */
  show(when: Date | string): void {
    this.set(Math.round((new Date(when).getTime() - Date.now()) / 1000))
  }

  get env(): NodeJS.ProcessEnv {
    return {
      LD_PRELOAD: this.library,
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_NO_CACHE: '1',
    }
  }
}

function findLibrary(): string {
  for (const lib of ['/usr/lib', '/usr/lib64', '/usr/local/lib']) {
    if (!existsSync(lib)) continue
    for (const dir of [lib, ...readdirSync(lib).map((name) => join(lib, name))]) {
      const file = join(dir, 'faketime', 'libfaketimeMT.so.1')
      if (existsSync(file)) return file
    }
  }
  throw new NotRun('libfaketime is not here: apt-get install faketime')
}
