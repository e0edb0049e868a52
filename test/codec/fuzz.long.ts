/** The long fuzz: FUZZ_RUNS random files, where npm test has 500. */
process.env.FUZZ_RUNS ??= '100000'
await import('./fuzz.test.js')
