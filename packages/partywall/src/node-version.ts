/**
 * Refuses a Node.js that is too old. Each entry of the package imports this module first, because what an old Node.js lacks fails later,
 * with a message about something else. The modules of an entry are linked before the first one runs: a name that an old Node.js does not
 * export must be read from the namespace of its module (`import * as nodeModule from 'node:module'`).
 */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < 22 || (major === 22 && minor < 18)) {
  throw new Error(`partywall needs Node.js 22.18 or newer; this is ${process.version}.`)
}
