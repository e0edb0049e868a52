/** Under the Node that runs it: prints what check.ts finds, also in the bitstreams named (paths in the repository). */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { check } from './check.js'

const root = join(import.meta.dirname, '..', '..', '..')
const lines = await check(
  {
    read: (path) => readFile(join(root, path)),
    sha256: async (bytes) => createHash('sha256').update(bytes).digest('hex'),
  },
  process.argv.slice(2),
)
console.error(`${process.arch}, Node ${process.version}`)
console.log(lines.join('\n'))
