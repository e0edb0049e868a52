/** The configuration's text, and what it says before anything is written. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { typed } from '../../contract/command-line.js'
import { formatAddress, isAddress, parseAddress } from '../address.js'
import { type LoadedConfig, parseConfig } from '../config/load.js'
import { Config } from '../config/schema.js'
import { commented } from './commented.js'
import { configOf, type Draft, type Login, type Secret } from './draft.js'
import type { NewFile } from './files.js'

/** @param file where it will be; passwords lie beside it, in `folder` */
export function textOf(draft: Draft, file: string, folder: string): { text: string; secrets: Secret[] } {
  const { values, secrets } = configOf(draft, folder)
  const head = `# blindsight's configuration, made by \`blindsight init\`. Here \`# text\` explains, and \`#key: value\` is a default: without its # it
# is yours to change. Every key: config/example.yaml. Whether it is right: ${typed('check-config', file)}
`
  return { text: head + commented(Config, values), secrets }
}

/** As the agent would have it; passwords never touch a disk for that. @throws {AgentError} */
export function loaded(draft: Draft): LoadedConfig {
  const inAddress = <T extends Login>({ username, password, ...rest }: T, address: string) =>
    // Percent-encoded it is no variable of the environment.
    ({ rest, address: username ? formatAddress({ ...parseAddress(address), username, password }) : address })
  const cameras = draft.cameras.map((camera) => {
    if (!isAddress(camera.source)) return camera
    const { rest, address } = inAddress(camera, camera.source)
    return { ...rest, source: address }
  })
  const broker = draft.broker && inAddress(draft.broker, draft.broker.url)
  const { values } = configOf({ ...draft, cameras, broker: broker && { ...broker.rest, url: broker.address } }, '/')
  return parseConfig(JSON.stringify(values), '')
}

/** The text itself, with its passwords in files that live as long as it takes. @throws {AgentError} */
export function reread(draft: Draft, file: string): LoadedConfig {
  return tried((folder) => {
    const { text, secrets } = textOf(draft, file, folder)
    return { files: secrets, read: () => parseConfig(text, file) }
  })
}

/** Reads what names these files, each by its name in a folder that is gone afterwards. */
export function tried<T>(make: (folder: string) => { files: readonly NewFile[]; read: () => T }): T {
  const folder = mkdtempSync(join(tmpdir(), 'blindsight-init-'))
  try {
    const { files, read } = make(folder)
    for (const { file, text } of files) writeFileSync(join(folder, basename(file)), text, { mode: 0o600 })
    return read()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
