// The tests that try every fifth byte in npm test, with every one.
process.env.EVERY_BYTE = '1'
for (const name of ['archive', 'container', 'find', 'rans']) await import(`./${name}.test.js`)
