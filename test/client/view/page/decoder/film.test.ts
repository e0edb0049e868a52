import t from 'tap'
import { Film } from '../../../../../client/view/page/decoder/film.js'
import { Decoder } from '../../../../../codec/index.js'
import { records as coded, coding, frames as framesOf } from '../../../../codec/scene.js'

const recordsOf = () => coded(framesOf(1, 6), 'fast', 99)

const decoder = () => new Decoder(coding())

t.test('a segment, frame by frame', async (t) => {
  const film = new Film(Buffer.concat(recordsOf()))
  const { frames, faults, camera } = film.info(decoder())
  t.equal(frames.length, recordsOf().length)
  t.strictSame(faults, [])
  t.ok(camera)
  t.equal(film.frame(1)?.frame.seq, frames[1].seq)
  t.equal(film.frame(99), undefined)
})

t.test('damage is said, and what is before it is shown', async (t) => {
  const records = recordsOf()
  const bytes = Buffer.concat(records)
  bytes[records[0].length + records[1].length + 40] ^= 1
  const film = new Film(bytes)
  const { frames, faults } = film.info(decoder())
  t.equal(frames.length, 2)
  t.match(faults, [/^This segment is damaged: /])
  t.equal(new Film(Buffer.from('nothing of ours')).bundle, undefined)
})
