import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Mp4Writer } from '../../../client/decode/mp4.js'
import { blank } from '../../../client/decode/picture.js'

t.test('pictures become a video, and before it is whole there is none', async (t) => {
  const dir = t.testdir()
  const file = join(dir, 'videos', 'a.mp4')
  const writer = new Mp4Writer(file, 5)
  for (let i = 0; i < 3; i++) await writer.add(blank(32, 16))
  t.notOk(existsSync(file))
  t.equal(await writer.finish(), true)
  t.strictSame(readdirSync(join(dir, 'videos')), ['a.mp4'])
  const show = [
    '-v',
    'error',
    '-count_frames',
    '-show_entries',
    'stream=width,codec_name,nb_read_frames',
    '-of',
    'json',
  ]
  const { stdout } = spawnSync('ffprobe', [...show, file], { encoding: 'utf8' })
  t.match(JSON.parse(stdout).streams, [{ codec_name: 'h264', width: 32, nb_read_frames: '3' }])
})

t.test('a picture of another size is refused, and nothing is left behind', async (t) => {
  const dir = t.testdir()
  const writer = new Mp4Writer(join(dir, 'a.mp4'), 5)
  await writer.add(blank(32, 16))
  await t.rejects(writer.add(blank(16, 16)), { code: 'input', message: /^pictures of 32x16 and 16x16, .*a\.mp4, / })
  await writer.discard()
  t.strictSame(readdirSync(dir), [])
})

t.test('no picture, no video; and no ffmpeg, or one that fails, is said', async (t) => {
  const dir = t.testdir()
  const file = join(dir, 'a.mp4')
  t.equal(await new Mp4Writer(file, 5).finish(), false)
  const failing = async (program: string) => {
    const writer = new Mp4Writer(file, 5, program)
    // More than the pipe takes: a writer that waited for it would wait for ever.
    const work = async () => {
      for (let i = 0; i < 50; i++) await writer.add(blank(256, 256))
      await writer.finish()
    }
    const error = await work().catch((cause) => cause)
    await writer.discard()
    return error
  }
  t.match(await failing(join(dir, 'none')), { code: 'other', message: /^no .*none, to write .*install it/ })
  const bad = join(dir, 'bad')
  writeFileSync(bad, '#!/bin/sh\necho "no such encoder" >&2\nexit 1\n')
  chmodSync(bad, 0o755)
  t.match(await failing(bad), { code: 'other', message: /bad failed, .*a\.mp4: no such encoder$/ })
})
