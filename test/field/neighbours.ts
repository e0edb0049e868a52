/** Faults beside those of disk, cameras and brokers: of the same kinds, in other clothes. */
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { ScriptedBroker } from '../client/scripted.js'
import { denying, limited, said, whole } from './brokers.js'
import { camera, claims, ffmpegs, online, refuses } from './cameras.js'
import { degraded, isBack, withoutArchive } from './disk.js'
import type { Kit } from './kit.js'
import { sent } from './runs.js'
import type { Outcome, Scenario } from './scenario.js'

const one = (id: string, fault: string, run: (kit: Kit) => Promise<Outcome>): Scenario => ({
  id: `neighbours/${id}`,
  fault,
  short: false,
  seconds: 30,
  run,
})
const renamed = ({ id, ...rest }: Scenario): Scenario => ({ ...rest, id: id.replace(/^[a-z]+/, 'neighbours') })

async function web(kit: Kit, answer: (response: ServerResponse, url: string) => void): Promise<string> {
  const server = createServer((request, response) => answer(response, request.url ?? ''))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  kit.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const cameras: Scenario[] = [
  renamed(claims('come in pairs the wrong way round', (n) => (n ^ 1) * 9000, false)),
  renamed(claims('run backwards', (n) => 2 ** 31 - n * 9000, false)),
  renamed(refuses('sound-only', { audioOnly: true }, 'sends sound and no picture', /./, {})),
  renamed(refuses('no-service', { status: 503 }, 'answers 503', /./, {})),
  one('login-page', 'an http camera answers with a page to log in, then with pictures', async (kit) => {
    let page = true
    const jpeg = kit.path('one.jpg')
    await kit.sh(`ffmpeg -loglevel error -f lavfi -i testsrc=size=64x64 -frames:v 1 ${jpeg}`)
    const picture = readFileSync(jpeg)
    const url = await web(kit, (response) => {
      if (page) {
        response.writeHead(200, { 'content-type': 'text/html' })
        return response.end('<html><form>password</form></html>')
      }
      response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=b' })
      const timer = setInterval(
        () =>
          response.write(
            Buffer.concat([
              Buffer.from(`--b\r\nContent-Type: image/jpeg\r\nContent-Length: ${picture.length}\r\n\r\n`),
              picture,
              Buffer.from('\r\n'),
            ]),
          ),
        200,
      )
      response.on('close', () => clearInterval(timer))
    })
    const agent = kit.agent(
      await kit.config({ cameras: [{ source: `${url}/video.cgi?user=admin&pwd=hunter2hunter2` }] }),
    )
    const line = await agent.logged(({ msg, state }) => msg === 'camera' && state === 'offline', 120)
    page = false
    const mended = performance.now()
    await online(agent)
    const recoveryMs = performance.now() - mended
    const leaks = [
      JSON.stringify(agent.log),
      agent.other.join('\n'),
      await kit.sh('ps -eo args | grep -v grep'),
    ].filter((text) => text.includes('hunter2'))
    await agent.stop()
    return {
      said: String(line.reason),
      recoveryMs,
      lost: 0,
      ok: leaks.length === 0,
      note: `${leaks.length} places show the query`,
    }
  }),
  one('redirect-to-a-file', 'an http camera redirects to a file of the box', async (kit) => {
    const secret = await kit.clip()
    const url = await web(kit, (response) => response.writeHead(302, { location: `file://${secret}` }).end())
    const agent = kit.agent(await kit.config({ cameras: [{ source: `${url}/a.mjpg` }] }))
    const line = await agent.logged(({ msg, state }) => msg === 'camera' && state === 'offline', 120)
    await agent.stop()
    const frames = kit.archive.rows(kit.stateDir).length
    return {
      said: String(line.reason),
      recoveryMs: null,
      lost: 0,
      ok: frames === 0 && /may not/.test(String(line.reason)),
    }
  }),
  one('frozen-ffmpeg-orphan', 'SIGSTOP to ffmpeg, then SIGKILL to the agent; the next start sweeps', async (kit) => {
    const { agent, config } = await camera(kit, {}, { stallSeconds: 600 })
    await online(agent)
    const [before] = ffmpegs(kit)
    process.kill(before!.pid, 'SIGSTOP')
    await agent.kill()
    const again = kit.agent(config)
    await online(again)
    const stays = ffmpegs(kit).some(({ pid }) => pid === before!.pid)
    await again.stop()
    return {
      said: `${stays ? 'it stays' : 'it is gone'}; ${ffmpegs(kit).length} at the end`,
      recoveryMs: null,
      lost: 0,
      ok: !stays && ffmpegs(kit).length === 0,
    }
  }),
]

const brokers: Scenario[] = [
  one(
    'hist-denied',
    'the access list denies hist/# while the broker was away for 15 s; then it allows it',
    async (kit) => {
      const { list, broker, listener, agent } = await denying(kit, ['hist/#'])
      await kit.until('frames', () => listener.frames.size > 5, 120)
      const { subscribed } = listener
      await broker.stop()
      const first = kit.archive.rows(kit.stateDir).length
      await kit.until('75 frames', () => kit.archive.rows(kit.stateDir).length > first + 75, 120)
      await broker.up()
      await listener.again(subscribed)
      const line = await agent.logged(limited(/hist/), 120)
      const { size } = listener.frames
      await kit.until('live frames', () => listener.frames.size > size + 20, 120)
      list.write([])
      broker.reload()
      const begun = performance.now()
      await sent(kit)
      const recoveryMs = performance.now() - begun
      return whole(kit, agent, listener, { said: said(line), recoveryMs })
    },
  ),
  one('health-denied', 'the access list denies health', async (kit) => {
    const { listener, agent } = await denying(kit, ['health'])
    const line = await agent.logged(limited(/health/), 120)
    await kit.until('60 frames', () => listener.frames.size >= 60, 120)
    const times = agent.count(limited(/health/))
    return whole(kit, agent, listener, { said: said(line), ok: times === 1 })
  }),
  one('tiny-packets', 'CONNACK says packets of 200 bytes at most', async (kit) => {
    const broker = await ScriptedBroker.start({ connect: () => ({ code: 0, properties: { maximumPacketSize: 200 } }) })
    kit.defer(() => broker.stop())
    const agent = kit.agent(await kit.config({ broker }))
    const line = await agent.logged(limited(/./), 120)
    await kit.until('40 frames', () => kit.archive.rows(kit.stateDir).length >= 40, 120)
    const lines = agent.count(limited(/./))
    await agent.stop()
    return {
      said: said(line),
      recoveryMs: null,
      lost: 0,
      ok: broker.connects.length === 1 && lines <= 8,
      note: `${lines} lines, ${broker.connects.length} connections, ${broker.published.length} messages`,
    }
  }),
  one('nobody-subscribed', 'PUBACK 0x10 (nobody subscribed) for every message', async (kit) => {
    const broker = await ScriptedBroker.start({ publish: () => 0x10 })
    kit.defer(() => broker.stop())
    const agent = kit.agent(await kit.config({ broker }))
    await kit.until('40 results', () => broker.on(/\/cls$/).length >= 40, 120)
    await agent.stop()
    const seqs = broker.on(/\/cls$/).map(({ payload }) => JSON.parse(String(payload)).seq)
    const twice = seqs.length - new Set(seqs).size
    return {
      said: `${agent.count(limited(/./))} limits said`,
      recoveryMs: null,
      lost: 0,
      ok: twice === 0 && broker.connects.length === 1 && kit.archive.outbox(kit.stateDir).size === 0,
    }
  }),
  one('camera-removed-by-reload', 'a camera is taken out by SIGHUP while the broker is away', async (kit) => {
    const broker = await kit.broker({ persistence: true })
    const listener = await kit.listener(broker)
    const config = (await kit.config({ broker, cameras: [{ id: 'a' }, { id: 'b' }] })) as { cameras: object[] }
    const agent = kit.agent(config)
    await kit.until(
      'both online',
      () => ['a', 'b'].every((cam) => listener.latest<{ state: string }>(`cam/${cam}/state`)?.state === 'online'),
      120,
    )
    const { subscribed } = listener
    await broker.stop()
    writeFileSync(agent.child.spawnargs.at(-1)!, JSON.stringify({ ...config, cameras: config.cameras.slice(0, 1) }))
    agent.signal('SIGHUP')
    await agent.logged(/connection to the broker lost|not connected/, 60)
    await kit.until('the reload', () => ffmpegs(kit).length === 1, 60)
    await broker.up()
    await listener.again(subscribed)
    const begun = performance.now()
    const cleared = () => listener.on(/cam\/b\/state$/).at(-1)?.payload.length === 0
    await kit.until('the name to be taken back', cleared, 120)
    const recoveryMs = performance.now() - begun
    await agent.stop()
    return { said: 'taken back', recoveryMs, lost: 0, ok: true }
  }),
]

const setAside = (id: string, fault: string, make: (file: string) => void): Scenario =>
  one(id, fault, async (kit) => {
    mkdirSync(kit.stateDir, { recursive: true })
    make(join(kit.stateDir, 'archive.sqlite'))
    const broker = await kit.broker()
    const listener = await kit.listener(broker)
    const agent = kit.agent(await kit.config({ broker }))
    const line = await agent.logged(/is damaged: it is set aside/, 120)
    const recoveryMs = await isBack(kit, kit.stateDir, listener, 0)
    const { code } = await agent.stop()
    return { said: line.msg, recoveryMs, lost: 0, ok: code === 0 }
  })

const disk: Scenario[] = [
  one('no-inodes', 'the file system has bytes and no inodes left when the box starts', async (kit) => {
    const dir = await kit.tmpfs(64e6)
    await kit.sh(
      `mount -o remount,nr_inodes=20 ${dir}; mkdir ${dir}/x ${dir}/state; i=0; while [ $i -lt 30 ]; do touch ${dir}/x/$i 2>/dev/null || true; i=$((i+1)); done`,
    )
    return withoutArchive(kit, join(dir, 'state'), /./, () => kit.sh(`rm -r ${dir}/x`))
  }),
  setAside('archive-is-a-directory', 'archive.sqlite is a directory', (file) =>
    mkdirSync(join(file, 'x'), { recursive: true }),
  ),
  setAside('archive-is-a-text', 'archive.sqlite is a megabyte of text', (file) =>
    writeFileSync(file, 'no database\n'.repeat(90_000)),
  ),
  one(
    'file-size-limit',
    'a limit of file sizes (prlimit --fsize, 2 MB; like a quota) is met by the archive',
    async (kit) => {
      const broker = await kit.broker()
      const listener = await kit.listener(broker)
      const source = await kit.clip({ fps: 25 })
      const config = await kit.config({ broker, cameras: [{ source, fps: 25, width: 448, height: 256 }] })
      const agent = kit.agent(config, { wrap: ['prlimit', '--fsize=2000000'] })
      const state = await kit.until('the state', degraded(listener, /./), 180)
      const { size } = listener.frames
      await kit.until('results', () => listener.frames.size > size + 20, 120)
      const running = agent.running
      const { code } = await agent.stop()
      return { said: state.reason ?? '', recoveryMs: null, lost: 0, ok: running && code === 0 }
    },
  ),
  one('damaged-journal', 'SIGKILL, then the second half of archive.sqlite-wal overwritten', async (kit) => {
    const broker = await kit.broker()
    const listener = await kit.listener(broker)
    const config = await kit.config({ broker })
    const first = kit.agent(config)
    await kit.until('frames', () => kit.archive.rows(kit.stateDir).length > 40, 120)
    await first.kill()
    const had = kit.archive.rows(kit.stateDir).length
    const wal = join(kit.stateDir, 'archive.sqlite-wal')
    const { length } = readFileSync(wal)
    const fd = openSync(wal, 'r+')
    writeSync(fd, Buffer.alloc(length >> 1, 0x5a), 0, length >> 1, length >> 1)
    closeSync(fd)
    const agent = kit.agent(config)
    await agent.logged('running', 120)
    const before = kit.archive.rows(kit.stateDir).length
    const recoveryMs = await isBack(kit, kit.stateDir, listener, before)
    const { code } = await agent.stop()
    const [check] = kit.archive.query<{ integrity_check: string }>(kit.stateDir, 'PRAGMA integrity_check')
    return {
      said: `${before} of ${had} frames readable at the start`,
      recoveryMs,
      lost: had - before,
      ok: code === 0 && before > 0 && check?.integrity_check === 'ok',
    }
  }),
]

export const scenarios: Scenario[] = [...cameras, ...brokers, ...disk]
