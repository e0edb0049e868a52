import t, { type Test } from 'tap'
import { thisMachine } from '../../../agent/doctor/machine.js'
import { temperature } from '../../../agent/doctor/temperature.js'

const look = (t: Test, thermal: object) =>
  temperature(thisMachine(t.testdir({ sys: { class: { thermal: thermal as Record<string, never> } } })))
const trip = (type: string, temp: number, at = 0) => ({
  [`trip_point_${at}_type`]: type,
  [`trip_point_${at}_temp`]: `${temp}\n`,
})

t.test('the zone that is nearest to where it is slowed down', async (t) => {
  const cool = look(t, {
    thermal_zone0: { type: 'cpu-thermal', temp: '70000', ...trip('critical', 104500), ...trip('passive', 99000, 1) },
    thermal_zone1: { type: 'tj-thermal', temp: '52500', ...trip('active', 51000), ...trip('hot', 60000, 1) },
    thermal_zone2: { type: 'off', temp: '' },
    thermal_zone3: { type: 'nonsense', temp: '-256000' },
    cooling_device0: {},
  })
  t.strictSame(cool, {
    name: 'temperature',
    ok: true,
    text: '53 °C at tj-thermal, slowed down from 60 °C on: close to it; give it air, or less work: fewer frames a second, a smaller picture',
  })
})

t.test('too hot, cool, and no sensor', async (t) => {
  t.match(look(t, { thermal_zone0: { type: 'CPU-therm', temp: '91000' } }), {
    ok: false,
    text: /^91 °C .*85 °C on: it is slowed down now/,
  })
  t.match(look(t, { thermal_zone0: { temp: '40000' } }), {
    ok: true,
    text: /^40 °C at thermal_zone0, slowed down from 85 °C on$/,
  })
  t.match(look(t, {}), { ok: true, text: /no sensor/ })
})
