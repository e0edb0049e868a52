/** The long fuzz: FUZZ_RUNS random files (30,000 where nothing is said), where npm test has 500, and every bit where that has every thirteenth. */
process.env.FUZZ_RUNS ??= '30000'
await import('./fuzz.test.js')
