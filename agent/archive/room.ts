/** Whether a partition can hold what the limits ask for, and what lies on it that nobody needs any more. */
import { existsSync, statfsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { ArchiveLimits } from './archive.js'
import { damagedFiles } from './aside.js'
import { readNote } from './salvage.js'

export interface Unmet {
  /** What is left free instead: evicting everything would not meet it. */
  readonly minFreeBytes?: number
  readonly text: string
}

const mb = (bytes: number) => Math.floor(bytes / 1e6)

/** Limits that this partition cannot meet, each with what to do. */
export function unmetLimits(limits: Pick<ArchiveLimits, 'maxBytes' | 'minFreeBytes'>, stateDir: string): Unmet[] {
  const total = partitionBytes(stateDir)
  if (total === undefined) return []
  if (limits.minFreeBytes >= total)
    return [
      {
        minFreeBytes: total / 10,
        text: `archive.minFreeMegabytes ${mb(limits.minFreeBytes)} cannot be met: the whole partition of ${stateDir} has ${mb(total)} MB; ${mb(total / 10)} is used until it is set to less`,
      },
    ]
  const room = total - limits.minFreeBytes
  if (limits.maxBytes <= room) return []
  return [
    {
      text: `archive.maxMegabytes ${mb(limits.maxBytes)} is never reached: the partition of ${stateDir} has ${mb(total)} MB, of which minFreeMegabytes leaves ${mb(room)}; that is the limit`,
    },
  ]
}

/** Databases that were set aside, in words; a whole one was read as far as it can be. */
export function setAsideFiles(stateDir: string): string[] {
  return damagedFiles(stateDir).map((file) => {
    const { done, taken, passed, unreadable } = readNote(file)
    const size = `${mb(statSync(file, { throwIfNoEntry: false })?.size ?? 0)} MB`
    return done
      ? `${file} (${size}): damaged, ${taken + passed} frames taken over, ${unreadable} could not be read; it can be removed`
      : `${file} (${size}): damaged, the agent is taking over what can be read; leave it there`
  })
}

function partitionBytes(stateDir: string): number | undefined {
  let dir = resolve(stateDir)
  while (!existsSync(dir)) dir = dirname(dir)
  try {
    const { blocks, bsize } = statfsSync(dir)
    return blocks * bsize || undefined
  } catch {
    return undefined
  }
}
