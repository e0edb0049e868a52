/** The script's logic on a board that is a folder, with a build.sh that makes files: no Jetson is at hand. */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'

const SCRIPT = 'packaging/jetson/build-onnxruntime'
const version = (
  JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, { version: string }> }
).packages['node_modules/onnxruntime-node']!.version

const BUILD = `#!/bin/sh
printf '%s\\n' "$@" >>"$FAKE/asked"
echo '[ 50%] Building CXX object'
if [ -e "$FAKE/out-of-memory" ]; then echo 'c++: fatal error: Killed signal terminated program cc1plus'; exit 2; fi
made=$(dirname "$0")/js/node/bin/napi-v6/linux/arm64
mkdir -p "$made"
for file in onnxruntime_binding.node libonnxruntime.so.1 libonnxruntime_providers_shared.so libonnxruntime_providers_cuda.so libonnxruntime_providers_tensorrt.so; do echo $file >"$made/$file"; done
`

function board(t: Test, l4t = '36', model = 'NVIDIA Jetson Orin Nano') {
  const dir = t.testdir({
    bin: {
      uname: '#!/bin/sh\necho aarch64\n',
      cmake: '#!/bin/sh\necho "cmake version 3.31.2"\n',
      'g++': '#!/bin/sh\necho 11.4.0\n',
      'dpkg-query':
        '#!/bin/sh\nfor last; do :; done\ncase $last in libnvinfer-dev) printf 10.13.3.9-1+cuda13.0 ;; libcudnn9-dev-cuda-12) printf 9.3.0.75-1 ;; *) exit 1 ;; esac\n',
      df: '#!/bin/sh\nprintf "h\\n/dev/x 1 1 90000000 1%% /\\n"\n',
    },
    root: {
      etc: { nv_tegra_release: `# R${l4t} (release), REVISION: 4.3, GCID: 38968081, BOARD: generic\n` },
      proc: {
        meminfo: 'MemTotal:        7800000 kB\nSwapTotal:       8000000 kB\n',
        'device-tree': { model: `${model}\0` },
      },
      usr: {
        local: {
          cuda: {
            bin: { nvcc: `#!/bin/sh\necho 'Cuda compilation tools, release ${l4t === '36' ? '12.6' : '13.0'}, V1'\n` },
          },
        },
      },
    },
    source: {
      VERSION_NUMBER: `${version}\n`,
      'build.sh': BUILD,
      cmake: { external: { onnx: { 'CMakeLists.txt': '' } } },
    },
  })
  for (const name of ['uname', 'cmake', 'g++', 'dpkg-query', 'df']) chmodSync(join(dir, 'bin', name), 0o755)
  chmodSync(join(dir, 'root/usr/local/cuda/bin/nvcc'), 0o755)
  chmodSync(join(dir, 'source', 'build.sh'), 0o755)
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      'sh',
      [SCRIPT, '--source', join(dir, 'source'), '--out', join(dir, 'out'), ...args],
      {
        encoding: 'utf8',
        env: {
          ...process.env,
          PATH: `${join(dir, 'bin')}:${process.env.PATH}`,
          FAKE: dir,
          BLINDSIGHT_JETSON_ROOT: join(dir, 'root'),
        },
      },
    )
    return { status, text: `${stdout}${stderr}` }
  }
  const asked = () => (existsSync(join(dir, 'asked')) ? readFileSync(join(dir, 'asked'), 'utf8').split('\n') : [])
  return { dir, run, asked }
}

t.test('everything is here: built for the board, packed so that the CPU binding steps aside', (t) => {
  const { dir, run, asked } = board(t)
  const { status, text } = run()
  t.equal(status, 0, text)
  t.match(text, /ok +JetPack +6 \(Jetson Linux R36\) on NVIDIA Jetson Orin Nano, GPU code for sm_87/)
  for (const flag of ['--use_tensorrt', '--use_cuda', '--build_nodejs', 'CMAKE_CUDA_ARCHITECTURES=87'])
    t.ok(asked().includes(flag), flag)
  const deb = join(dir, 'out', `blindsight-onnxruntime-tensorrt_${version}+jp6_arm64.deb`)
  const shown = (args: string[]) => spawnSync('dpkg-deb', args, { encoding: 'utf8' }).stdout
  t.match(shown(['--field', deb]), `Depends: blindsight-onnxruntime (= ${version}), libnvinfer10, libcudnn9-cuda-12`)
  t.match(
    shown(['--contents', deb]),
    /app\/node_modules\/onnxruntime-node\/bin\/napi-v6\/linux\/arm64\/libonnxruntime_providers_tensorrt\.so/,
  )
  const control = join(dir, 'control')
  spawnSync('dpkg-deb', ['--control', deb, control])
  t.match(
    readFileSync(join(control, 'preinst'), 'utf8'),
    'dpkg-divert --package blindsight-onnxruntime-tensorrt --add --rename',
  )
  for (const script of ['preinst', 'postinst', 'postrm'])
    t.equal(spawnSync('sh', ['-n', join(control, script)]).status, 0)
  t.notOk(existsSync(`${deb}.part`))

  const postinst = readFileSync(join(control, 'postinst'), 'utf8')
  // Away from this machine's own systemd and blindsight.
  const here = postinst.replaceAll('/usr/lib/blindsight', dir).replaceAll('/run/systemd', join(dir, 'no-systemd'))
  const node = join(dir, 'bin', 'node')
  const configure = (loads: boolean) => {
    writeFileSync(node, `#!/bin/sh\necho "$2" >${dir}/loaded\n${loads ? '' : 'echo no libnvinfer >&2; exit 1'}\n`)
    chmodSync(node, 0o755)
    return spawnSync('sh', ['-c', here, 'postinst', 'configure'], { encoding: 'utf8' })
  }
  t.equal(configure(true).status, 0)
  t.match(readFileSync(join(dir, 'loaded'), 'utf8'), `require('${dir}/app/node_modules/onnxruntime-node')`)
  t.match(configure(false), { status: 1, stderr: /no libnvinfer[\s\S]*was not restarted[\s\S]*apt-get remove/ })
  t.end()
})

t.test('JetPack 7 on Thor is compiled for its GPU', (t) => {
  const { run, asked } = board(t, '38', 'NVIDIA Jetson AGX Thor Developer Kit')
  const { status, text } = run()
  t.equal(status, 0, text)
  t.match(text, /JetPack +7 \(Jetson Linux R38\)/)
  t.ok(asked().includes('CMAKE_CUDA_ARCHITECTURES=110'))
  t.end()
})

t.test('a build that fails says why and where, and goes on when it is started again', (t) => {
  const { dir, run, asked } = board(t)
  writeFileSync(join(dir, 'out-of-memory'), '')
  const failed = run()
  t.equal(failed.status, 1)
  t.match(failed.text, /Killed signal[\s\S]*started again it goes on from here/)
  rmSync(join(dir, 'out-of-memory'))
  t.equal(run().status, 0)
  const builds = asked().filter((arg) => arg === '--build').length
  t.equal(run().status, 0, 'what is built is packed again and not built again')
  t.equal(asked().filter((arg) => arg === '--build').length, builds)
  writeFileSync(join(dir, 'out', 'begun'), '')
  t.equal(run().status, 0, 'what a power cut left of its name is none')
  t.match(readFileSync(join(dir, 'out', 'begun'), 'utf8'), /JetPack 6, sm_87/)
  writeFileSync(join(dir, 'root', 'etc', 'nv_tegra_release'), '# R38 (release)\n')
  writeFileSync(join(dir, 'root/usr/local/cuda/bin/nvcc'), "#!/bin/sh\necho 'release 13.0,'\n")
  const other = run()
  t.equal(other.status, 1)
  t.match(other.text, /has a build of onnxruntime .* JetPack 6, sm_87, and this is .* JetPack 7/)
  t.end()
})

t.test('everything that is missing is said at once, each with what mends it, and nothing is built', (t) => {
  const { dir, run, asked } = board(t)
  writeFileSync(join(dir, 'root', 'etc', 'nv_tegra_release'), '# R35 (release), REVISION: 4.1\n')
  writeFileSync(join(dir, 'root', 'proc', 'meminfo'), 'MemTotal: 3900000 kB\nSwapTotal: 0 kB\n')
  writeFileSync(join(dir, 'source', 'VERSION_NUMBER'), '1.16.3\n')
  writeFileSync(join(dir, 'bin', 'cmake'), '#!/bin/sh\necho "cmake version 3.22.1"\n')
  writeFileSync(join(dir, 'bin', 'dpkg-query'), '#!/bin/sh\nexit 1\n')
  rmSync(join(dir, 'root/usr/local/cuda'), { recursive: true })
  const { status, text } = run()
  t.equal(status, 3)
  for (const said of [
    /FAIL +JetPack .*says R35: JetPack 6/,
    /FAIL +CUDA .*nvidia-jetpack/,
    /FAIL +TensorRT +no headers: sudo apt-get install libnvinfer-dev/,
    /FAIL +cuDNN/,
    new RegExp(`FAIL +sources .*is version 1\\.16\\.3, and blindsight uses ${version.replaceAll('.', '\\.')}: git`),
    /FAIL +CMake +3\.22\.1, and 3\.28 is needed: python3 -m pip/,
    /FAIL +memory +3 GB/,
    /7 missing; nothing was built/,
  ])
    t.match(text, said)
  t.same(asked(), [])
  t.end()
})

t.test('arguments', (t) => {
  const { run } = board(t)
  t.match(run('--help'), { status: 0, text: /usage: packaging\/jetson\/build-onnxruntime/ })
  t.match(run('--jobs', 'many'), { status: 2, text: /--jobs many: expected a whole number/ })
  t.match(run('--fast'), { status: 2, text: /unknown argument --fast/ })
  t.match(run('--check'), { status: 0, text: /everything needed is here/ })
  t.end()
})
