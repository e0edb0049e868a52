import { spawnSync } from 'node:child_process'
import t from 'tap'
import {
  failureInWords,
  inWords,
  isDamage,
  isFull,
  isReadFailure,
  refusedWrite,
} from '../../../agent/archive/faults.js'

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

t.test('a write that the system refuses: what it may be, by the size of the file', async (t) => {
  const limited =
    'Limit  Soft Limit  Hard Limit  Units\nMax file size             2000000              2000000              bytes\n'
  const unlimited = 'Max file size             unlimited            unlimited            bytes\n'
  t.match(
    refusedWrite('x', limited, () => 1_998_848),
    /as this process may make one, 2 MB: .*LimitFSIZE=.*maxMegabytes/,
  )
  t.match(
    refusedWrite('x', unlimited, () => 2 ** 32 - 4096),
    /on FAT, 4 GB: .*stateDir/,
  )
  for (const limits of [limited, unlimited, ''])
    t.match(
      refusedWrite('x', limits, () => 10_000),
      /a quota.*dmesg/,
    )

  const path = '/nowhere/archive.sqlite'
  const failure = Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_WRITE' })
  t.match(failureInWords(failure, path), /^disk I\/O error: the disk refuses the write: a quota/)
  t.match(inWords(failure, path), /^the disk refuses the write/)
  t.equal(failureInWords(new Error('database or disk is full'), path), 'database or disk is full')
})

t.test('SQLite itself, with a limit on file sizes', async (t) => {
  const dir = t.testdir()
  const faults = new URL('../../../agent/archive/archive.js', import.meta.url)
  const words = new URL('../../../agent/archive/faults.js', import.meta.url)
  const script = `
    const { Archive } = await import(${JSON.stringify(faults.href)})
    const { failureInWords } = await import(${JSON.stringify(words.href)})
    const archive = Archive.open(${JSON.stringify(dir)})
    try {
      for (let seq = 0; ; seq++)
        archive.commit({ cam: 'a', boot: '0123456789abcdef', seq, timeUs: seq, keySeq: seq, bits: new Uint8Array(50_000),
          sha256: 'ab'.repeat(32), model: 'm', result: '{}', parts: 1 })
    } catch (error) {
      console.log(failureInWords(error, archive.path))
    }
    process.exit()`
  const { stdout, stderr } = spawnSync(
    'prlimit',
    ['--fsize=2000000', process.execPath, '--input-type=module', '-e', script],
    {
      encoding: 'utf8',
    },
  )
  t.match(stdout, /^disk I\/O error: a file of it is as large as this process may make one, 2 MB/, stderr)
})
