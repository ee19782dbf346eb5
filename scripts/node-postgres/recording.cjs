// Writes what becomes of each test, one line of JSON each, at once: a test may end its process.
const { appendFileSync } = require('node:fs')

exports.record = (state, title, error) => {
  const message = error === undefined ? undefined : String(error?.stack ?? error)
  appendFileSync(process.env.NODE_POSTGRES_RECORD, `${JSON.stringify({ state, title, message })}\n`)
}
