// A PostgreSQL server for a check: the embedded one of this repository's sources, with data of its own.
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { findNode } from './node.js'

const root = resolve(import.meta.dirname, '..')

/**
 * @param {string} directory of its data; the caller deletes it
 * @returns {Promise<{ url: string, stop(): Promise<void> }>}
 */
export async function startDatabase(directory) {
  const program = `
    import { acquireEmbedded } from 'partywall/embedded'
    const { url, release } = await acquireEmbedded({ directory: ${JSON.stringify(directory)}, settings: { fsync: 'off' } })
    console.log(url)
    process.stdin.on('end', () => release()).resume()`
  const args = ['--conditions=@partywall/source', '--input-type=module', '--eval', program]
  const child = spawn(findNode(), args, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] })
  const url = await new Promise((done, fail) => {
    child.stdout.once('data', (line) => done(String(line).trim()))
    child.once('exit', (code) => fail(new Error(`the embedded PostgreSQL ended with ${code}`)))
  })
  return {
    url,
    async stop() {
      const ended = new Promise((done) => child.once('exit', done))
      child.stdin.end()
      await ended
    },
  }
}
