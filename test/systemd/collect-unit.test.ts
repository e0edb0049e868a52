import { registerCollect } from '../../client/collect/command.js'
import { holdsUnit } from './client-unit.js'

holdsUnit('collect', registerCollect, /^ExecStart=\/usr\/bin\/env node \S+ collect \$COLLECT_FLAGS$/)
