import t from 'tap'
import { inWords, isDamage, isFull, isReadFailure } from '../../../agent/archive/faults.js'

const error = (code: string) => Object.assign(new Error(code), { code })

t.test('what is damage, what a disk that fails, what one that is full', async (t) => {
  for (const code of ['SQLITE_CORRUPT', 'SQLITE_CORRUPT_INDEX', 'SQLITE_NOTADB']) t.ok(isDamage(error(code)), code)
  for (const code of ['SQLITE_BUSY', 'SQLITE_FULL', 'SQLITE_IOERR_READ', 'EACCES', ''])
    t.notOk(isDamage(error(code)), code)
  t.notOk(isDamage(new Error('of anything else')))
  t.ok(isReadFailure(error('SQLITE_IOERR_READ')))
  t.ok(isFull(error('SQLITE_FULL')))
})

t.test('each says what to do', async (t) => {
  const path = '/nowhere/archive.sqlite'
  t.match(inWords(error('ENOSPC'), path), /full/)
  t.match(inWords(error('EROFS'), path), /read-only/)
  t.match(inWords(error('EACCES'), path), /owner/)
  t.match(inWords(error('SQLITE_CANTOPEN'), path), /stateDir/)
})
