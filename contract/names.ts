/** How devices, cameras, zones, frames and events are named. */

/** Of devices, cameras and zones. */
export const idPattern = /^[a-z0-9_-]{1,64}$/
/** A random one of each run of an agent. */
export const bootPattern = /^[0-9a-f]{16}$/
/** Of an archived frame: cam/boot/seq. */
export const refPattern = /^[a-z0-9_-]{1,64}\/[0-9a-f]{16}\/\d{1,10}$/
export const eventIdPattern = /^[a-z0-9_-]{1,96}$/
