// Runs a file with a Node.js that runs TypeScript directly (22.18 or newer), and with partywall's sources instead of its build.
// The repository installs that Node.js as the devDependency `node`; its binary comes from an install script, which some npm
// configurations skip silently. Plain JavaScript, because the Node.js that starts this file may be older.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')

/** Returns the path of a Node.js that is new enough, or undefined. */
export function findNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath
  const require = createRequire(join(root, 'package.json'))
  const platformPackage = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const file = process.platform === 'win32' ? 'node.exe' : 'node'
  const folders = ['node', platformPackage].flatMap((name) => [
    join(root, 'node_modules', name),
    join(root, 'node_modules', 'node', 'node_modules', name),
  ])
  try {
    folders.unshift(dirname(require.resolve('node/package.json')))
  } catch {
    // not installed: the message of runNode says what to do
  }
  return folders.map((folder) => join(folder, 'bin', file)).find((path) => existsSync(path))
}

/** Runs Node.js with these arguments and exits with its exit code. Signals go to the child, which decides when to end. */
export function runNode(args) {
  const node = findNode()
  if (node === undefined) {
    console.error(
      `partywall needs Node.js 22.18 or newer; this is ${process.version}, and the copy that npm should have installed is not there.\n` +
        'Run:  npm ci  (or, if npm refuses install scripts:  npm rebuild node)',
    )
    process.exit(1)
  }
  const child = spawn(node, ['--conditions=@partywall/source', ...args], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  // A signal to npm may end only npm and its shell, without reaching us: when our parent process is gone, we stop the child.
  const parent = process.ppid
  setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 250).unref()
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
}

if (resolve(process.argv[1]) === fileURLToPath(import.meta.url)) runNode(process.argv.slice(2))
