import t from 'tap'
import { Branches } from '../../../agent/publish/branches.js'

t.test('a refused topic: one try at growing intervals, until it is taken', async (t) => {
  let now = 0
  const branches = new Branches({ firstMs: 100, mostMs: 300 }, () => now)
  t.equal(branches.state('a'), 'open')
  branches.refused('a', 0x87)
  branches.refused('a', 0x87) // under way with the first one
  t.equal(branches.state('a'), 'held')
  t.equal(branches.nextMs, 100)
  now = 100
  t.equal(branches.state('a'), 'due')
  branches.trying('a')
  t.equal(branches.state('a'), 'held', 'one message finds out')
  branches.refused('a', 0x87)
  t.equal(branches.nextMs, 200)
  now = 300
  branches.trying('a')
  branches.refused('a', 0x87)
  t.equal(branches.nextMs, 300, 'and no longer than that')
  t.equal(branches.taken('a'), true)
  t.equal(branches.taken('a'), false)
  t.equal(branches.state('a'), 'open')
  t.equal(branches.nextMs, undefined)
})

t.test('a new connection may try at once, but not what the broker hangs up on', async (t) => {
  const branches = new Branches({ firstMs: 100, mostMs: 300 }, () => 0)
  branches.refused('a', 0x87)
  branches.refused('b', 'hang_up')
  branches.connected()
  t.equal(branches.state('a'), 'due')
  t.equal(branches.state('b'), 'held')
  t.equal(branches.hangsUp('b'), true)
  branches.trying('a')
  branches.refused('a', 0x87)
  branches.hungUp('a')
  branches.connected()
  t.equal(branches.state('a'), 'held', 'nor what it hung up behind')
})
