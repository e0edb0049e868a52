import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'

const folder = 'packaging/deb/files'

t.test('maintainer scripts are sound POSIX shell', (t) => {
  for (const script of ['blindsight', 'preinst', 'postinst', 'prerm', 'postrm']) {
    execFileSync('sh', ['-n', `${folder}/${script}`])
    if (script !== 'blindsight')
      t.match(readFileSync(`${folder}/${script}`, 'utf8'), /^#!\/bin\/sh\n[\s\S]*\nset -e\n/, script)
  }
  t.end()
})

t.test('the folders that systemd makes for the units are those that the package makes', (t) => {
  const tmpfiles = readFileSync(`${folder}/tmpfiles.conf`, 'utf8')
  const sysusers = readFileSync(`${folder}/sysusers.conf`, 'utf8')
  for (const name of ['blindsight', 'blindsight-collect']) {
    const unit = readFileSync(`systemd/${name}.service`, 'utf8')
    const value = (key: string) => unit.match(new RegExp(`^${key}=(.*)$`, 'm'))![1]
    t.match(
      tmpfiles,
      `d /var/lib/${value('StateDirectory')} ${value('StateDirectoryMode')} ${value('User')} ${value('Group')} -\n`,
    )
    t.match(sysusers, `u ${value('User')} - `)
  }
  const groups = readFileSync('systemd/blindsight.service', 'utf8').match(/^SupplementaryGroups=(.*)$/m)![1]!
  for (const group of groups.split(' ')) {
    t.match(sysusers, `g ${group} -`)
    t.match(sysusers, `m blindsight ${group}`)
  }
  t.end()
})
