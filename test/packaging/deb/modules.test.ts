import t from 'tap'
import { copyrightFile } from '../../../packaging/deb/copyright.js'
import { modulesOf } from '../../../packaging/deb/modules.js'

const mit = 'MIT License\n\nCopyright (c) 2020 Ada\n\nPermission is hereby granted\n\n\tto anybody.\n'

t.test('npm packages with their licences, nested and scoped ones too', async (t) => {
  const dir = t.testdir({
    node_modules: {
      '.bin': {},
      a: {
        'package.json': JSON.stringify({ name: 'a', version: '1.0.0', license: 'MIT' }),
        LICENSE: mit,
        node_modules: {
          b: { 'package.json': JSON.stringify({ name: 'b', version: '2.0.0', licenses: [{ type: 'ISC' }] }) },
        },
      },
      '@s': {
        c: {
          'package.json': JSON.stringify({
            name: '@s/c',
            version: '3.0.0',
            license: '(MIT OR Apache-2.0)',
            author: 'Bo <b@o>',
          }),
        },
        d: {
          'package.json': JSON.stringify({ name: '@s/d', version: '3.0.0', license: 'Apache-2.0' }),
          'LICENSE.txt': '(c) You must retain\nCopyright [yyyy] [name]\n',
        },
      },
    },
  })
  const modules = await modulesOf(dir)
  t.same(
    modules.map(({ name, version, license, folder }) => [name, version, license, folder]),
    [
      ['@s/c', '3.0.0', '(MIT OR Apache-2.0)', 'node_modules/@s/c'],
      ['@s/d', '3.0.0', 'Apache-2.0', 'node_modules/@s/d'],
      ['a', '1.0.0', 'MIT', 'node_modules/a'],
      ['b', '2.0.0', 'ISC', 'node_modules/a/node_modules/b'],
    ],
  )

  const file = copyrightFile(modules, 'Ours.\n\nAll.')
  t.match(file, 'Files: usr/lib/blindsight/app/node_modules/a/*\nCopyright: (c) 2020 Ada\nLicense: MIT\n')
  t.match(file, 'app/node_modules/@s/c/*\nCopyright: Bo\nLicense: MIT\n')
  t.match(file, 'app/node_modules/@s/d/*\nCopyright: the authors of @s/d\nLicense: Apache-2.0\n')
  t.match(file, 'License: MIT\n MIT License\n .\n Permission is hereby granted\n .\n   to anybody.\n')
  t.match(file, 'License: Apache-2.0\n On Debian systems, see /usr/share/common-licenses/Apache-2.0.\n')
  t.match(file, 'Files: *\nCopyright: the blindsight founders\nLicense: Apache-2.0\nComment:\n Ours.\n .\n All.\n')
  for (const stanza of file.split('\n\n'))
    t.match(stanza, /^(Format|Files|License): /, 'an empty line only between stanzas')
})

t.test('a package that says no licence cannot be passed on', async (t) => {
  const dir = t.testdir({ node_modules: { a: { 'package.json': '{"name":"a","version":"1.0.0"}' } } })
  await t.rejects(modulesOf(dir), /node_modules\/a\/package\.json says no licence/)
})
