/** Which heads run on a camera: those that its configuration names, else all that the bundle has. */
import { type Bundle, type Head, headsOf } from '../contract/bundle.js'

export const headsOn = (camera: { readonly heads?: readonly Head[] | undefined }, bundle: Bundle): readonly Head[] =>
  camera.heads ?? headsOf(bundle.manifest)
