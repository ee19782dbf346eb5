// Mocha's reporter for the suites of pg-pool, pg-cursor and pg-query-stream.
const { record } = require('./recording.cjs')

// Mocha calls it with `new`.
module.exports = function Reporter(runner) {
  runner.on('test', (test) => record('started', test.fullTitle()))
  runner.on('pass', (test) => record('passed', test.fullTitle()))
  runner.on('fail', (test, error) => record('failed', test.fullTitle(), error))
  runner.on('pending', (test) => record('skipped', test.fullTitle()))
}
