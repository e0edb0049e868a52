/** How warm the hottest part is, and how far from where it is slowed down. */
import type { Check, Machine } from './machine.js'

const ZONES = '/sys/class/thermal'
/** Where a zone names no such point: NVIDIA's limit for long work on Orin, by a few degrees. */
const USUAL_LIMIT = 85
const NEAR = 10
/** Others are sensors that are off, or say nonsense. */
const LEAST = -40
const MOST = 150

export function temperature(machine: Machine): Check {
  const name = 'temperature'
  const zones = machine
    .list(ZONES)
    .filter((zone) => zone.startsWith('thermal_zone'))
    .flatMap((zone) => {
      const said = machine.read(`${ZONES}/${zone}/temp`) // one that is off cannot be read
      const celsius = said ? Number(said) / 1000 : Number.NaN
      if (!(celsius > LEAST && celsius < MOST && celsius !== 0)) return []
      const type = machine.read(`${ZONES}/${zone}/type`) ?? zone
      return [{ type, celsius, limit: slowedAt(machine, `${ZONES}/${zone}`) }]
    })
  const hottest = zones.sort((a, b) => b.celsius - b.limit - (a.celsius - a.limit))[0]
  if (!hottest) return { name, ok: true, text: 'no sensor says anything' }
  const { type, celsius, limit } = hottest
  const text = `${Math.round(celsius)} °C at ${type}, slowed down from ${Math.round(limit)} °C on`
  const advice = 'give it air, or less work: fewer frames a second, a smaller picture'
  if (celsius >= limit) return { name, ok: false, text: `${text}: it is slowed down now; ${advice}` }
  return { name, ok: true, text: celsius >= limit - NEAR ? `${text}: close to it; ${advice}` : text }
}

/** The lowest of the zone's trip points at which something is slowed down; fans have `active` ones. */
function slowedAt(machine: Machine, zone: string): number {
  const points = machine
    .list(zone)
    .filter((file) => /^trip_point_\d+_type$/.test(file))
    .filter((file) => /^(passive|hot)$/.test(machine.read(`${zone}/${file}`) ?? ''))
    .map((file) => Number(machine.read(`${zone}/${file.replace(/type$/, 'temp')}`)) / 1000)
    .filter((celsius) => celsius > 40 && celsius < MOST)
  return Math.min(...points, ...(points.length > 0 ? [] : [USUAL_LIMIT]))
}
