/** §3: the disk is full, read-only, damaged, or not there. The box answers all the while. */
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { Archive } from '../../agent/archive/archive.js'
import { frame } from '../agent/archive/frames.js'
import type { FieldAgent } from './agent.js'
import type { Kit } from './kit.js'
import type { Listener } from './listener.js'
import type { Outcome, Scenario } from './scenario.js'

const MB = 1e6

interface Archived {
  readonly cam: string
  readonly boot: string
  readonly seq: number
  readonly sha256: string
  readonly bits: Buffer
}

/** The last byte included. */
function fill(dir: string): string {
  const file = join(dir, 'filler')
  const fd = openSync(file, 'w')
  let size = 1 << 20
  const block = Buffer.alloc(size, 1)
  while (size > 0) {
    try {
      writeSync(fd, block, 0, size)
    } catch {
      size >>= 1
    }
  }
  closeSync(fd)
  return file
}

const states = (listener: Listener) => listener.json<{ state: string; reason?: string }>(/\/v1\/[^/]+\/state$/)
const frames = (listener: Listener) =>
  [...listener.frames].map((key) => {
    const [, cam, boot, seq] = key.split('/') as [string, string, string, string]
    return { cam, boot, seq: Number(seq) }
  })
export const degraded = (listener: Listener, reason: RegExp) => () =>
  states(listener).find((m) => m.state === 'degraded' && reason.test(m.reason ?? ''))
const online = (listener: Listener) => () => states(listener).at(-1)?.state === 'online'

/** The fault is mended: how long until the archive takes frames again, beside the `before` that it has, and the box is online. */
export async function isBack(kit: Kit, stateDir: string, listener: Listener, before: number): Promise<number> {
  const mended = performance.now()
  await kit.until('the archive', () => kit.archive.rows(stateDir).length > before + 3, 120)
  await kit.until('online', online(listener))
  return performance.now() - mended
}

/** Starts where the archive cannot be, sees results all the same, mends the fault, and waits for the archive, which had `before` frames. */
export async function withoutArchive(
  kit: Kit,
  stateDir: string,
  reason: RegExp,
  mend: () => unknown,
  {
    before = 0,
    agentOf = (config: object) => kit.agent(config),
  }: { before?: number; agentOf?: (config: object) => FieldAgent } = {},
): Promise<Outcome> {
  const broker = await kit.broker()
  const listener = await kit.listener(broker)
  const agent = agentOf(await kit.config({ broker, top: { stateDir } }))
  const state = await kit.until('the state', degraded(listener, reason), 120)
  await kit.until('results without an archive', () => listener.frames.size >= 10, 120)
  await mend()
  const recoveryMs = await isBack(kit, stateDir, listener, before)
  const { code } = await agent.stop()
  const lost = kit.archive.gaps(frames(listener)).length
  return { said: state.reason ?? '', recoveryMs, lost, ok: code === 0 }
}

/**
 * The box is stopped, the database damaged, and the box started again. Only what no longer stands in the file may be lost: that
 * of a frame's row either its bitstream or the checksum to tell it by is gone. `costs`: the damage is of that kind.
 */
export async function damaged(kit: Kit, damage: (file: string, kit: Kit) => void, costs: boolean): Promise<Outcome> {
  const config = await kit.config({ mqtt: { url: 'mqtt://127.0.0.1:9', embeddedPort: undefined } })
  const first = kit.agent(config)
  await kit.until('frames', () => kit.archive.rows(kit.stateDir).length >= 60, 180)
  await first.stop()
  const before = kit.archive.query<Archived>(kit.stateDir, 'SELECT cam, boot, seq, sha256, bits FROM frames')
  const file = join(kit.stateDir, 'archive.sqlite')
  damage(file, kit)
  const left = readFileSync(file)
  const gone = before.filter(({ bits, sha256 }) => !left.includes(bits) || !left.includes(sha256)).length
  const broker = await kit.broker()
  const listener = await kit.listener(broker)
  const started = performance.now()
  const agent = kit.agent({ ...config, mqtt: { url: broker.url } })
  const said = await agent.logged(/is damaged: it is set aside/, 120)
  const end = await agent.logged(/taken over as far as it can be read/, 120)
  const recoveryMs = performance.now() - started
  const key = (row: Pick<Archived, 'cam' | 'boot' | 'seq'>) => `${row.cam}/${row.boot}/${row.seq}`
  const here = new Set(kit.archive.rows(kit.stateDir).map(key))
  const lost = before.filter((row) => !here.has(key(row))).length
  await kit.until(
    'what was not published',
    () => before.every((row) => !here.has(key(row)) || listener.has('field', row.cam, row.boot, row.seq, 'cls')),
    120,
  )
  await kit.until('new frames', () => kit.archive.rows(kit.stateDir).length > here.size, 120)
  const { code } = await agent.stop()
  const kept = readdirSync(kit.stateDir).some((name) => /^archive\.damaged-.*\.sqlite$/.test(name))
  return {
    said: `${said.msg}; taken ${end.taken}, unreadable ${end.unreadable}`,
    recoveryMs,
    lost,
    // What the file has no trace of, nobody can count.
    ok:
      code === 0 && kept && lost === gone && gone > 0 === costs && end.unreadable === (gone < before.length ? lost : 0),
    ...(costs && { note: `${gone} of ${before.length} frames no longer stand in the file; all others are taken over` }),
  }
}

const page = (number: number) => (file: string) => {
  const bytes = readFileSync(file)
  bytes.fill(0xa5, (number - 1) * 4096, number * 4096)
  writeFileSync(file, bytes)
}

/** The leaf of the table with the frame in the middle. */
const leaf = (file: string, kit: Kit) => {
  const rows = kit.archive.rows(kit.stateDir)
  const at = readFileSync(file).indexOf(rows[rows.length >> 1]!.sha256)
  page(Math.floor(at / 4096) + 1)(file)
}

export const scenarios: Scenario[] = [
  {
    id: 'disk/full-at-start',
    fault: 'stateDir on a tmpfs that is full to the last byte when the box starts; later there is room',
    short: true,
    seconds: 40,
    async run(kit) {
      const disk = await kit.tmpfs(32 * MB)
      const filler = fill(disk)
      return withoutArchive(kit, join(disk, 'state'), /^archive: .*full/, () => rmSync(filler))
    },
  },
  {
    id: 'disk/full-with-an-archive',
    fault: 'an archive is there, and its disk full to the last byte when the box starts',
    short: false,
    seconds: 60,
    async run(kit) {
      const disk = await kit.tmpfs(32 * MB)
      const state = join(disk, 'state')
      const first = kit.agent(await kit.config({ top: { stateDir: state } }))
      await kit.until('frames', () => kit.archive.rows(state).length > 10, 120)
      await first.stop()
      const before = kit.archive.rows(state).length
      const filler = fill(disk)
      const outcome = await withoutArchive(kit, state, /^archive: /, () => rmSync(filler), { before })
      const kept = kit.archive.rows(state).length
      return { ...outcome, ok: outcome.ok && kept > before }
    },
  },
  {
    id: 'disk/fills-while-running',
    fault: 'the disk fills to the last byte while frames are committed, and has room again',
    short: false,
    seconds: 60,
    async run(kit) {
      const disk = await kit.tmpfs(24 * MB)
      const state = join(disk, 'state')
      const broker = await kit.broker()
      const listener = await kit.listener(broker)
      const agent = kit.agent(await kit.config({ broker, top: { stateDir: state } }))
      await kit.until('frames', () => listener.frames.size > 5, 120)
      const filler = fill(disk)
      const seen = listener.frames.size
      await kit.until('results all the same', () => listener.frames.size > seen + 60, 120)
      rmSync(filler)
      const recoveryMs = await isBack(kit, state, listener, kit.archive.rows(state).length)
      const { code } = await agent.stop()
      const said = states(listener).find(({ state: s }) => s === 'degraded')?.reason ?? 'room was made by eviction'
      return { said, recoveryMs, lost: kit.archive.gaps(frames(listener)).length, ok: code === 0 }
    },
  },
  {
    id: 'disk/read-only',
    fault: 'stateDir on a file system mounted read-only, later mounted for writing',
    short: true,
    seconds: 40,
    async run(kit) {
      const disk = await kit.tmpfs(64 * MB)
      await kit.sh(`mount -o remount,ro ${disk}`)
      return withoutArchive(kit, join(disk, 'state'), /^archive: .*read-only/, () =>
        kit.sh(`mount -o remount,rw ${disk}`),
      )
    },
  },
  {
    id: 'disk/not-a-directory',
    fault: 'a file stands where stateDir should be: while the box runs, and when it starts',
    short: false,
    seconds: 40,
    async run(kit) {
      const place = kit.path('place')
      const state = join(place, 'state')
      mkdirSync(place)
      const broker = await kit.broker()
      const listener = await kit.listener(broker)
      const config = await kit.config({ broker, top: { stateDir: state } })
      const agent = kit.agent(config)
      await kit.until('frames', () => listener.frames.size > 5, 120)
      renameSync(place, `${place}-away`)
      writeFileSync(place, 'a file')
      const { reason = '' } = await kit.until('the state', degraded(listener, /^archive: .*no directory/), 120)
      const seen = listener.frames.size
      await kit.until('results all the same', () => listener.frames.size > seen + 10, 120)
      rmSync(place)
      renameSync(`${place}-away`, place)
      const recoveryMs = await isBack(kit, state, listener, kit.archive.rows(state).length)
      const { code } = await agent.stop()
      // At the start it is a configuration that names the wrong place.
      rmSync(place, { recursive: true })
      writeFileSync(place, 'a file')
      const refused = kit.agent(config)
      const end = await refused.ended()
      const line = refused.other.find((text) => /stateDir: .* is a file/.test(text))
      const lost = kit.archive.gaps(frames(listener)).length
      const ok = code === 0 && end.code === 78 && line !== undefined
      return { said: reason, recoveryMs, lost, ok, note: `at the start: exit code ${end.code}, ${line}` }
    },
  },
  {
    id: 'disk/files-of-root',
    fault: 'archive and lock belong to root, and the service is somebody else; then chown',
    short: true,
    seconds: 50,
    async run(kit) {
      const wrap = await kit.ordinaryUser()
      const state = kit.path('state')
      const first = kit.agent(await kit.config())
      await kit.until('frames', () => kit.archive.rows(state).length > 3, 120)
      await first.stop()
      const before = kit.archive.rows(state).length
      chownSync(state, 65534, 65534)
      for (const dir of [kit.dir, dirname(kit.dir)]) chmodSync(dir, 0o755)
      return withoutArchive(kit, state, /belongs to root.*chown/, () => kit.sh(`chown -R 65534:65534 ${state}`), {
        before,
        agentOf: (config) => kit.agent(config, { wrap }),
      })
    },
  },
  {
    id: 'disk/rebuild-by-root',
    fault: 'sudo blindsight rebuild into the directory of the service: it keeps the owner',
    short: true,
    seconds: 15,
    async run(kit) {
      kit.needRoot('another user')
      const state = kit.path('state')
      mkdirSync(state)
      mkdirSync(kit.path('backup'))
      chownSync(state, 65534, 65534)
      const source = kit.path('source')
      const agent = kit.agent(await kit.config({ top: { stateDir: source } }))
      await kit.until('frames', () => kit.archive.rows(source).length > 3, 120)
      await agent.stop()
      const records = kit.archive.query<{ bits: Buffer }>(source, 'SELECT bits FROM frames ORDER BY id')
      writeFileSync(join(kit.path('backup'), 'all.bsf'), Buffer.concat(records.map(({ bits }) => bits)))
      const { code, err } = await kit.cli(['rebuild', '--state-dir', state, kit.path('backup')])
      const owners = readdirSync(state).map((name) => statSync(join(state, name)).uid)
      return {
        said: `${readdirSync(state).length} files, all of the directory's owner`,
        recoveryMs: null,
        lost: 0,
        ok: code === 0 && owners.length > 0 && owners.every((uid) => uid === 65534),
        ...(code !== 0 && { note: err.split('\n')[0]! }),
      }
    },
  },
  {
    id: 'disk/tmp-full',
    fault: '/tmp and /dev/shm full to the last byte',
    short: true,
    seconds: 20,
    async run(kit) {
      kit.needRoot('mounts')
      const full = (dir: string) =>
        `mount -t tmpfs -o size=1m tmpfs ${dir}; dd if=/dev/zero of=${dir}/x bs=4k 2>/dev/null || true`
      const broker = await kit.broker()
      const listener = await kit.listener(broker)
      mkdirSync(kit.path('tmp'))
      const agent = kit.agent(await kit.config({ broker }), {
        mounts: `${full(kit.path('tmp'))}\n${full('/dev/shm')}`,
        env: { TMPDIR: kit.path('tmp') },
      })
      await kit.until('frames', () => listener.frames.size > 5, 120)
      const { code } = await agent.stop()
      const { providers } = listener.json<{ providers: Record<string, string> }>(/\/info$/).at(-1)!
      return {
        said: `running on ${providers.encoder}`,
        recoveryMs: null,
        lost: 0,
        ok: code === 0 && !!providers.encoder,
      }
    },
  },
  {
    id: 'disk/min-free-larger-than-the-disk',
    fault: 'archive.minFreeMegabytes 256 on a partition of 64 MB',
    short: true,
    seconds: 20,
    async run(kit) {
      const disk = await kit.tmpfs(64 * MB)
      const broker = await kit.broker()
      const listener = await kit.listener(broker)
      const state = join(disk, 'state')
      const agent = kit.agent(
        await kit.config({ broker, archive: { minFreeMegabytes: 256 }, top: { stateDir: state } }),
      )
      const { reason } = await kit.until('the state', degraded(listener, /cannot be met/), 120)
      await kit.until('two rounds of upkeep', () => listener.frames.size > 70, 120)
      const rows = kit.archive.rows(state).length
      await agent.stop()
      return { said: `${reason}; ${rows} frames kept`, recoveryMs: null, lost: 0, ok: rows > 50 }
    },
  },
  ...(
    [
      ['header', page(1), false],
      ['root-of-frames', page(2), false],
      ['leaf-of-frames', leaf, true],
      ['text', (file) => writeFileSync(file, 'not a database. '.repeat(999)), true],
      ['cut-off', (file) => truncateSync(file, Math.floor(statSync(file).size / 8192) * 4096), true],
    ] as [string, (file: string, kit: Kit) => void, boolean][]
  ).map(
    ([name, damage, costs]): Scenario => ({
      id: `disk/damaged-${name}`,
      fault: `archive.sqlite damaged: ${name}; 60 frames that nobody has received yet`,
      short: name === 'header',
      seconds: 50,
      run: (kit) => damaged(kit, damage, costs),
    }),
  ),
  {
    id: 'disk/damaged-while-running',
    fault: '40 pages of the open database, of 3,000 frames, overwritten behind its back',
    short: true,
    seconds: 40,
    async run(kit) {
      const archive = Archive.open(kit.stateDir)
      for (let seq = 0; seq < 3000; seq++) archive.commit(frame(seq, { parts: 0, cam: 'cam', size: 1500 }))
      archive.close()
      const broker = await kit.broker()
      const listener = await kit.listener(broker)
      const agent = kit.agent(await kit.config({ broker }))
      await kit.until('frames', () => listener.frames.size > 10, 120)
      const file = openSync(join(kit.stateDir, 'archive.sqlite'), 'r+')
      writeSync(file, Buffer.alloc(40 * 4096, 0xa5), 0, 40 * 4096, 400 * 4096)
      closeSync(file)
      const damagedAt = performance.now()
      const list = ['archive', 'list', '--broker', broker.url, '--device', 'field']
      await kit.until('the damage to be met', async () => {
        await kit.cli(list)
        return agent.find(/is damaged: it is set aside/)
      })
      const seen = listener.frames.size
      await kit.until('frames again', () => listener.frames.size > seen + 5, 120)
      const recoveryMs = performance.now() - damagedAt
      const { msg, taken, unreadable } = await agent.logged(/taken over as far as it can be read/, 180)
      const { code } = await agent.stop()
      const here = new Set(kit.archive.rows(kit.stateDir).map(({ cam, boot, seq }) => `field/${cam}/${boot}/${seq}`))
      const lost = [...listener.frames].filter((key) => !here.has(key)).length
      const note = `taken ${taken}, unreadable ${unreadable}: what stood on the 40 pages`
      return { said: msg, recoveryMs, lost, ok: code === 0 && lost === 0 && Number(unreadable) <= 40 * 4, note }
    },
  },
  {
    id: 'disk/killed-while-taking-over',
    fault: 'SIGKILL again and again while a damaged archive is taken over',
    short: false,
    seconds: 60,
    async run(kit) {
      const config = await kit.config()
      const first = kit.agent(config)
      await kit.until('frames', () => kit.archive.rows(kit.stateDir).length > 80, 180)
      await first.stop()
      const before = kit.archive.rows(kit.stateDir).map(({ sha256 }) => sha256)
      page(1)(join(kit.stateDir, 'archive.sqlite'))
      for (let kills = 0; kills < 5; kills++) {
        const agent = kit.agent(config)
        await agent.logged(/taking over what can be read|running/, 120)
        await new Promise((resolve) => setTimeout(resolve, kit.random() * 300))
        await agent.kill()
      }
      const started = performance.now()
      const last = kit.agent(config)
      const note = () => readdirSync(kit.stateDir).find((name) => name.endsWith('.taken-over.json'))
      await kit.until('all of it', () => {
        const file = note()
        return file && JSON.parse(readFileSync(join(kit.stateDir, file), 'utf8')).done
      })
      const recoveryMs = performance.now() - started
      await last.stop()
      const rows = kit.archive.rows(kit.stateDir).map(({ sha256 }) => sha256)
      const lost = before.filter((sha256) => !rows.includes(sha256)).length
      return {
        said: `${rows.length} frames, each once`,
        recoveryMs,
        lost,
        ok: lost === 0 && new Set(rows).size === rows.length,
      }
    },
  },
  {
    id: 'disk/log-full',
    fault: 'the log on a full disk: 2>/dev/full',
    short: true,
    seconds: 15,
    async run(kit) {
      const broker = await kit.broker()
      const listener = await kit.listener(broker)
      const agent = kit.agent(await kit.config({ broker }), { stderrTo: '/dev/full' })
      await kit.until('frames', () => listener.frames.size > 10, 120)
      const { code } = await agent.stop()
      return { said: 'nothing: there is nowhere to', recoveryMs: null, lost: 0, ok: code === 0 }
    },
  },
]
