/** The video devices of this box: their names from sysfs, what they send from ffmpeg. Only those that give pictures. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface DeviceFormat {
  /** As `inputFormat` takes it. */
  readonly format: string
  readonly sizes: readonly string[]
}

export interface Device {
  /** /dev/video0 */
  readonly path: string
  readonly name: string
  readonly formats: readonly DeviceFormat[]
  /** Where ffmpeg cannot make a picture of what it sends: what does. */
  readonly source?: string
}

/** Says what `ffmpeg -list_formats` says of a device; it ends as a failure all the same. */
export type ListFormats = (path: string) => Promise<string>

/** @param sys where sysfs is */
export async function findDevices(listFormats: ListFormats = askFfmpeg, sys = '/sys'): Promise<Device[]> {
  const dir = join(sys, 'class', 'video4linux')
  const names = list(dir)
    .filter((name) => /^video\d+$/.test(name))
    .sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)))
  // Of a Jetson: raw pictures of a sensor on CSI, whose order is theirs.
  const cameras = names.filter((name) => read(join(dir, name, 'name')).startsWith('vi-output'))
  const found = names.map(async (name): Promise<Device> => {
    const path = `/dev/${name}`
    const called = read(join(dir, name, 'name')) || name
    const csi = cameras.indexOf(name)
    if (csi >= 0)
      return { path, name: called, formats: [], source: `gst:nvarguscamerasrc sensor-id=${csi} ! nvvidconv` }
    return { path, name: called, formats: formatsIn(await listFormats(path)) }
  })
  // A camera has a second device for its metadata, and a codec or scaler of the processor one that takes pictures.
  return (await Promise.all(found)).filter(({ formats, source }) => source ?? formats.length > 0)
}

/** "[video4linux2,v4l2 @ 0x5f] Compressed:       mjpeg :          Motion-JPEG : 1280x720 640x480" */
export function formatsIn(text: string): DeviceFormat[] {
  return [...text.matchAll(/(?:Raw|Compressed) *: *([a-z0-9_]+) *:[^:\n]*:(.*)/g)].map(
    ([, format = '', sizes = '']) => ({
      format,
      sizes: sizes.match(/\b[1-9]\d+x[1-9]\d+\b/g) ?? [],
    }),
  )
}

const LOOK_MS = 10_000

async function askFfmpeg(path: string): Promise<string> {
  const args = ['-hide_banner', '-f', 'v4l2', '-list_formats', 'all', '-i', path]
  try {
    return (await promisify(execFile)('ffmpeg', args, { timeout: LOOK_MS })).stderr
  } catch (error) {
    return String((error as { stderr?: unknown }).stderr ?? '')
  }
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}
