/** The client's verbs, for the one `blindsight` command (cli/main.ts). Each loads what it needs when it is called. */
import type { Command } from 'commander'
import { registerCollect } from './collect/command.js'
import { type LoadDecode, registerDecode } from './decode-command.js'
import { registerArchive } from './fetch/archive-command.js'
import { registerEvents } from './fetch/events-command.js'
import { registerInspect } from './inspect/command.js'
import { registerSubscribe } from './listen/command.js'
import { registerRelease } from './release/command.js'
import { type LoadView, registerView } from './view/command.js'

/** @param loadDecode, loadView where the code of these verbs comes from: a package for the box does not have it */
export function register(program: Command, loadDecode?: LoadDecode, loadView?: LoadView): void {
  registerSubscribe(program)
  registerArchive(program)
  registerEvents(program)
  registerCollect(program)
  registerInspect(program)
  registerDecode(program, loadDecode)
  registerView(program, loadView)
  registerRelease(program)
}
