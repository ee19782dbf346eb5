// A client that connects by taking a connection from the tested pool, so that suites written for pg.Client test what a pool lends.
// With pg's own pool it shows which tests cannot pass on any client of a pool.
import pg from 'pg'
import { Pool } from './subject-pool.js'

/** Read from the lent client as soon as there is one. */
const state = [
  'connection',
  'processID',
  'secretKey',
  'readyForQuery',
  'activeQuery',
  'queryQueue',
  '_activeQuery',
  '_queryQueue',
]

export class PooledClient extends pg.Client {
  #config
  #lent
  #connecting
  #isEnding = false
  /** Calls of `query` before there is a connection; pg.Client queues them, too. */
  #waiting = []
  #forwarded = new Set()

  constructor(config) {
    super(config)
    this.#config = typeof config === 'string' ? { connectionString: config } : config
    for (const name of state) {
      const own = this[name]
      Object.defineProperty(this, name, { get: () => (this.#lent === undefined ? own : this.#lent[name]), set() {} })
    }
  }

  connect(callback) {
    if (this.#connecting === undefined) this.#connecting = this.#take()
    else if (this.#lent !== undefined) return this.#lent.connect(callback)
    if (callback === undefined) return this.#connecting
    this.#connecting.then(
      () => process.nextTick(callback, null, this),
      (error) => process.nextTick(callback, error),
    )
  }

  async #take() {
    const pool = new Pool({ ...this.#config, max: 1 })
    try {
      this.#lent = await pool.connect()
    } catch (error) {
      for (const { fail } of this.#waiting.splice(0)) fail(error)
      throw error
    }
    for (const name of this.eventNames()) this.#forward(name)
    for (const { send } of this.#waiting.splice(0)) send()
    if (!this.#isEnding) this.emit('connect')
    return this
  }

  query(config, values, callback) {
    if (this.#lent !== undefined) return this.#lent.query(config, values, callback)
    const done = [values, callback, config?.callback].find((value) => typeof value === 'function')
    const isQuery = typeof config?.submit === 'function'
    if (isQuery || done !== undefined) {
      const fail = (error) => (isQuery ? config.handleError(error, this.connection) : done(error))
      this.#waiting.push({ send: () => this.#lent.query(config, values, callback), fail })
      return isQuery ? config : undefined
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ send: () => this.#lent.query(config, values).then(resolve, reject), fail: reject })
    })
  }

  end(callback) {
    this.#isEnding = true
    const ended = (this.#connecting ?? Promise.resolve()).catch(() => {}).then(() => this.#lent?.end())
    if (callback === undefined) return ended
    ended.then(() => process.nextTick(callback), callback)
  }

  on(name, listener) {
    super.on(name, listener)
    this.#forward(name)
    return this
  }

  once(name, listener) {
    super.once(name, listener)
    this.#forward(name)
    return this
  }

  setTypeParser(...args) {
    return this.#lent === undefined ? super.setTypeParser(...args) : this.#lent.setTypeParser(...args)
  }

  getTypeParser(...args) {
    return this.#lent === undefined ? super.getTypeParser(...args) : this.#lent.getTypeParser(...args)
  }

  getTransactionStatus() {
    return this.#lent === undefined ? super.getTransactionStatus() : this.#lent.getTransactionStatus()
  }

  ref() {
    this.#lent?.ref()
  }

  unref() {
    this.#lent?.unref()
  }

  #forward(name) {
    if (this.#lent === undefined || this.#forwarded.has(name)) return
    this.#forwarded.add(name)
    this.#lent.on(name, (...args) => this.emit(name, ...args))
  }
}
