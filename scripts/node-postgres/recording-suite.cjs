// Takes the place of the class by which pg's integration files run their tests one after the other. It records each test, and goes on
// after one that failed, where the original ends the process.
const { record } = require('./recording.cjs')

const timeoutMs = 10_000
let failRunning

// After an uncaught error, node-postgres' helper ends the process. During a test it ends that test.
const exit = process.exit
process.exit = (code) => (failRunning === undefined ? exit(code) : failRunning(new Error('an uncaught error')))
process.on('uncaughtException', (error) => failRunning?.(error))

module.exports = class Suite {
  #last = Promise.resolve()

  test(title, action) {
    const only = process.env.NODE_POSTGRES_ONLY
    if (only === undefined || only === title) this.#last = this.#last.then(() => run(title, action))
  }
}

async function run(title, action) {
  if (action === undefined) return record('skipped', title)
  record('started', title)
  let timer
  const late = new Promise((_, fail) => {
    failRunning = fail
    timer = setTimeout(() => fail(new Error(`no end within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    await Promise.race([late, outcome(action)])
    record('passed', title)
  } catch (error) {
    record('failed', title, error)
  } finally {
    failRunning = undefined
    clearTimeout(timer)
  }
}

function outcome(action) {
  if (action.length === 0) return Promise.resolve().then(action)
  return new Promise((resolve, reject) => {
    action((error) => (error ? reject(error) : resolve()))
  })
}
