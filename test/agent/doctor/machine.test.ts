import t from 'tap'
import { thisMachine } from '../../../agent/doctor/machine.js'

t.test('files below a root, without NUL and line break; nothing where there is nothing', async (t) => {
  const machine = thisMachine(t.testdir({ a: { b: 'text\0\n', c: '' } }))
  t.equal(machine.read('/a/b'), 'text')
  t.equal(machine.read('/a'), undefined)
  t.strictSame(machine.list('/a'), ['b', 'c'])
  t.strictSame(machine.list('/no'), [])
})

t.test('what a program prints; one that fails or is not there says nothing', async (t) => {
  const machine = thisMachine()
  t.equal(await machine.run(process.execPath, ['-p', '1+1']), '2\n')
  t.equal(await machine.run(process.execPath, ['-e', 'process.exit(1)']), undefined)
  t.equal(await machine.run('/no/such/program', []), undefined)
})
