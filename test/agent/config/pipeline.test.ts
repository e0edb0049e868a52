import t from 'tap'
import { isPipeline, shownPipeline, wordsOf, wrongPipeline } from '../../../agent/config/pipeline.js'

t.test('words as a shell parts them', async (t) => {
  t.ok(isPipeline('gst:videotestsrc') && isPipeline('GST:a') && !isPipeline('/gst:a') && !isPipeline('gstx:a'))
  t.strictSame(wordsOf('gst:v4l2src device=/dev/video0  ! image/jpeg,width=1280 ! jpegdec'), [
    ...['v4l2src', 'device=/dev/video0', '!', 'image/jpeg,width=1280', '!', 'jpegdec'],
  ])
  t.strictSame(wordsOf(`gst: filesrc location="/a b/it's" x='"' ! "video/x-raw(memory:NVMM), width=(int)1280"`), [
    ...['filesrc', "location=/a b/it's", 'x="', '!', 'video/x-raw(memory:NVMM), width=(int)1280'],
  ])
  t.throws(() => wordsOf('gst:a "b'), /not closed/)
  t.strictSame(wordsOf('gst:a ""'), ['a', ''])
})

t.test('what is none says what to write', async (t) => {
  for (const right of [
    'gst:videotestsrc',
    'gst:nvarguscamerasrc sensor-id=0 ! nvvidconv',
    'gst:( a name=b ) b. ! queue',
  ])
    t.equal(wrongPipeline(right), undefined, right)
  for (const [source, says] of [
    ['gst:', /no pipeline behind gst:/],
    ['gst:  ', /no pipeline/],
    ['gst:! a', /between two elements/],
    ['gst:a !', /is added behind/],
    ['gst:a ! ! b', /two ! in a row/],
    ['gst:a "', /not closed/],
    ['gst:-v a ! b', /-v is an option/],
    ['gst:gst-launch-1.0 a', /is not a part of it/],
    ['gst:v4l2src ! autovideosink', /ends with autovideosink/],
    ['gst:v4l2src ! filesink location=/x', /ends with filesink/],
  ] as const)
    t.match(wrongPipeline(source), says, source)
})

t.test('others see its elements, and no property', async (t) => {
  t.equal(
    shownPipeline('gst:rtspsrc location=rtsp://u:geheim@c user-pw=geheim ! rtph264depay ! avdec_h264'),
    'gst:rtspsrc ! rtph264depay ! avdec_h264',
  )
  t.equal(shownPipeline('gst:a ! video/x-raw,width=1 ! b'), 'gst:a ! b')
})
