/** The fuzz for an hour's worth of damage: FUZZ_RUNS random files, ten times what a release had before it. */
process.env.FUZZ_RUNS ??= '200000'
await import('./fuzz.test.js')
