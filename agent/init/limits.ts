/** Asks how much of the disk the archive may take, and for how long it is kept. */
import type { Box } from './box.js'
import type { CameraDraft, Draft } from './draft.js'
import type { Asker } from './prompt.js'
import { bytesPerDay, duration, gigabytes, lasts } from './storage.js'

export async function askLimits(ask: Asker, box: Box, cameras: readonly CameraDraft[]): Promise<Draft['archive']> {
  const usual = box.archive
  const free = box.freeBytes()
  const room = free === undefined ? '' : ` ${gigabytes(free)} are free in ${box.stateDir}.`
  ask.say(`What is seen is archived: ${lasts(usual.maxMegabytes, cameras)}; the oldest goes first.${room}`)
  const gb = await ask.text('Archive, in GB at most', {
    initial: String(Math.round(usual.maxMegabytes / 1000)),
    wrong: within(0.001, 1e6),
  })
  const maxMegabytes = Math.round(Number(gb) * 1000)
  const days = await ask.text('And in days at most', { initial: String(usual.maxDays), wrong: within(0.001, 36_500) })
  const maxDays = Number(days)
  const held = Math.min(maxDays, (maxMegabytes * 1e6) / bytesPerDay(cameras))
  ask.say(`That holds about ${duration(held)}.`)
  return { maxMegabytes, maxDays }
}

const within = (least: number, most: number) => (text: string) =>
  /^\d+(\.\d+)?$/.test(text) && Number(text) >= least && Number(text) <= most
    ? undefined
    : `write a number from ${least} to ${most}`
