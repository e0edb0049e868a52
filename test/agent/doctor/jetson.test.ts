/** Fake trees and answers, as people have posted them of their boards: nothing here ran on a Jetson. */
import t, { type Test } from 'tap'
import { jetson } from '../../../agent/doctor/jetson.js'
import { type Machine, thisMachine } from '../../../agent/doctor/machine.js'

interface Board {
  readonly release?: string
  readonly model?: string
  /** Package and its version. */
  readonly packages?: Readonly<Record<string, string>>
  /** `program first-argument` and what it prints. */
  readonly says?: Readonly<Record<string, string>>
  readonly nvpmodel?: string
  readonly video?: Readonly<Record<string, string>>
}

function machine(t: Test, { release, model, packages = {}, says = {}, nvpmodel, video = {} }: Board): Machine {
  const root = t.testdir({
    etc: { ...(release && { nv_tegra_release: release }), ...(nvpmodel && { 'nvpmodel.conf': nvpmodel }) },
    proc: { 'device-tree': { ...(model && { model: `${model}\0` }) } },
    sys: {
      class: {
        video4linux: Object.fromEntries(Object.entries(video).map(([device, name]) => [device, { name: `${name}\n` }])),
        thermal: { thermal_zone0: { type: 'tj-thermal\n', temp: '52875\n' } },
      },
    },
  })
  return {
    ...thisMachine(root),
    async run(program, args) {
      const name = args.at(-1)!
      if (program === 'dpkg-query') return packages[name] && `installed ${packages[name]}`
      return says[`${program} ${name}`]
    },
  }
}

const release = (major: number, revision: string) =>
  `# R${major} (release), REVISION: ${revision}, GCID: 42132812, BOARD: generic, EABI: aarch64, DATE: Thu Sep 18 22:54:44 UTC 2025\n# KERNEL_VARIANT: oot\nINSTALL_TYPE=\n`
const modes =
  '< PARAM TYPE=FILE NAME=CPU_ONLINE >\n< POWER_MODEL ID=0 NAME=15W >\n< POWER_MODEL ID=1 NAME=25W >\n< POWER_MODEL ID=2 NAME=MAXN_SUPER >\n'
const wishes = { providers: ['tensorrt', 'cuda', 'cpu'], offered: ['tensorrt', 'cpu'] }
const found = async (t: Test, board: Board, wanted = wishes) =>
  Object.fromEntries(
    (await jetson(machine(t, board), wanted)).map(({ name, ok, text }) => [name, `${ok ? 'ok' : 'FAIL'} ${text}`]),
  )

t.test('another machine: silent', async (t) => {
  t.strictSame(await found(t, {}), {})
  t.strictSame(await found(t, { model: 'Raspberry Pi 5 Model B Rev 1.0' }), {})
})

t.test('JetPack 6 on an Orin Nano with all of it: what there is, and how to have more of it', async (t) => {
  const checks = await found(t, {
    release: release(36, '4.7'),
    model: 'NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super',
    packages: { 'nvidia-jetpack': '6.2.1+b38', libnvinfer10: '10.3.0.30-1+cuda12.5' },
    nvpmodel: modes,
    video: { video0: 'vi-output, imx219 9-0010', video1: 'HD Webcam', 'v4l-subdev0': 'imx219' },
    says: {
      'nvpmodel -q': 'NV Power Mode: 15W\n0\n',
      'gst-inspect-1.0 nvarguscamerasrc': 'Factory Details:',
      'gst-inspect-1.0 nvv4l2decoder': 'Factory Details:',
      'systemctl nvargus-daemon': 'active\n',
      'systemctl blindsight': 'PrivateTmp=no\nLoadState=loaded\n',
    },
  })
  t.match(checks, {
    jetpack: /^ok NVIDIA Jetson Orin Nano .* Jetson Linux 36\.4\.7, JetPack 6\.2\.1\+b38$/,
    tensorrt: /^ok TensorRT 10\.3\.0\.30-1\+cuda12\.5, and ONNX Runtime offers it$/,
    'power mode': /^ok 15W; .*MAXN_SUPER: sudo nvpmodel -m 2$/,
    temperature: /^ok 53 °C at tj-thermal/,
    'camera devices':
      /^ok \/dev\/video0 \(vi-output, imx219 9-0010\), \/dev\/video1 \(HD Webcam\); on CSI: .*gst:nvarguscamerasrc(?!.*PrivateTmp)/,
    nvdec: /^ok through GStreamer: nvv4l2decoder in source: "gst:…"/,
  })
})

t.test(
  'JetPack 5, which has not the glibc that the package needs, with nothing installed: each with its command',
  async (t) => {
    const checks = await found(
      t,
      {
        release: release(35, '4.1'),
        model: 'NVIDIA Orin NX Developer Kit',
        video: { video0: 'vi-output, imx477 10-001a' },
      },
      { ...wishes, offered: ['cpu'] },
    )
    t.match(checks, {
      jetpack: /^FAIL .*Jetson Linux 35\.4\.1, of JetPack 5: too old, JetPack 6 or newer is needed; flash it/,
      tensorrt: /^FAIL TensorRT is not installed: .*apt-get install tensorrt; or providers: \[cpu\]$/,
      'power mode': /^ok not known/,
      'camera devices': /^FAIL .*nvarguscamerasrc is missing: .*apt-get install .*nvidia-l4t-gstreamer$/,
      nvdec: /^ok not to be had, .*apt-get install/,
    })
  },
)

t.test('a CSI camera that this shell can see and the service cannot', async (t) => {
  const board = (unit: string | undefined): Board => ({
    release: release(36, '4.7'),
    video: { video0: 'vi-output, imx219 9-0010' },
    says: {
      'gst-inspect-1.0 nvarguscamerasrc': 'Factory Details:',
      'systemctl nvargus-daemon': 'active\n',
      ...(unit && { 'systemctl blindsight': unit }),
    },
  })
  const camera = async (unit?: string) => (await found(t, board(unit)))['camera devices']
  t.match(
    await camera('PrivateTmp=yes\nLoadState=loaded\n'),
    /^FAIL .*socket is in \/tmp: sudo systemctl edit blindsight, .*PrivateTmp=no/,
  )
  t.match(await camera('PrivateTmp=no\nLoadState=loaded\n'), /^ok (?!.*PrivateTmp)/)
  t.match(await camera('PrivateTmp=no\nLoadState=not-found\n'), /^ok .*as a service also: .*PrivateTmp=no/)
  t.match(await camera(), /^ok .*as a service also: .*PrivateTmp=no/, 'no systemd')
})

t.test('a decoder of ffmpeg that nothing here switches on is no way', async (t) => {
  const { nvdec } = await found(t, {
    release: release(36, '4.7'),
    says: { 'ffmpeg -decoders': ' V..... h264_nvv4l2dec  h264 (nvv4l2)\n' },
  })
  t.match(nvdec, /^ok not to be had, .*apt-get install/)
})

t.test('JetPack 7 on a Thor: an ONNX Runtime without TensorRT, a daemon that does not run', async (t) => {
  const board: Board = {
    release: release(38, '2.0'),
    model: 'NVIDIA Jetson AGX Thor Developer Kit',
    packages: { libnvinfer10: '10.13.3.9-1+cuda13.0' },
    nvpmodel: '< POWER_MODEL ID=0 NAME=MAXN >\n< POWER_MODEL ID=1 NAME=120W >\n',
    video: { video0: 'vi-output, imx274 9-001a' },
    says: { 'nvpmodel -q': 'NV Power Mode: MAXN\n0\n', 'gst-inspect-1.0 nvarguscamerasrc': 'Factory Details:' },
  }
  t.match(await found(t, board, { ...wishes, offered: ['cpu'] }), {
    jetpack: /of JetPack 7;/,
    tensorrt: /^FAIL TensorRT 10\.13.*offers cpu alone: .*build-onnxruntime.*providers: \[cpu\]$/,
    'power mode': /^ok MAXN$/,
    'camera devices': /^FAIL .*sudo systemctl restart nvargus-daemon$/,
  })
  const without = await found(t, board, { providers: ['cpu'], offered: ['cpu'] })
  t.match(without.tensorrt, /^ok .*does not ask for it$/)
  t.match((await found(t, { ...board, release: release(39, '2.1') })).jetpack, /39\.2\.1, of JetPack 7;/)
})

t.test('too old, not known, and a board without its release', async (t) => {
  t.match((await found(t, { release: release(32, '7.1') })).jetpack, /^FAIL .*of JetPack 4: too old/)
  t.match(
    (await found(t, { release: release(44, '1.0') })).jetpack,
    /^ok a Jetson, Jetson Linux 44\.1\.0, of a JetPack not known here/,
  )
  const bare = await found(t, { model: 'NVIDIA Jetson Xavier NX Developer Kit' })
  t.match(bare.jetpack, /^FAIL NVIDIA Jetson Xavier.*says nothing/)
  t.match(bare['camera devices'], /^ok none; .*jetson-io\.py/)
  t.match(
    (await found(t, { release: release(36, '4.0'), video: { video0: 'HD Webcam' } }))['camera devices'],
    /^ok \/dev\/video0 \(HD Webcam\)$/,
  )
})
