import { readFileSync } from 'node:fs'
import t from 'tap'
import { packagedUnit } from '../../../packaging/deb/unit.js'

for (const name of ['blindsight', 'blindsight-collect'])
  t.test(`${name}.service starts the packaged program with the packaged Node`, (t) => {
    const source = readFileSync(`systemd/${name}.service`, 'utf8')
    const unit = packagedUnit(source, name)
    const starts = unit.split('\n').filter((line) => /^Exec/.test(line) && !line.includes('/bin/kill'))
    t.ok(starts.length > 0)
    for (const line of starts)
      t.match(line, /=\/usr\/lib\/blindsight\/bin\/node \/usr\/lib\/blindsight\/app\/dist\/cli\/main\.js \w/)
    t.notMatch(unit, '/opt/')
    t.match(unit, `Documentation=man:${name}(1)`)
    const kept = (text: string) =>
      text.split('\n').filter((line) => !/^(Exec|Documentation|ConditionPath|#)/.test(line))
    t.same(kept(unit), kept(source), 'all the rest as it is: hardening, restarts, limits')
    t.end()
  })

t.test('a unit that starts otherwise is refused, and not packed with a path that is not there', (t) => {
  t.throws(() => packagedUnit('[Service]\nExecStart=/opt/blindsight/run\n', 'blindsight'), /packaging\/deb\/unit\.ts/)
  t.end()
})
