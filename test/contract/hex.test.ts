import t from 'tap'
import { shortHash } from '../../contract/hex.js'

t.test('as codec/FORMAT.md has it: the first 8 bytes, 16 digits', async (t) => {
  t.equal(shortHash('0123456789abcdef'.repeat(4)), '0123456789abcdef')
  t.equal(shortHash(`${'ab'.repeat(8)}${'00'.repeat(24)}`), 'ab'.repeat(8))
})
