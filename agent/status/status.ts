/** `status`: one screen, from the running box itself, also when its broker, its disk or its configuration is not as it should be. */

import { resolve } from 'node:path'
import { typed } from '../../contract/command-line.js'
import { type Examined, examine, type LoadedConfig } from '../config/load.js'
import { folderOf } from '../config/paths.js'
import { readText } from '../config/text.js'
import { AgentError, ExitCode, messageOf } from '../errors.js'
import { fit } from '../fit.js'
import { RUN_DIR, socketPaths } from '../sockets.js'
import { usable } from '../usable.js'
import { ask, type Place } from './ask.js'
import { screen, wrongs } from './screen.js'

export interface StatusOptions {
  readonly config: string
  readonly stateDir?: string
  readonly json?: boolean
}

interface Where {
  readonly stateDir: string
  readonly http?: LoadedConfig['http']
  readonly wrong?: string
}

/** Where to look, as far as the configuration tells; one that is wrong by now is a wrong to show, and no reason not to look. */
async function find(options: StatusOptions): Promise<Where> {
  if (options.stateDir !== undefined) return { stateDir: resolve(options.stateDir) }
  const examined = examine(options.config)
  const wrong = await wrongOf(examined)
  if (examined.error) return { stateDir: stateDirIn(options.config) ?? '/var/lib/blindsight', ...wrong }
  const { stateDir, http } = examined.config
  return { stateDir, ...(http && { http }), ...wrong }
}

/** Ports are the service's, which may have them where this user may not. */
async function wrongOf(examined: Examined): Promise<Pick<Where, 'wrong'>> {
  try {
    await usable(examined, fit, async () => {})
    return {}
  } catch (error) {
    return { wrong: `the configuration that the next start or reload would take: ${messageOf(error)}` }
  }
}

function stateDirIn(file: string): string | undefined {
  try {
    const written = /^\s*"?stateDir"?\s*:\s*["']?([^"'#,\n]+?)["']?\s*(?:[#,].*)?$/m.exec(readText(file))?.[1]
    return written === undefined ? undefined : resolve(folderOf(file), written)
  } catch {
    return undefined
  }
}

export async function status(options: StatusOptions): Promise<void> {
  const { stateDir, http, wrong } = await find(options)
  const sockets: Place[] = socketPaths(stateDir, RUN_DIR).map((socketPath) => ({ socketPath }))
  const places = http?.port ? [...sockets, { host: http.host, port: http.port }] : sockets
  const answer = await ask(places, stateDir)
  if (!('facts' in answer)) {
    const { failure, reason } = answer
    const hints = {
      absent:
        'not running; why it ended: systemctl status blindsight, journalctl -u blindsight -n 50; one that was started by hand: --config FILE',
      denied: `this user may not ask: sudo ${typed('status')}, or become a member of the group blindsight`,
      silent: 'it runs and does not answer; systemd restarts it after WatchdogSec',
    }
    if (options.json) console.log(JSON.stringify({ v: 1, ok: false, why: failure, reason }))
    const code = failure === 'absent' ? ExitCode.input : ExitCode.unexpected
    throw new AgentError('input', [`${reason}`, hints[failure], wrong].filter(Boolean).join('\n'), code)
  }
  const { facts } = answer
  const found = [...wrongs(facts), ...(wrong ? [wrong] : [])]
  if (options.json) console.log(JSON.stringify({ ...facts, wrong: found }))
  else console.log(screen(facts) + (wrong ? `\n\n! ${wrong}` : ''))
  process.exitCode = found.length === 0 && facts.state === 'online' ? ExitCode.ok : ExitCode.unexpected
}
