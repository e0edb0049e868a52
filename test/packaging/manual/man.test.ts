import t from 'tap'
import { buildProgram } from '../../../cli/program.js'
import { manPages } from '../../../packaging/manual/man.js'
import { allVerbs, nameOf, verbOf } from '../../../packaging/manual/verbs.js'

const program = verbOf(buildProgram())
const pages = manPages(program, { version: '9.8.7', date: '2026-05-04' })

/** What a reader sees: groff's requests and escapes taken away. */
const shown = (page: string): string =>
  page
    .split('\n')
    .filter((line) => !/^\.(SH|TP|TH|nf|fi)/.test(line))
    .map((line) => line.replace(/^\.B |^\\&/, ''))
    .join('\n')
    .replaceAll('\\-', '-')
    .replaceAll('\\(aq', "'")
    .replaceAll('\\(ga', '`')
    .replaceAll('\\(ha', '^')
    .replaceAll('\\(ti', '~')
    .replaceAll('\\e', '\\')

t.test('a page for every verb, and each says all that its --help says', (t) => {
  t.same(
    [...pages.keys()],
    allVerbs(program).map((verb) => `${nameOf(verb).replaceAll(' ', '-')}.1`),
  )
  for (const verb of allVerbs(program)) {
    const text = shown(pages.get(`${nameOf(verb).replaceAll(' ', '-')}.1`)!)
    const lines = text.split('\n')
    for (const { term, text } of [...verb.args, ...verb.options]) {
      const at = lines.indexOf(term)
      t.equal(lines[at + 1], text, `${nameOf(verb)}: ${term}`)
    }
    t.ok(text.includes(verb.notes.replaceAll(/^/gm, '').trim()), `${nameOf(verb)}: what stands below the options`)
    t.ok(text.includes(`${nameOf(verb)}\n${verb.usage}`), `${nameOf(verb)}: its usage`)
  }
  t.end()
})

t.test('the parts that every page has, and what only the first has', (t) => {
  const first = pages.get('blindsight.1')!
  t.match(
    first,
    /^\.TH "BLINDSIGHT" 1 "2026\\-05\\-04" "blindsight 9\.8\.7" "User Commands"\n\.SH NAME\nblindsight \\- A camera box/,
  )
  t.match(first, '/etc/blindsight/config.yaml')
  for (const [name, page] of pages) {
    t.match(page, /\n\.SH NAME\n[\s\S]+\n\.SH SYNOPSIS\n[\s\S]+\n\.SH SEE ALSO\n\.BR blindsight/, name)
    t.notMatch(page, /^(?!\.(SH|TH|TP|B|BR|nf|fi)\b)[.']/m, `${name}: no line is taken for a request`)
  }
  t.end()
})
