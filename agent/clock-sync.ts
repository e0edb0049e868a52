/** Whether the kernel's clock is synchronised, by whatever daemon does that here (timesyncd, chrony, ntpd). */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'

/** unknown: nobody here can say, as in most containers. */
export type Sync = 'yes' | 'no' | 'unknown'

/** systemd-timesyncd makes it once it has set the clock. */
const MARK = '/run/systemd/timesync/synchronized'

/** Asks systemd, which looks at the kernel's own flag: setting the clock by hand clears that. */
export async function kernelSync(): Promise<Sync> {
  const name = 'org.freedesktop.timedate1'
  const question = ['get-property', name, '/org/freedesktop/timedate1', name, 'NTPSynchronized']
  try {
    const { stdout } = await promisify(execFile)('busctl', question, { timeout: 5000 })
    return stdout.includes('true') ? 'yes' : stdout.includes('false') ? 'no' : 'unknown'
  } catch {
    return existsSync(MARK) ? 'yes' : 'unknown'
  }
}

/** One start of the system, through which its monotonic clock goes on. */
export function systemBoot(): string | undefined {
  return readText('/proc/sys/kernel/random/boot_id')?.trim()
}

/** Since the system started, suspended time included; undefined where it cannot be read. */
export function uptimeMs(): number | undefined {
  const seconds = Number(readText('/proc/uptime')?.split(' ')[0])
  return Number.isFinite(seconds) ? seconds * 1000 : undefined
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
