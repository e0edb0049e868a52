/** The units of systemd/, for a program under /usr/lib/blindsight: there they are of one under /opt/blindsight. */
const NODE = /^(Exec\w+)=\/usr\/bin\/env node \/opt\/blindsight\/node_modules\/blindsight\//gm

/** Nothing to run until `blindsight init`, or somebody, has written it: then that is no failure. */
const CONDITION = 'ConditionPathExists=/etc/blindsight/config.yaml'

/** @throws where the unit no longer has what is to be replaced */
export function packagedUnit(unit: string, name: string): string {
  const packaged = unit
    .replace(NODE, '$1=/usr/lib/blindsight/bin/node /usr/lib/blindsight/app/')
    .replace(/^Documentation=.*$/m, `Documentation=man:${name}(1) file:///usr/share/doc/blindsight/README.md`)
    .replace(/^(?=StartLimitIntervalSec=)/m, name === 'blindsight' ? `${CONDITION}\n` : '')
    .replace(/^# systemd\/install puts the absolute path of its node here\.\n/m, '')
  if (packaged.includes('/opt/blindsight') || !packaged.includes('/usr/lib/blindsight/bin/node'))
    throw new Error(`systemd/${name}.service starts the program otherwise than packaging/deb/unit.ts expects`)
  return packaged
}
