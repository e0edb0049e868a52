/** Starts what grabs a source's frames: GStreamer for a pipeline, ffmpeg for all else. */
import { startFfmpeg } from './ffmpeg.js'
import { startGstreamer } from './gstreamer.js'
import { kindOf } from './source.js'

export const startGrabber: typeof startFfmpeg = (source, sink, ended, logged) =>
  kindOf(source.source) === 'gst' ? startGstreamer(source, sink, ended) : startFfmpeg(source, sink, ended, logged)
