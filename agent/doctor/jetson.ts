/** A Jetson: what NVIDIA's part of it says, and what is missing, with the command that mends it. Silent on any other machine. */
import type { Check, Machine } from './machine.js'
import { temperature } from './temperature.js'

/** What of it the configuration and the installed ONNX Runtime have to do with. */
export interface Wishes {
  readonly providers: readonly string[]
  readonly offered: readonly string[]
}

/** By the release of Jetson Linux. */
const JETPACKS: Record<string, number> = { 32: 4, 34: 5, 35: 5, 36: 6, 38: 7, 39: 7 }
/** Of those, what is supported: the package needs glibc 2.34, which JetPack 5 has not. */
const OLDEST = 6

export async function jetson(machine: Machine, wishes: Wishes): Promise<Check[]> {
  const release = machine.read('/etc/nv_tegra_release')
  const board = machine.read('/proc/device-tree/model')
  if (release === undefined && !/nvidia.*jetson/i.test(board ?? '')) return []
  return [
    await jetpack(machine, release, board),
    await tensorrt(machine, wishes),
    await powerMode(machine),
    temperature(machine),
    await cameras(machine),
    await decoding(machine),
  ]
}

/** "# R36 (release), REVISION: 4.7, GCID: …" */
async function jetpack(machine: Machine, release: string | undefined, board = 'a Jetson'): Promise<Check> {
  const name = 'jetpack'
  const [, major, minor] = /R(\d+) \(release\), REVISION: ([\d.]+)/.exec(release ?? '') ?? []
  if (!major)
    return {
      name,
      ok: false,
      text: `${board}: /etc/nv_tegra_release says nothing of Jetson Linux; flash it with JetPack`,
    }
  const installed = await packageVersion(machine, 'nvidia-jetpack')
  const generation = JETPACKS[major]
  const what = installed
    ? `JetPack ${installed}`
    : generation
      ? `of JetPack ${generation}`
      : 'of a JetPack not known here'
  const text = `${board}, Jetson Linux ${major}.${minor}, ${what}`
  if (generation !== undefined && generation < OLDEST)
    return {
      name,
      ok: false,
      text: `${text}: too old, JetPack ${OLDEST} or newer is needed; flash it with NVIDIA's SDK Manager`,
    }
  if (installed) return { name, ok: true, text }
  return {
    name,
    ok: true,
    text: `${text}; its parts are installed one by one, or together: ${install('nvidia-jetpack')}`,
  }
}

async function tensorrt(machine: Machine, { providers, offered }: Wishes): Promise<Check> {
  const name = 'tensorrt'
  const versions = await Promise.all(['libnvinfer10', 'libnvinfer8'].map((library) => packageVersion(machine, library)))
  const version = versions.find(Boolean)
  const what = version ? `TensorRT ${version}` : `TensorRT is not installed`
  if (!providers.includes('tensorrt')) return { name, ok: true, text: `${what}; the configuration does not ask for it` }
  if (!version) return { name, ok: false, text: `${what}: ${install('tensorrt')}; or providers: [cpu]` }
  if (!offered.includes('tensorrt'))
    return {
      name,
      ok: false,
      text: `${what}, and an ONNX Runtime that offers ${offered.join(', ')} alone: make one with it by packaging/jetson/build-onnxruntime (docs/how-to/jetson.md); or providers: [cpu]`,
    }
  return { name, ok: true, text: `${what}, and ONNX Runtime offers it` }
}

/** "NV Power Mode: MODE_15W_6CORE", and its number on the next line. */
async function powerMode(machine: Machine): Promise<Check> {
  const name = 'power mode'
  const said = await machine.run('nvpmodel', ['-q'])
  const mode = /NV Power Mode: *(\S+)/.exec(said ?? '')?.[1]
  if (!mode) return { name, ok: true, text: 'not known: nvpmodel -q says nothing; try sudo nvpmodel -q' }
  const most = mostPower(machine.read('/etc/nvpmodel.conf') ?? '')
  if (!most || most.mode === mode) return { name, ok: true, text: mode }
  return { name, ok: true, text: `${mode}; more work in less time with ${most.mode}: sudo nvpmodel -m ${most.id}` }
}

/** MAXN has no limit; without it, the one with most watts in its name. */
function mostPower(conf: string): { mode: string; id: string } | undefined {
  const modes = [...conf.matchAll(/^< *POWER_MODEL +ID=(\d+) +NAME=(\S+) *>/gm)].map(([, id = '', mode = '']) => {
    const power = mode.startsWith('MAXN') ? 10_000 + mode.length : Number(/(\d+)W/.exec(mode)?.[1] ?? 0)
    return { id, mode, power }
  })
  return modes.sort((a, b) => b.power - a.power)[0]
}

/** A CSI camera's raw picture needs the board's image processor, which only nvarguscamerasrc gets at. */
async function cameras(machine: Machine): Promise<Check> {
  const name = 'camera devices'
  const found = machine.list('/sys/class/video4linux').filter((device) => /^video\d+$/.test(device))
  const called = (device: string) => machine.read(`/sys/class/video4linux/${device}/name`) ?? device
  const csi = found.filter((device) => called(device).startsWith('vi-output'))
  const names = found.map((device) => `/dev/${device} (${called(device)})`).join(', ')
  if (found.length === 0)
    return {
      name,
      ok: true,
      text: 'none; a CSI camera is chosen with sudo /opt/nvidia/jetson-io/jetson-io.py, and there after a restart',
    }
  if (csi.length === 0) return { name, ok: true, text: names }
  const how = `${names}; on CSI: source: "gst:nvarguscamerasrc sensor-id=0 ! nvvidconv" (docs/how-to/cameras.md)`
  if (!(await machine.run('gst-inspect-1.0', ['nvarguscamerasrc'])))
    return { name, ok: false, text: `${how}: nvarguscamerasrc is missing: ${install(GSTREAMER)}` }
  if ((await machine.run('systemctl', ['is-active', 'nvargus-daemon']))?.trim() !== 'active')
    return { name, ok: false, text: `${how}: nvargus-daemon does not run: sudo systemctl restart nvargus-daemon` }
  return { name, ...(await asService(machine, how)) }
}

const DROP_IN = 'sudo systemctl edit blindsight, and two lines, [Service] and PrivateTmp=no (docs/how-to/jetson.md)'

/** nvargus-daemon listens in /tmp, and the unit has a /tmp of its own: what this shell sees is not what the service does. */
async function asService(machine: Machine, how: string): Promise<Pick<Check, 'ok' | 'text'>> {
  const said = (await machine.run('systemctl', ['show', '-p', 'LoadState', '-p', 'PrivateTmp', 'blindsight'])) ?? ''
  if (!/^LoadState=loaded$/m.test(said)) return { ok: true, text: `${how}; as a service also: ${DROP_IN}` }
  if (/^PrivateTmp=no$/m.test(said)) return { ok: true, text: how }
  return { ok: false, text: `${how}: the service does not reach nvargus-daemon, whose socket is in /tmp: ${DROP_IN}` }
}

const GSTREAMER =
  'gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad nvidia-l4t-gstreamer'

/** NVDEC, the decoder in hardware. What NVIDIA adds to ffmpeg is a decoder of its own, which no `-hwaccel` switches on. */
async function decoding(machine: Machine): Promise<Check> {
  const name = 'nvdec'
  if (await machine.run('gst-inspect-1.0', ['nvv4l2decoder']))
    return {
      name,
      ok: true,
      text: 'through GStreamer: nvv4l2decoder in source: "gst:…" (docs/how-to/cameras.md); a source without gst: is decoded by the processor',
    }
  return {
    name,
    ok: true,
    text: `not to be had, streams are decoded by the processor; for GStreamer's: ${install(GSTREAMER)}`,
  }
}

const install = (packages: string) => `sudo apt-get update && sudo apt-get install ${packages}`

async function packageVersion(machine: Machine, name: string): Promise<string | undefined> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own
  const said = await machine.run('dpkg-query', ['-W', '-f=${db:Status-Status} ${Version}', name])
  return /^installed (\S+)/.exec(said ?? '')?.[1]
}
