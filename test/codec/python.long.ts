/** The Python decoder through all frames of the golden streams. */
process.env.PYTHON_WHOLE ??= '1'
await import('./python.test.js')
