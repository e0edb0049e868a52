/** The npm packages in the program's tree, with their licences: for the copyright file and the bill of materials. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

export interface Module {
  readonly name: string
  readonly version: string
  /** SPDX expression. */
  readonly license: string
  /** Below the tree: `node_modules/kysely`. */
  readonly folder: string
  /** Its licence's text, as it came. */
  readonly text?: string
  readonly author?: string
}

interface Manifest {
  name?: string
  version?: string
  license?: string | { type?: string }
  licenses?: { type?: string }[]
  author?: string | { name?: string }
}

export async function modulesOf(app: string): Promise<Module[]> {
  const found: Module[] = []
  const visit = async (modules: string): Promise<void> => {
    if (!existsSync(modules)) return
    for (const name of await readdir(modules)) {
      const folder = join(modules, name)
      if (name.startsWith('@')) await visit(folder)
      else if (existsSync(join(folder, 'package.json'))) {
        found.push(await moduleOf(app, folder))
        await visit(join(folder, 'node_modules'))
      }
    }
  }
  await visit(join(app, 'node_modules'))
  return found.sort((a, b) => (a.folder < b.folder ? -1 : 1))
}

async function moduleOf(app: string, folder: string): Promise<Module> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest
  const { name, version, author } = manifest
  const at = relative(app, folder)
  const license =
    (typeof manifest.license === 'string' ? manifest.license : manifest.license?.type) ?? manifest.licenses?.[0]?.type
  if (!name || !version || !license)
    throw new Error(
      `${at}/package.json says no ${!name ? 'name' : !version ? 'version' : 'licence'}: it cannot be passed on`,
    )
  const file = (await readdir(folder)).find((file) => /^(licen[cs]e|copying)/i.test(file))
  const writer = typeof author === 'string' ? author : author?.name
  return {
    name,
    version,
    license,
    folder: at,
    ...(file && { text: await readFile(join(folder, file), 'utf8') }),
    ...(writer && { author: writer.replace(/\s*[<(].*/, '') }),
  }
}
