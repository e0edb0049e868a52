/** The messages of test/client/box.ts. */
export { classifyResult, eventMessage } from '../box.js'
export { boot } from '../bundle.js'
