import t from 'tap'
import { bootPattern, eventIdPattern, idPattern, refPattern } from '../../contract/names.js'

t.test('what a name is, and what is none', async (t) => {
  const boot = '0123456789abcdef'
  const names: [RegExp, string[], string[]][] = [
    [idPattern, ['gate-1', 'a'.repeat(64)], ['', 'Gate', 'a/b', 'a\n', 'a'.repeat(65)]],
    [bootPattern, [boot], [boot.slice(1), boot.toUpperCase(), `${boot}0`]],
    [refPattern, [`gate-1/${boot}/0`], [`gate-1/${boot}/-1`, `gate-1/${boot}`, `gate-1/${boot}/12345678901`]],
    [eventIdPattern, ['gate-1-01234567-12'], ['gate 1', 'a'.repeat(97)]],
  ]
  for (const [pattern, right, wrong] of names) {
    for (const name of right) t.match(name, pattern)
    for (const name of wrong) t.notMatch(name, pattern)
  }
})
