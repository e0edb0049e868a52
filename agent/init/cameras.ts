/** Asks for cameras: what they are, whether something comes, what they are called, how they are looked at. */
import { basename, extname } from 'node:path'
import { isAddress, shownSource } from '../address.js'
import { name as namePattern } from '../config/kinds.js'
import { isPipeline } from '../config/pipeline.js'
import type { Box, Device, Found } from './box.js'
import { type CameraDraft, type Draft, type Login, wrongSecret } from './draft.js'
import { nameFrom } from './names.js'
import type { Asker } from './prompt.js'
import { sizesFor, USUAL } from './sizes.js'
import { readSource, type Typed } from './source.js'
import { askWatch } from './watch.js'

export type Source = Typed & Pick<CameraDraft, 'inputFormat' | 'inputSize'> & { readonly called?: string }
type Stream = Extract<Found, { ok: true }>['stream']

const MOST_FPS = 10

/** At least one. */
export async function askCameras(ask: Asker, box: Box, draft: Draft, given: readonly Source[]): Promise<CameraDraft[]> {
  const cameras: CameraDraft[] = []
  const devices = await box.devices()
  if (devices.length === 0) ask.say('No video devices (/dev/video*) were found on this box.')
  for (const source of given) cameras.push(...(await askCamera(ask, box, draft, cameras, source)))
  while (cameras.length === 0 || (await ask.confirm('Another camera?', false))) {
    const source = await askSource(ask, devices, cameras)
    cameras.push(...(await askCamera(ask, box, draft, cameras, source)))
  }
  return cameras
}

async function askSource(ask: Asker, devices: readonly Device[], taken: readonly CameraDraft[]): Promise<Source> {
  const free = devices.filter((device) => taken.every(({ source }) => source !== sourceOf(device)))
  const choices = [
    ...free.map((device) => ({ value: device as Device | undefined, label: `${device.path}  ${device.name}` })),
    { value: undefined, label: 'an address or a file', hint: 'rtsp://…, http://…, a video' },
  ]
  const device = free.length > 0 ? await ask.choose('Which camera?', choices) : undefined
  if (device) return { source: sourceOf(device), called: device.name, ...(await askFormat(ask, device)) }
  const typed = await ask.text('Its address (rtsp://host/path), or the path of a device or video file', {
    wrong: (text) => wrongOf(readSource(text)),
    shown: (text) => shownSource(text),
  })
  return readSource(typed) as Typed
}

async function askFormat(ask: Asker, { formats }: Device): Promise<Pick<Source, 'inputFormat' | 'inputSize'>> {
  const choices = formats.flatMap(({ format, sizes }) =>
    sizes.map((size) => ({ value: { inputFormat: format, inputSize: size }, label: `${format} ${size}` })),
  )
  const preferred = { value: {}, label: 'what it sends by itself' }
  return choices.length > 1 ? ask.choose('What should it send?', [preferred, ...choices]) : {}
}

/** None if it is left out. */
async function askCamera(
  ask: Asker,
  box: Box,
  draft: Draft,
  cameras: readonly CameraDraft[],
  first: Source,
): Promise<CameraDraft[]> {
  const looked = await look(ask, box, first)
  if (!looked) return []
  const { source, stream } = looked
  const { called, ...keys } = source
  const id = await askName(ask, cameras, called ?? calledBy(source.source))
  const { width, height } = await askSize(ask, box, stream)
  const fps = await askFps(ask, stream?.fps)
  const camera: CameraDraft = { id, ...keys, width, height, fps }
  const watched = { ...camera, ...(await askWatch(ask, box, camera)) }
  const fault = box.faultOf({ ...draft, cameras: [...cameras, watched] })
  if (fault === undefined) return [watched]
  ask.warn(`This cannot be used: ${fault}`)
  return []
}

/** Until something comes, or the answer is to take it as it is. */
async function look(ask: Asker, box: Box, first: Source): Promise<{ source: Source; stream: Stream } | undefined> {
  let source = first
  for (;;) {
    ask.say(`Looking at ${shownSource(source.source)} …`)
    const found = await box.probe(source)
    if (found.ok) {
      ask.say(found.stream ? said(found.stream) : 'Pictures come.')
      return { source, stream: found.stream }
    }
    ask.warn(found.reason)
    const choices = [
      ...(found.login ? [{ value: 'login' as const, label: 'write user name and password' }] : []),
      { value: 'again' as const, label: 'try again' },
      { value: 'other' as const, label: 'write another address' },
      { value: 'keep' as const, label: 'take it as it is', hint: 'it may be there later' },
      { value: 'leave' as const, label: 'leave this camera out' },
    ]
    const next = await ask.choose('What now?', choices)
    if (next === 'keep') return { source, stream: undefined }
    if (next === 'leave') return undefined
    if (next === 'login') source = { ...source, ...(await askLogin(ask, source.username)) }
    if (next === 'other') source = await askSource(ask, [], [])
  }
}

export async function askLogin(ask: Asker, known?: string): Promise<Login> {
  const username = await ask.text('User name', {
    ...(known !== undefined && { initial: known }),
    wrong: (text) => (text.trim() === '' ? 'write the name that the camera or broker knows' : undefined),
  })
  const password = await ask.secret('Password', wrongSecret)
  return { username: username.trim(), password }
}

/** What comes, and what is dear about it. */
export function said({ codec, width, height, fps }: NonNullable<Stream>): string {
  const kind = ({ h264: 'H.264', hevc: 'H.265' } as Record<string, string>)[codec] ?? codec
  const what = `Pictures come: ${kind}, ${width}x${height}${fps ? `, ${fps} frames/s` : ''}.`
  const hints = [
    ...(codec === 'hevc' ? ['H.265 takes half as much work again to decode as H.264.'] : []),
    ...(width * height > 1280 * 720
      ? ["A camera's smaller sub-stream is plenty, and costs less to decode: docs/how-to/cameras.md."]
      : []),
  ]
  return [what, ...hints].join(' ')
}

async function askName(ask: Asker, cameras: readonly CameraDraft[], called: string): Promise<string> {
  const taken = cameras.map(({ id }) => id)
  return ask.text('Its name (in topics and archive)', {
    initial: nameFrom(called, taken, 'camera'),
    wrong: (text) =>
      taken.includes(text)
        ? 'another camera has this name'
        : namePattern().safeParse(text).success
          ? undefined
          : 'use 1 to 64 of a-z 0-9 _ -',
  })
}

/** A file is called by its name; an address says little but where it leads. */
function calledBy(source: string): string {
  return isPipeline(source) || isAddress(source) ? 'camera' : basename(source, extname(source))
}

async function askSize(ask: Asker, box: Box, stream: Stream) {
  const sizes = sizesFor(stream ?? USUAL, box.multiple)
  const hints = ['usual', 'half the work', 'sees smaller things, twice the work']
  const choices = sizes.map((size, i) => ({ value: size, label: `${size.width}x${size.height}`, hint: hints[i] ?? '' }))
  return ask.choose('Which size should the networks see?', choices)
}

async function askFps(ask: Asker, streamFps: number | undefined): Promise<number> {
  const text = await ask.text('Frames a second', {
    initial: String(usualFps(streamFps)),
    wrong: (text) =>
      /^\d+(\.\d+)?$/.test(text) && Number(text) >= 0.01 && Number(text) <= 120
        ? undefined
        : 'write a number from 0.01 to 120',
  })
  return Number(text)
}

export const usualFps = (streamFps = MOST_FPS): number => Math.min(MOST_FPS, Math.max(0.01, streamFps))

export const sourceOf = ({ path, source = path }: Device): string => source

/** What `--yes` makes of a source. */
export function usualCamera(box: Box, source: Source, cameras: readonly CameraDraft[], found: Found): CameraDraft {
  const stream = found.ok ? found.stream : undefined
  const { called, ...keys } = source
  const id = nameFrom(
    called ?? calledBy(source.source),
    cameras.map((camera) => camera.id),
    'camera',
  )
  const [size = USUAL] = sizesFor(stream ?? USUAL, box.multiple)
  return { id, ...keys, ...size, fps: usualFps(stream?.fps) }
}

const wrongOf = (read: unknown): string | undefined => (typeof read === 'string' ? read : undefined)
