import t from 'tap'
import { COOKIE, Doorkeeper, readTokens } from '../../../client/view/token.js'

const ann = 'a'.repeat(20)
const bob = 'b'.repeat(20)

t.test('a file has names and tokens', async (t) => {
  t.strictSame(readTokens(`# who may look\n\nann ${ann}\n${bob}\n`, 'FILE'), [
    { name: 'ann', token: ann },
    { name: 'token', token: bob },
  ])
  t.throws(() => readTokens('\n', 'FILE'), /no token in it, FILE/)
  t.throws(() => readTokens('short', 'FILE'), /too short.*16/)
  t.throws(() => readTokens('ann or bob', 'FILE'), /expected TOKEN or NAME TOKEN/)
})

t.test('whoever has one is known by its cookie afterwards, which is not the token', async (t) => {
  const door = new Doorkeeper(readTokens(`ann ${ann}\nbob ${bob}`, 'FILE'))
  t.equal(door.byToken(bob)?.name, 'bob')
  for (const wrong of ['', 'a', `${ann}a`, ann.toUpperCase()]) t.equal(door.byToken(wrong), undefined)
  const set = door.cookie(door.byToken(ann)!, false)
  t.match(set, /; HttpOnly; SameSite=Lax; Path=\/$/)
  t.notMatch(set, ann)
  const cookie = set.split(';')[0]
  t.equal(door.byCookie(`theme=dark; ${cookie}`)?.name, 'ann')
  for (const wrong of [undefined, '', `${COOKIE}=`, `${COOKIE}=${ann}`, `${cookie}0`])
    t.equal(door.byCookie(wrong), undefined)
  t.equal(new Doorkeeper([{ name: 'ann', token: 'c'.repeat(20) }]).byCookie(cookie), undefined)
})
