/** node --import ./test/typescript.mjs FILE.ts: files are transpiled once per state of theirs, and kept in .tap/js. */
import { register } from 'node:module'

register('./typescript-hooks.mjs', import.meta.url)

// tap would end a test file after 30 s, which a slow machine needs for some; test/run.ts ends what hangs.
process.env.TAP_TIMEOUT ??= '86400'
