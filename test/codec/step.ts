/** npm test tries every fifth byte, whose bits take turns; every.long.ts tries all. */
export const STEP = process.env.EVERY_BYTE ? 1 : 5
