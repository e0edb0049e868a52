import t from 'tap'
import { multipliesBytes } from '../../../agent/infer/bytes.js'

const cpuinfo = (flags: string) =>
  `processor\t: 0\nmodel name\t: avx_vnni in its name\nflags\t\t: fpu ${flags} sse2\nbugs\t\t:\n`

t.test('a processor is fast with bytes by its flags', async (t) => {
  t.equal(multipliesBytes(cpuinfo('avx2')), false)
  t.equal(multipliesBytes(cpuinfo('avx2 avx512f avx512_vnni')), true)
  t.equal(multipliesBytes(cpuinfo('avx2 avx_vnni')), true)
  t.equal(multipliesBytes('processor : 0\nFeatures : fp asimd asimddp\n'), false, 'arm64: not measured')
  t.equal(multipliesBytes(''), false)
  t.type(multipliesBytes(), 'boolean')
})
