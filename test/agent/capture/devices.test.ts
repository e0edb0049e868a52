import { join } from 'node:path'
import t from 'tap'
import { findDevices, formatsIn } from '../../../agent/capture/devices.js'

/** As ffmpeg 5.1 prints it. */
const WEBCAM = `[video4linux2,v4l2 @ 0x55d0] Compressed:       mjpeg :          Motion-JPEG : 1920x1080 1280x720 640x480
[video4linux2,v4l2 @ 0x55d0] Raw       :     yuyv422 :           YUYV 4:2:2 : 640x480 320x240
[video4linux2,v4l2 @ 0x55d0] Raw       : Unsupported :  some vendor's format : 640x480
/dev/video0: Immediate exit requested`

t.test('what a device sends', async (t) => {
  t.strictSame(formatsIn(WEBCAM), [
    { format: 'mjpeg', sizes: ['1920x1080', '1280x720', '640x480'] },
    { format: 'yuyv422', sizes: ['640x480', '320x240'] },
  ])
  t.strictSame(formatsIn('[video4linux2,v4l2 @ 0x1] Not a video capture device.'), [])
})

t.test('only those that give pictures, in the order of their numbers', async (t) => {
  const sys = t.testdir({
    class: {
      video4linux: {
        video10: { name: 'HD Webcam\n' },
        video2: { name: 'HD Webcam\n' },
        video3: { name: 'HD Webcam\n' },
        'v4l-subdev0': {},
        video4: {},
      },
    },
  })
  const asked: string[] = []
  const found = await findDevices(async (path) => {
    asked.push(path)
    return path === '/dev/video3' ? 'Inappropriate ioctl for device' : WEBCAM
  }, sys)
  t.strictSame(
    found.map(({ path, name }) => [path, name]),
    [
      ['/dev/video2', 'HD Webcam'],
      ['/dev/video4', 'video4'],
      ['/dev/video10', 'HD Webcam'],
    ],
  )
  t.strictSame(asked, ['/dev/video2', '/dev/video3', '/dev/video4', '/dev/video10'])
})

t.test('sensors on CSI: a pipeline each, in their own order', async (t) => {
  const csi = (name: string) => ({ name: `vi-output, ${name}\n` })
  const sys = t.testdir({
    class: {
      video4linux: { video0: { name: 'HD Webcam' }, video1: csi('imx219 9-0010'), video2: csi('imx219 10-0010') },
    },
  })
  const found = await findDevices(async (path) => (path === '/dev/video0' ? WEBCAM : ''), sys)
  t.match(found, [
    { path: '/dev/video0' },
    { path: '/dev/video1', source: 'gst:nvarguscamerasrc sensor-id=0 ! nvvidconv' },
    { path: '/dev/video2', source: 'gst:nvarguscamerasrc sensor-id=1 ! nvvidconv' },
  ])
})

t.test('a box without any, and a device that is none, asked of the real ffmpeg', async (t) => {
  t.strictSame(await findDevices(undefined, join(t.testdir(), 'nothing')), [])
  t.strictSame(await findDevices(undefined, t.testdir({ class: { video4linux: { video98765: {} } } })), [])
})
