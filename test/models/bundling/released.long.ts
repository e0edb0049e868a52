/** A released bundle's weights, back in the networks that are trained: they compute what the bundle computes. */
import { spawnSync } from 'node:child_process'
import t from 'tap'
import { bundleDir } from '../../../agent/bundles.js'
import { python, root } from '../python.js'

for (const bundle of ['lean-1', 'lean-5'])
  t.test(`${bundle}: batch norms put back change nothing`, async (t) => {
    const args = ['test/models/bundling/unfolded.py', bundleDir(bundle)]
    const { status, stdout, stderr } = spawnSync(python, args, { cwd: root, encoding: 'utf8' })
    t.equal(status, 0, stderr)
    const moved: Record<string, Record<string, number>> = JSON.parse(stdout)
    t.strictSame(Object.keys(moved), ['encoder', 'classify', 'segment', 'decoder'])
    for (const [network, by] of Object.entries(moved))
      for (const [mode, share] of Object.entries(by)) t.ok(share < 1e-3, `${network}, ${mode}: moved by ${share}`)
  })
