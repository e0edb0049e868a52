import t from 'tap'
import { cpuMsOf, statOf } from '../../../agent/capture/stat.js'

t.test('a process that runs, and one that is not there', (t) => {
  const fields = statOf(process.pid)
  t.match(fields[0], /^[RSD]$/)
  t.equal(Number(fields[1]), process.ppid)
  t.same(statOf(0), [])
  t.ok(cpuMsOf(process.pid)! > 0)
  t.equal(cpuMsOf(undefined), undefined)
  t.equal(cpuMsOf(0), undefined)
  t.end()
})
