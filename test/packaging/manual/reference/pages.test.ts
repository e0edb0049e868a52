/** docs/reference is made from the code: whoever changes an option, a key, a message or a metric writes it again by `npm run docs`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { referencePages } from '../../../../packaging/manual/reference/pages.js'

const dir = join(process.cwd(), 'docs', 'reference')

for (const [file, text] of referencePages())
  t.test(file, async (t) => {
    const written = readFileSync(join(dir, file), 'utf8')
    const [is, should] = firstDifference(written, text)
    t.equal(is, should, `docs/reference/${file} is what the code says; if it is not: npm run docs`)
  })

/** The pages are long: only the first lines that differ are shown. */
function firstDifference(a: string, b: string): [string | undefined, string | undefined] {
  const [left, right] = [a.split('\n'), b.split('\n')]
  const at = left.findIndex((line, i) => line !== right[i])
  return at < 0 ? [left[right.length], right[left.length]] : [left[at], right[at]]
}
