import t from 'tap'
import { hostFault, isLoopback } from '../../../client/view/host.js'

t.test('loopback has three names', async (t) => {
  for (const host of ['127.0.0.1', 'localhost', '::1', '[::1]']) t.ok(isLoopback(host), host)
  for (const host of ['0.0.0.0', '192.168.1.2', 'localhost.evil.example', '']) t.notOk(isLoopback(host), host)
})

t.test("a stranger's name for this server is refused", async (t) => {
  for (const right of ['127.0.0.1:8484', 'localhost:8484', 'LOCALHOST:8484', '[::1]:8484'])
    t.equal(hostFault(right, 8484), undefined)
  for (const wrong of [
    undefined,
    '',
    'evil.example:8484',
    '127.0.0.1',
    '127.0.0.1:80',
    'localhost.evil.example:8484',
    'a@127.0.0.1:8484',
  ])
    t.match(hostFault(wrong, 8484), /open http:\/\/127\.0\.0\.1:8484\//, `${wrong}`)
  t.notMatch(hostFault('<script>:1', 8484), /[<>]/)
})
