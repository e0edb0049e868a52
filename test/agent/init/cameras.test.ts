import t from 'tap'
import type { Found } from '../../../agent/init/box.js'
import { askCameras, said, usualCamera } from '../../../agent/init/cameras.js'
import { type Answer, box, Scripted } from './scripted.js'

const base = { cameras: [] }
const usual: Answer[] = [
  ['Which size', undefined],
  ['Frames a second', undefined],
  ['What should be told', undefined],
  ['Where?', undefined],
]

t.test('an address: its login is asked for when the camera wants one, and again when it was wrong', async (t) => {
  const tried: unknown[] = []
  const probe = async ({
    username,
    password,
  }: {
    username?: string | undefined
    password?: string | undefined
  }): Promise<Found> => {
    tried.push([username, password])
    if (password === 'right') return { ok: true, stream: { codec: 'hevc', width: 2560, height: 1440, fps: 15 } }
    return { ok: false, reason: 'the camera wants a user name and password (401 Unauthorized)', login: true }
  }
  const ask = new Scripted([
    ['Its address', 'rtsp://10.0.0.5/stream'],
    ['What now?', 'write user name'],
    ['User name', 'admin'],
    ['Password', 'wrong'],
    ['What now?', 'write user name'],
    ['User name', undefined],
    ['Password', ' right'],
    ['Password', 'right'],
    ['Its name', 'Gate!'],
    ['Its name', 'gate'],
    ...usual,
    ['Another camera?', false],
  ])
  const cameras = await askCameras(ask, box({ probe }), base, [])
  t.strictSame(cameras, [
    {
      id: 'gate',
      source: 'rtsp://10.0.0.5/stream',
      username: 'admin',
      password: 'right',
      width: 448,
      height: 256,
      fps: 10,
    },
  ])
  t.strictSame(tried, [
    [undefined, undefined],
    ['admin', 'wrong'],
    ['admin', 'right'],
  ])
  t.match(ask.refused.join(), /begins or ends with a blank.*use 1 to 64/)
  t.match(ask.said.join(), /No video devices.*H\.265.*half as much work.*sub-stream/)
  t.notMatch(ask.said.join(), /right|wrong/)
  t.equal(ask.left, 0)
})

t.test('devices with what they send; a second camera of the same name gets another', async (t) => {
  const formats = [{ format: 'mjpeg', sizes: ['1280x720', '640x480'] }]
  const devices = async () => [{ path: '/dev/video0', name: 'HD Webcam', formats }]
  const ask = new Scripted([
    ['Which camera?', '/dev/video0'],
    ['What should it send?', 'mjpeg 1280x720'],
    ['Its name', undefined],
    ...usual,
    ['Another camera?', true],
    ['Its address', '/no/such.mp4'],
    ['Its address', 'rtsp://u:p/w@host.local/a'],
    ['Its name', 'hd-webcam'],
    ['Its name', undefined],
    ...usual,
    ['Another camera?', false],
  ])
  const cameras = await askCameras(ask, box({ devices }), base, [])
  t.match(cameras, [
    { id: 'hd-webcam', source: '/dev/video0', inputFormat: 'mjpeg', inputSize: '1280x720' },
    { id: 'camera', source: 'rtsp://host.local/a', username: 'u', password: 'p/w' },
  ])
  t.match(ask.refused.join('; '), /no such file.*another camera has this name/)
  t.notMatch(ask.said.join(), /p\/w/, 'no password stays on the screen')
})

t.test('one that is not there yet: another address, as it is, or left out', async (t) => {
  const probe = async (): Promise<Found> => ({ ok: false, reason: 'connection refused', login: false })
  const ask = new Scripted([
    ['Its address', 'rtsp://a/1'],
    ['What now?', 'leave this camera out'],
    ['Its address', 'rtsp://b/1'],
    ['What now?', 'try again'],
    ['What now?', 'write another address'],
    ['Its address', 'rtsp://c/1'],
    ['What now?', 'take it as it is'],
    ['Its name', undefined],
    ...usual,
    ['Another camera?', false],
  ])
  const cameras = await askCameras(ask, box({ probe }), base, [])
  t.match(cameras, [{ id: 'camera', source: 'rtsp://c/1', width: 448, height: 256, fps: 10 }])
})

t.test('what a configuration would refuse is asked for again', async (t) => {
  let faults = 1
  const ask = new Scripted([
    ['Its name', undefined],
    ...usual,
    ['Its address', 'rtsp://b/1'],
    ['Its name', undefined],
    ...usual,
    ['Another camera?', undefined],
  ])
  const faultOf = () => (faults-- > 0 ? 'no such thing' : undefined)
  const cameras = await askCameras(ask, box({ faultOf }), base, [{ source: 'rtsp://a/1', called: 'Hof & Tor' }])
  t.match(cameras, [{ source: 'rtsp://b/1' }])
  t.match(ask.said.join(), /hof-tor|cannot be used: no such thing/)
})

t.test('what comes, in words', async (t) => {
  t.equal(said({ codec: 'h264', width: 640, height: 360 }), 'Pictures come: H.264, 640x360.')
  t.match(said({ codec: 'mjpeg', width: 1920, height: 1080, fps: 5 }), /mjpeg, 1920x1080, 5 frames\/s.*sub-stream/)
})

t.test('--yes: proportions and rate of the camera, a name that is free', async (t) => {
  const found: Found = { ok: true, stream: { codec: 'h264', width: 640, height: 480, fps: 5 } }
  const first = usualCamera(box(), { source: '/x/My Street.mp4' }, [], found)
  t.strictSame(first, { id: 'my-street', source: '/x/My Street.mp4', width: 384, height: 288, fps: 5 })
  const second = usualCamera(box(), { source: '/y/my-street.mp4' }, [first], { ok: false, reason: '', login: false })
  t.match(second, { id: 'my-street-2', width: 448, height: 256, fps: 10 })
})
