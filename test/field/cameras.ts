/** Cameras as they are: what they claim, when they fall silent, how they refuse, what they are. */
import { spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { FieldAgent } from './agent.js'
import type { Kit } from './kit.js'
import { type RtspOptions, startRtspServer } from './rtsp-server.js'
import type { Outcome, Scenario } from './scenario.js'

const HOUR = 3600 * 90_000
const PASSWORD = 'p/a#s?s w@1%'

export async function camera(kit: Kit, options: RtspOptions, keys: Record<string, unknown> = {}) {
  const server = await startRtspServer(options)
  kit.defer(() => server.close())
  const broker = await kit.broker()
  const listener = await kit.listener(broker)
  const config = await kit.config({ broker, cameras: [{ source: server.url, ...keys }] })
  return { server, broker, listener, config, agent: kit.agent(config) }
}

export const online = (agent: FieldAgent) =>
  agent.logged(({ msg, state }) => msg === 'camera' && state === 'online', 120)
export const ffmpegs = (kit: Kit) => kit.processes.marked().filter(({ command }) => /ffmpeg .*rawvideo/.test(command))
const rateOf = (times: number[]) => ((times.length - 1) * 1000) / (times.at(-1)! - times[0]!)
const timesOf = (kit: Kit) => kit.archive.rows(kit.stateDir).map((row) => Number(row.time_us) / 1000)

export function claims(name: string, stamp: (n: number) => number, short: boolean): Scenario {
  return {
    id: `cameras/stamps-${name.replaceAll(' ', '-')}`,
    fault: `an RTSP camera of 10 frames a second whose time stamps ${name}; fps: 5`,
    short,
    seconds: 15,
    async run(kit) {
      const { agent, server } = await camera(kit, { fps: 10, stamp })
      await online(agent)
      await kit.until('40 frames', () => timesOf(kit).length >= 40, 180)
      await agent.stop()
      const times = timesOf(kit)
      const rate = rateOf(times)
      const gap = Math.max(...times.slice(1).map((time, i) => time - times[i]!))
      const made = times.length > server.sent.length
      return {
        said: `${times.length} frames of ${server.sent.length} sent, ${rate.toFixed(2)} a second, longest gap ${Math.round(gap)} ms`,
        recoveryMs: null,
        lost: 0,
        ok: rate < 5.6 && rate > 2 && !made && gap < 5000,
      }
    },
  }
}

function slow(fps: number, keys: object, short: boolean): Scenario {
  return {
    id: `cameras/slow-${fps}`,
    fault: `a camera that sends ${fps} frames a second`,
    short,
    seconds: 10 + 4 / fps,
    async run(kit) {
      const { agent, server } = await camera(kit, { fps }, { ...keys })
      const started = performance.now()
      await online(agent)
      const recoveryMs = performance.now() - started
      await kit.until('three frames', () => timesOf(kit).length >= 3, 300)
      const late = timesOf(kit).map((time) => {
        const before = server.sent.map((ms) => ms + performance.timeOrigin).filter((ms) => ms <= time + 100)
        return time - before.at(-1)!
      })
      const stalls = agent.count(({ msg, state }) => msg === 'camera' && state === 'stalled')
      await agent.stop()
      const most = Math.max(...late)
      return {
        said: `online, ${stalls} stalls, frames stamped at most ${Math.round(most)} ms after they were sent`,
        recoveryMs,
        lost: 0,
        ok: most < 900 / fps && stalls === 0,
      }
    },
  }
}

export function refuses(name: string, options: RtspOptions, fault: string, said: RegExp, then: RtspOptions): Scenario {
  return {
    id: `cameras/${name}`,
    fault,
    short: false,
    seconds: 40,
    async run(kit) {
      const { agent, server, listener } = await camera(kit, options, { stallSeconds: 3 })
      const line = await agent.logged(({ msg, reason }) => msg === 'camera' && said.test(String(reason)), 120)
      await kit.until('three attempts', () => server.requests.filter((verb) => verb === 'OPTIONS').length >= 3, 120)
      const announced = new Set(listener.on(/cam\/cam\/state$/).map(({ payload }) => payload.toString()))
      server.set(then)
      const mended = performance.now()
      await online(agent)
      const recoveryMs = performance.now() - mended
      await agent.stop()
      return {
        said: String(line.reason),
        recoveryMs,
        lost: 0,
        ok: !/0x|pid|127\.0\.0\.1:\d+\//.test(String(line.reason)),
        note: `${announced.size} different states were announced`,
      }
    },
  }
}

export const scenarios: Scenario[] = [
  claims('jump an hour ahead', (n) => n * 9000 + (n < 20 ? 0 : HOUR), true),
  claims('jump an hour back', (n) => n * 9000 + (n < 20 ? HOUR : 0), false),
  claims('stand still', () => 777, false),
  claims('wrap', (n) => 2 ** 32 - 180_000 + n * 9000, false),
  claims('begin again each second', (n) => (n % 10) * 9000, false),
  claims('run at ten times the speed', (n) => n * 90_000, false),
  slow(1, {}, false),
  slow(0.5, {}, true),
  slow(0.2, { stallSeconds: 60 }, false),
  refuses('silent-from-the-start', { silentAt: 'play' }, 'says OK to PLAY and sends nothing', /no frame for 3 s/, {}),
  refuses('silent-in-the-middle', { silentAt: 10 }, 'sends nothing after 10 frames', /no frame for 3 s/, {}),
  refuses('no-answer', { silentAt: 'connect' }, 'takes the connection and answers nothing', /no frame for 3 s/, {}),
  refuses('not-found', { status: 404 }, 'answers 404', /no such stream \(404\)/, {}),
  refuses('no-room', { status: 453 }, 'answers 453', /no room for another viewer/, {}),
  refuses('closes', { closeAfter: 3 }, 'closes the connection after 3 frames', /ended|closed/, {}),
  {
    id: 'cameras/password-with-everything',
    fault: 'a password of / # ? @ % and a blank, right and then wrong; ps, log, state and doctor are searched for it',
    short: true,
    seconds: 25,
    async run(kit) {
      const login = { user: 'admin', password: PASSWORD, scheme: 'digest' } as const
      const server = await startRtspServer({ login })
      kit.defer(() => server.close())
      const source = `rtsp://admin:${PASSWORD}@127.0.0.1:${server.port}/stream`
      const broker = await kit.broker()
      const listener = await kit.listener(broker)
      const config = await kit.config({ broker, cameras: [{ source }] })
      const agent = kit.agent(config)
      await online(agent)
      const seen = [spawnSync('ps', ['-eo', 'args']).stdout.toString()]
      server.set({ login: { ...login, password: 'another' } })
      for (const { pid } of ffmpegs(kit)) process.kill(pid, 'SIGKILL')
      const line = await agent.logged(({ reason }) => /refuses the user name/.test(String(reason)), 120)
      const doctor = await kit.cli(['doctor', '--config', kit.configFile(config)])
      seen.push(
        JSON.stringify(agent.log),
        agent.other.join('\n'),
        doctor.out,
        doctor.err,
        listener.messages.map(({ payload }) => payload.toString('latin1')).join('\n'),
      )
      await agent.stop()
      const leaks = seen.filter((text) =>
        [PASSWORD, encodeURIComponent(PASSWORD), 'a#s?s'].some((s) => text.includes(s)),
      )
      const tries = server.requests.filter((verb) => verb === 'DESCRIBE').length
      return {
        said: String(line.reason),
        recoveryMs: null,
        lost: 0,
        ok: leaks.length === 0 && tries <= 8,
        note: `${leaks.length} places show it`,
      }
    },
  },
  {
    id: 'cameras/agent-killed',
    fault: 'SIGKILL to the agent while its camera is silent: does ffmpeg stay?',
    short: true,
    seconds: 20,
    async run(kit) {
      const { agent } = await camera(kit, { silentAt: 10 }, { stallSeconds: 600 })
      await online(agent)
      const before = ffmpegs(kit)
      await agent.kill()
      const killed = performance.now()
      await kit.until('no ffmpeg', () => ffmpegs(kit).length === 0, 30)
      return {
        said: `${before.length} ffmpeg before, none after`,
        recoveryMs: performance.now() - killed,
        lost: 0,
        ok: before.length === 1,
      }
    },
  },
  {
    id: 'cameras/hostile-playlist',
    fault: 'an http address answers with a playlist that names a file of the box',
    short: false,
    async run(kit): Promise<Outcome> {
      const secret = await kit.clip()
      const server = createServer((_, answer) => {
        answer.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl' })
        answer.end(`#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://${secret}\n#EXT-X-ENDLIST\n`)
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      kit.defer(() => server.close())
      const source = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.m3u8`
      const agent = kit.agent(await kit.config({ cameras: [{ source }] }))
      const line = await agent.logged(({ msg, state }) => msg === 'camera' && state === 'offline', 60)
      await agent.stop()
      const frames = timesOf(kit).length
      return {
        said: String(line.reason),
        recoveryMs: null,
        lost: 0,
        ok: frames === 0 && /may not/.test(String(line.reason)),
      }
    },
  },
  {
    id: 'cameras/ffmpeg-comes-later',
    fault: 'ffmpeg is not installed at start, and is then',
    short: false,
    async run(kit) {
      const bin = kit.path('bin')
      await kit.sh(`mkdir -p ${bin}`)
      const agent = kit.agent(await kit.config(), { env: { PATH: bin } })
      const line = await agent.logged(({ reason }) => /not installed/.test(String(reason)), 60)
      await kit.sh(`ln -s "$(command -v ffmpeg)" ${join(bin, 'ffmpeg')}`)
      const there = performance.now()
      await online(agent)
      const recoveryMs = performance.now() - there
      await agent.stop()
      return { said: String(line.reason), recoveryMs, lost: 0, ok: true }
    },
  },
]
