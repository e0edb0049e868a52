/** Draws again when something came, once a frame at most. */
import { useEffect, useState } from 'preact/hooks'
import { feed } from './shared.js'

export function useFeed(): void {
  const [, again] = useState(0)
  useEffect(() => {
    let waiting = 0
    const leave = feed.listen(() => {
      waiting ||= requestAnimationFrame(() => {
        waiting = 0
        again((n) => n + 1)
      })
    })
    return () => {
      cancelAnimationFrame(waiting)
      leave()
    }
  }, [])
}
