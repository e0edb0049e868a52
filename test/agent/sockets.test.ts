import t from 'tap'
import { reach, socketPaths } from '../../agent/sockets.js'

t.test('in the state directory, and else where systemd made a folder', async (t) => {
  t.strictSame(socketPaths('/state', undefined), ['/state/status.sock'])
  t.strictSame(socketPaths('/state', '/run/blindsight:/run/other'), [
    '/state/status.sock',
    '/run/blindsight/status.sock',
  ])
})

t.test('a short name stays as it is; a deep folder has to be there', async (t) => {
  t.equal(reach('/state/status.sock').path, '/state/status.sock')
  t.throws(() => reach(`/nonexistent/${'x'.repeat(120)}/status.sock`), /ENOENT/)
})
