/** Asks what a camera watches for, and where. */
import { name as namePattern } from '../config/kinds.js'
import type { Box } from './box.js'
import type { CameraDraft } from './draft.js'
import { nameFrom } from './names.js'
import type { Asker } from './prompt.js'
import { type Corner, PRESETS, readZone } from './zones.js'

type Zone = { readonly name: string; readonly polygon: readonly Corner[] }
type Watched = Pick<CameraDraft, 'zones' | 'events'>

export async function askWatch(ask: Asker, box: Box, camera: CameraDraft): Promise<Watched> {
  const { classes } = box
  if (classes.length === 0) return {}
  const usual = classes.filter(({ watch }) => watch).map(({ id }) => id)
  const choices = classes.map(({ id, label }) => ({ value: id, label }))
  const chosen = await ask.several('What should be told when it comes and goes?', choices, usual)
  const zones = chosen.length > 0 ? await askZones(ask, box, camera) : []
  if (zones.length > 0)
    return { zones, events: zones.flatMap(({ name }) => chosen.map((id) => ({ class: id, zone: name }))) }
  return chosen.join() === usual.join() ? {} : { events: chosen.map((id) => ({ class: id })) }
}

async function askZones(ask: Asker, box: Box, camera: CameraDraft): Promise<Zone[]> {
  const zones: Zone[] = []
  for (;;) {
    const none = zones.length === 0 ? 'anywhere in the picture' : 'no more zones'
    const presets = PRESETS.filter((preset) => zones.every(({ name }) => name !== preset.name))
    const choice = await ask.choose(zones.length === 0 ? 'Where?' : 'Where else?', [
      { value: 'done', label: none },
      ...presets.map(({ name, label }) => ({ value: name as string, label })),
      { value: 'own', label: 'corners of your own, in percent' },
    ])
    if (choice === 'done') return zones
    const preset = PRESETS.find(({ name }) => name === choice)
    zones.push(preset ? { name: preset.name, polygon: preset.polygon } : await askOwn(ask, box, camera, zones))
  }
}

async function askOwn(ask: Asker, box: Box, camera: CameraDraft, zones: readonly Zone[]): Promise<Zone> {
  const taken = zones.map(({ name }) => name)
  const corners = await ask.text(
    'Left, top, right and bottom in percent (10 40 60 100), or corners (10,40 60,40 60,100)',
    {
      wrong: (text) => {
        const polygon = readZone(text)
        if (typeof polygon === 'string') return polygon
        return box.faultOf({ cameras: [{ ...camera, zones: [{ name: 'zone', polygon }] }] })
      },
    },
  )
  const name = await ask.text('Its name', {
    initial: nameFrom('zone', taken, 'zone'),
    wrong: (text) =>
      taken.includes(text)
        ? 'another zone has this name'
        : namePattern().safeParse(text).success
          ? undefined
          : 'use 1 to 64 of a-z 0-9 _ -',
  })
  return { name, polygon: readZone(corners) as Corner[] }
}
