/** node --import ./test/typescript.mjs FILE.ts: files are transpiled once per state of theirs, and kept in .tap/js. */
import { register } from 'node:module'

register('./typescript-hooks.mjs', import.meta.url)
