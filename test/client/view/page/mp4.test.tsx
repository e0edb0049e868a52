import t from 'tap'
import { makeMp4 } from '../../../../client/view/page/mp4.js'
import { filmOf } from './film-of.js'

t.test('without an encoder no frame is asked for; page.long.ts saves a video in Chromium', async (t) => {
  const asked: number[] = []
  const paint = (index: number) => {
    asked.push(index)
    return Promise.reject(new Error('not wanted'))
  }
  await t.rejects(
    makeMp4(filmOf(1, 3).info, paint, () => {}),
    { message: 'this browser encodes no video of 2×1' },
  )
  t.strictSame(asked, [])
})
