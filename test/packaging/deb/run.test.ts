import t from 'tap'
import { run } from '../../../packaging/deb/run.js'

t.test('what a program prints; what it said where it fails; what to install where it is missing', async (t) => {
  t.equal(await run('sh', ['-c', 'echo "$A $PWD"'], { cwd: '/', env: { A: 'a' } }), 'a /\n')
  await t.rejects(run('sh', ['-c', 'echo why >&2; exit 3']), /sh -c .* failed:\nwhy/)
  await t.rejects(run('no-such-program-at-all', []), /no-such-program-at-all is not installed: sh \.ci\/setup --deb/)
})
