/** Pictures for cameras that are not there: H.264 made by ffmpeg once, cut into access units. */
import { execFileSync } from 'node:child_process'

const made = new Map<string, Buffer[][]>()

/** The NAL units of each of 20 frames, all of them keyframes with their parameter sets; the pictures differ. */
export function accessUnits(size = '160x96', encode: readonly string[] = []): readonly (readonly Buffer[])[] {
  const key = [size, ...encode].join(' ')
  const known = made.get(key)
  if (known) return known
  const stream = execFileSync(
    'ffmpeg',
    [
      ...['-v', 'error', '-f', 'lavfi', '-i', `testsrc=s=${size}:r=10`, '-frames:v', '20'],
      ...[
        '-c:v',
        'libx264',
        '-preset',
        'ultrafast',
        '-tune',
        'zerolatency',
        '-g',
        '1',
        '-pix_fmt',
        'yuv420p',
        ...encode,
      ],
      ...['-bsf:v', 'h264_metadata=aud=insert', '-f', 'h264', '-'],
    ],
    { maxBuffer: 1 << 26 },
  )
  const units: Buffer[][] = []
  for (const nal of nals(stream)) {
    const type = nal[0]! & 31
    if (type === 9) units.push([])
    else if (type !== 6) units.at(-1)!.push(nal) // cameras send no delimiters, so a reader has to wait for the next frame
  }
  made.set(key, units)
  return units
}

function* nals(stream: Buffer): Generator<Buffer> {
  const START = Buffer.from([0, 0, 1])
  for (let at = stream.indexOf(START); at >= 0; ) {
    const next = stream.indexOf(START, at + 3)
    let end = next < 0 ? stream.length : next
    while (stream[end - 1] === 0) end--
    yield stream.subarray(at + 3, end)
    at = next
  }
}
