import t from 'tap'
import { kernelSync, systemBoot, uptimeMs } from '../../agent/clock-sync.js'

t.test('what this system says of its clock', async (t) => {
  t.match(await kernelSync(), /^(yes|no|unknown)$/)
  t.equal(systemBoot(), systemBoot())
  t.ok((uptimeMs() ?? 1) > 0)
})

t.test("systemd's word, and nobody's", async (t) => {
  const { PATH } = process.env
  t.teardown(() => {
    process.env.PATH = PATH
  })
  for (const [says, sync] of [
    ['b true', 'yes'],
    ['b false', 'no'],
    ['', 'unknown'],
  ] as const) {
    const dir = t.testdir({ busctl: `#!/bin/sh\necho '${says}'\n` })
    process.env.PATH = `${dir}:${PATH}`
    const { chmodSync } = await import('node:fs')
    chmodSync(`${dir}/busctl`, 0o755)
    t.equal(await kernelSync(), sync)
  }
})
